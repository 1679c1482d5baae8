// Deflate over another stream (RFC 4978), itself a stream.
#pragma once

#include <memory>
#include <string>

#include "io/stream.h"

namespace pabal::serve::imap {

class DeflateStream final : public io::Stream {
 public:
  explicit DeflateStream(std::unique_ptr<io::Stream> below);
  ~DeflateStream() override;

  // Both throw IoError: what the stream below throws, or that the peer's octets
  // are no deflate stream.
  io::TryResult try_read(std::span<char> into) override;
  // Compresses all of `bytes` at once, and says so when it has all gone out: until
  // then the last octet is still owed, so that the caller comes again.
  io::TryResult try_write(std::string_view bytes) override;
  io::Interest read_interest() const override { return below_->read_interest(); }
  io::Interest write_interest() const override { return below_->write_interest(); }
  void finish() override { below_->finish(); }
  io::Endpoint local() const override { return below_->local(); }
  io::Endpoint peer() const override { return below_->peer(); }

 private:
  void arm(io::Interest interest) override;
  void disarm() override { disarm_below(*below_); }
  bool drain();  // true: nothing is left to be written
  void compress(std::string_view bytes);

  struct Codec;  // zlib's state
  std::unique_ptr<io::Stream> below_;
  std::unique_ptr<Codec> codec_;
  std::string arrived_;  // compressed, not inflated yet
  std::string leaving_;  // compressed, not written yet
  bool owes_octet_ = false;
  bool more_ = false;  // the last read filled what it was given: there may be more
};

}  // namespace pabal::serve::imap
