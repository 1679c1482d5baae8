#include "serve/imap/deflate_stream.h"

#include <algorithm>
#include <array>
#include <zlib.h>

namespace pabal::serve::imap {

namespace {

// Of ours: 64 KiB a session instead of the 256 KiB of zlib's defaults, for a few
// per cent of the ratio.
constexpr int kLevel = 6, kWindowBits = 13, kMemoryLevel = 6;
constexpr int kPeerWindowBits = 15;  // RFC 4978 §4: the peer may use all of it
constexpr size_t kPieceOctets = 16 * 1024;

}  // namespace

struct DeflateStream::Codec {
  z_stream in{}, out{};

  Codec() {
    verify(inflateInit2(&in, -kPeerWindowBits) == Z_OK, "zlib starts");
    int started = deflateInit2(&out, kLevel, Z_DEFLATED, -kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY);
    verify(started == Z_OK, "zlib starts");
  }
  ~Codec() {
    inflateEnd(&in);
    deflateEnd(&out);
  }
};

DeflateStream::DeflateStream(std::unique_ptr<io::Stream> below)
    : below_(std::move(below)), codec_(std::make_unique<Codec>()) {}

DeflateStream::~DeflateStream() = default;

io::TryResult DeflateStream::try_read(std::span<char> into) {
  z_stream& z = codec_->in;
  for (;;) {
    z.next_in = reinterpret_cast<Bytef*>(arrived_.data());
    z.avail_in = static_cast<uInt>(arrived_.size());
    z.next_out = reinterpret_cast<Bytef*>(into.data());
    z.avail_out = static_cast<uInt>(into.size());
    int result = inflate(&z, Z_SYNC_FLUSH);
    arrived_.erase(0, arrived_.size() - z.avail_in);
    size_t octets = into.size() - z.avail_out;
    more_ = z.avail_out == 0;
    if (octets > 0) return {io::TryResult::done, octets};
    if (result == Z_STREAM_END) return {io::TryResult::eof};
    if (result != Z_OK && result != Z_BUF_ERROR)
      throw io::IoError(io::IoFault::other, peer().to_string() + " sent what is no deflate stream");
    std::array<char, kPieceOctets> piece;
    io::TryResult read = below_->try_read(piece);
    if (read.kind != io::TryResult::done) return read;
    arrived_.append(piece.data(), read.octets);
  }
}

io::TryResult DeflateStream::try_write(std::string_view bytes) {
  if (!owes_octet_) compress(bytes);
  size_t done = owes_octet_ ? 1 : bytes.size();
  if (drain()) {
    owes_octet_ = false;
    return {io::TryResult::done, done};
  }
  owes_octet_ = true;
  if (done == 1) return {io::TryResult::would_block};
  return {io::TryResult::done, done - 1};
}

void DeflateStream::compress(std::string_view bytes) {
  z_stream& z = codec_->out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  do {
    std::array<char, kPieceOctets> piece;
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = piece.size();
    deflate(&z, Z_SYNC_FLUSH);
    leaving_.append(piece.data(), piece.size() - z.avail_out);
  } while (z.avail_out == 0);
}

bool DeflateStream::drain() {
  size_t gone = 0;
  while (gone < leaving_.size()) {
    io::TryResult sent = below_->try_write(std::string_view(leaving_).substr(gone));
    if (sent.kind != io::TryResult::done) break;
    gone += sent.octets;
  }
  leaving_.erase(0, gone);
  if (leaving_.empty()) std::string().swap(leaving_);
  return leaving_.empty();
}

void DeflateStream::arm(io::Interest interest) {
  if (interest == io::Interest::read && (more_ || !arrived_.empty())) {
    signal();
  } else {
    arm_below(*below_, interest);
  }
}

}  // namespace pabal::serve::imap
