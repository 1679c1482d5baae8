// Connection: lines in, bytes out, over a Stream. Holds buffers only while
// there is something in them, so an idle session costs its frame and no more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/stream.h"

namespace pabal::io {

class Connection {
 public:
  explicit Connection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  Stream& stream() { return *stream_; }
  // For STARTTLS: gives the stream away and takes its successor. Input that is
  // still buffered was sent in the clear behind the command: the caller looks
  // at buffered() first (RFC 3207 §6).
  std::unique_ptr<Stream> release() { return std::move(stream_); }
  // Wakes whoever waits; nothing while the stream is away.
  void wake() {
    if (stream_) stream_->wake();
  }
  // Nothing more will be written; nothing while the stream is away.
  void finish() {
    if (stream_) stream_->finish();
  }
  void attach(std::unique_ptr<Stream> stream) { stream_ = std::move(stream); }

  // co_await readable(deadline), then fill(): reads what has arrived.
  Stream::Ready readable(Instant deadline) { return stream_->readable(deadline); }
  enum class Fill { some, nothing, eof };
  Fill fill();

  // What was read and not consumed.
  std::string_view buffered() const { return std::string_view(in_).substr(in_at_); }
  void consume(size_t octets);
  // The next line with its line ending, still buffered; nullopt if none is complete.
  std::optional<std::string_view> line() const;

  // Replies gather here and go out together.
  std::string& out() { return out_; }
  rt::Task<void> flush(Instant deadline);

  // Reads one whole line of at most `max` octets (with its LF). For clients.
  // Throws IoError: timeout, closed by the peer, or line too long.
  rt::Task<std::string> read_line(size_t max, Instant deadline);

 private:
  std::unique_ptr<Stream> stream_;
  std::string in_;
  size_t in_at_ = 0;
  std::string out_;
};

}  // namespace pabal::io
