#include "io/connection.h"

#include <array>
#include <cstring>

namespace pabal::io {

namespace {
constexpr size_t kReadOctets = 64 * 1024;
}  // namespace

Connection::Fill Connection::fill() {
  // Read on the stack first: a waiting connection owns no read buffer.
  std::array<char, kReadOctets> arrived;
  TryResult result = stream_->try_read(arrived);
  if (result.kind == TryResult::would_block) return Fill::nothing;
  if (result.kind == TryResult::eof) return Fill::eof;
  if (in_at_ > 0) {
    in_.erase(0, in_at_);
    in_at_ = 0;
  }
  in_.append(arrived.data(), result.octets);
  return Fill::some;
}

void Connection::consume(size_t octets) {
  verify(octets <= in_.size() - in_at_, "only what is buffered is consumed");
  in_at_ += octets;
  if (in_at_ == in_.size()) {
    in_at_ = 0;
    if (in_.capacity() > 512) {
      std::string().swap(in_);
    } else {
      in_.clear();
    }
  }
}

std::optional<std::string_view> Connection::line() const {
  std::string_view have = buffered();
  const void* lf = memchr(have.data(), '\n', have.size());
  if (lf == nullptr) return std::nullopt;
  return have.substr(0, static_cast<size_t>(static_cast<const char*>(lf) - have.data()) + 1);
}

rt::Task<void> Connection::flush(Instant deadline) {
  if (out_.empty()) co_return;
  std::string sending;
  sending.swap(out_);
  TryResult first = stream_->try_write(sending);
  size_t sent = first.kind == TryResult::done ? first.octets : 0;
  if (sent < sending.size()) co_await write_all(*stream_, std::string_view(sending).substr(sent), deadline);
}

rt::Task<std::string> Connection::read_line(size_t max, Instant deadline) {
  for (;;) {
    if (auto found = line()) {
      if (found->size() > max)
        throw IoError(IoFault::other, stream_->peer().to_string() + " sent a line that is too long");
      std::string copy(*found);
      consume(copy.size());
      co_return copy;
    }
    if (buffered().size() >= max)
      throw IoError(IoFault::other, stream_->peer().to_string() + " sent a line that is too long");
    switch (fill()) {
      case Fill::some:
        break;
      case Fill::eof:
        throw IoError(IoFault::closed, stream_->peer().to_string() + " closed the connection");
      case Fill::nothing:
        co_await wait_readable(*stream_, deadline);
        break;
    }
  }
}

}  // namespace pabal::io
