// Receiver: is fed bytes and cuts them into commands. It never reads, and never
// holds more than its limits: a literal that is too long is refused before its
// octets come (or, if the client does not wait, read past without being kept).
// RFC 9051 §4.3, RFC 7888.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pabal::proto::imap {

struct ReceiverLimits {
  size_t line_octets_max = 64 * 1024;     // of a command without its literals
  size_t literal_octets_max = 64 * 1024;  // one literal of any command but APPEND and REPLACE
  size_t append_octets_max = 0;           // one literal of these; 0: as the others (before login)
  size_t command_octets_max =
      128 * 1024;  // all of one command, literals included; APPEND: of what is beside them
  size_t append_command_octets_max = 0;     // all literals of one APPEND (MULTIAPPEND, CATENATE)
  size_t non_synchronizing_max = SIZE_MAX;  // LITERAL-: 4096 (RFC 7888 §5); longer ones are refused
};

// Before login no more than 64 KiB are ever held: LITERAL-, and room for an ID of 30 pairs
// with values of 1,024 octets (RFC 2971 §3.3).
inline constexpr ReceiverLimits kLimitsBeforeLogin{.line_octets_max = 40 * 1024,
                                                   .literal_octets_max = 4 * 1024,
                                                   .command_octets_max = 48 * 1024,
                                                   .non_synchronizing_max = 4 * 1024};

// A refused command is read past without being kept. More than this of it: broken.
inline constexpr size_t kSkippedOctetsMax = 64 * 1024 * 1024;

class Receiver {
 public:
  explicit Receiver(ReceiverLimits limits) : limits_(limits) {}

  // After login, COMPRESS …
  void set_limits(ReceiverLimits limits) { limits_ = limits; }

  struct Result {
    enum Kind {
      more,          // everything was taken, the command is not complete
      continuation,  // send "+ ", then feed on: the client waits
      command,       // command() is complete
      refused,       // error_… say why; the receiver is ready for the next command
      broken,        // as refused, but what follows cannot be told apart: close
    } kind = more;
    size_t taken = 0;  // octets of the input that are done with
  };
  // Takes as much of `bytes` as belongs to the command at hand.
  Result feed(std::string_view bytes);

  // The command without its last CRLF, literals in place.
  std::string_view command() const { return text_; }
  // The same as its own, which leaves the receiver ready for the next.
  std::string take_command();
  // For refused and broken: the command's tag ("" if it has none that can be read).
  std::string_view tag() const { return tag_; }
  std::string_view error_code() const { return error_code_; }  // "TOOBIG", or ""
  std::string_view error_text() const { return error_text_; }
  bool error_no() const { return error_no_; }  // NO rather than BAD

  // Ready for the next; gives back what a large command took. feed() and feed_line()
  // do this themselves after a result other than more and continuation.
  void next();
  bool empty() const { return text_.empty(); }
  size_t octets_held() const { return text_.capacity(); }

  // Nothing, or one line of an exchange (SASL response, DONE) instead of a command.
  // As feed(): kind command means that command() is the line. More than `max`: broken.
  Result feed_line(std::string_view bytes, size_t max);

 private:
  // What stands at the end of a line: "{310}", "{310+}", "~{310}".
  struct Marker {
    // too_long: more digits than a number has. malformed: "{}", "{x+}".
    enum Kind : unsigned char { none, literal, too_long, malformed } kind = none;
    bool synchronizing = true;
    uint64_t octets = 0;
    size_t at = 0;  // where it begins in the line
  };
  static Marker find_marker(std::string_view line);

  void take_line_octets(std::string_view octets);
  Result::Kind end_line();
  Result::Kind begin_literal(const Marker& marker);
  Result::Kind end_skipped_line(const Marker& marker);
  bool is_message_literal(const Marker& marker);
  bool fits(const Marker& marker, bool message);
  void refuse(std::string text, std::string_view code = "");
  Result finish(Result::Kind kind, size_t taken);
  void make_room(size_t octets);

  ReceiverLimits limits_;
  std::string text_;
  std::string tag_, error_code_, error_text_;
  bool error_no_ = false;

  bool finished_ = false;       // a command or an error was given out
  bool literals_ = false;       // the command has one already
  bool takes_message_ = false;  // … and it is APPEND or REPLACE
  bool refusing_ = false;       // what is fed is read past; text_ has the end of its line
  size_t line_begin_ = 0;       // in text_, of the line at hand
  size_t beside_ = 0;           // octets of the command but for message literals
  size_t line_octets_ = 0;      // … and but for all literals
  size_t literal_left_ = 0;
  size_t message_octets_ = 0;  // of the message literals so far
  size_t skipped_ = 0;
};

}  // namespace pabal::proto::imap
