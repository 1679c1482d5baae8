// The text after DATA (RFC 5321 §4.5.2): dot-stuffing both ways, and finding
// its end. Only CRLF ends a line and only CRLF.CRLF ends the message; anything
// more lenient lets one message be smuggled inside another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pabal::proto::smtp {

class DataReader {
 public:
  // A message longer than size_max octets is read to its end but not kept.
  explicit DataReader(uint64_t size_max) : size_max_(size_max) {}

  struct Progress {
    size_t consumed = 0;  // octets of `bytes`; fewer than all only when done
    bool done = false;    // CRLF.CRLF was seen and consumed
  };
  // Appends the un-stuffed message text to `message`. The CRLF before the
  // final dot belongs to the message. Nothing is appended any more once
  // too_big(): the message will be refused, so what has been appended so far can
  // be dropped.
  Progress feed(std::string_view bytes, std::string& message);

  // Octets of the message text so far, kept or not; all CRLFs counted.
  uint64_t size_octets() const { return size_; }
  bool too_big() const { return size_ > size_max_; }
  // A CR without LF or an LF without CR was seen (RFC 5321 §2.3.8).
  bool has_bare_line_end() const { return bare_; }

 private:
  enum class State : uint8_t { line_start, dot, dot_cr, text, cr, done };

  bool skip_plain(std::string_view block);
  size_t feed_text(std::string_view bytes, std::string& message);
  void emit(std::string_view text, std::string& message);

  uint64_t size_max_;
  uint64_t size_ = 0;
  bool bare_ = false;
  State state_ = State::line_start;
};

// The message as it goes over the wire after DATA: dots doubled at line
// starts, a final CRLF added when it has none, then ".\r\n". The message must
// have only CRLF line ends.
std::string dot_stuff(std::string_view message);

// True when every CR is followed by LF and every LF preceded by CR.
bool has_only_crlf(std::string_view message);

// A message whose end has been found, with every line end made CRLF: an LF alone, a
// CR alone, and "CR CR LF" with any number of CRs. For clients that may send in our
// name: what they meant as one message stays one. A line behind such an end that
// begins with two dots was stuffed by a client that counts it as a line: one goes.
std::string with_crlf_line_ends(std::string_view message, bool stuffed);

}  // namespace pabal::proto::smtp
