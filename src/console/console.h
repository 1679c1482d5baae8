// What the commands have in common: where they read and write, how they fail,
// how they ask for passwords, and how they print tables and JSON.
#pragma once

#include <initializer_list>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace pabal {

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool interactive = false;  // `in` is a terminal with somebody at it
  // Where octets go that no terminal may fold: JSON, mails as they are. `out` if not set.
  std::ostream* unfolded = nullptr;

  std::ostream& raw() const { return unfolded != nullptr ? *unfolded : out; }
};

// The command cannot be done; what() says why, and what to do next. Caught in
// run_cli, which prints it and returns `status`.
class CommandError : public std::runtime_error {
 public:
  explicit CommandError(const std::string& what, int status = 1)
      : std::runtime_error(what), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// The first line of `file` ("-": of standard input); without a file, asked for
// without echo, or read from a standard input that is no terminal. Never empty.
// Passwords are never taken from the command line, where `ps` shows them.
std::string obtain_password(Console& console, const std::string& file);

// A password that is to be set, obtained alike; at a terminal asked for again, with
// the reason, when it is empty, too short, or not the same twice. may_be_short: one
// that comes from a file or pipe is only warned of.
constexpr size_t kPasswordCharactersMin = 8;  // NIST SP 800-63B §5.1.1.2
std::string choose_password(Console& console, const std::string& file, bool may_be_short,
                            bool may_be_empty = false);

// A question with a default; the default when nobody is there to answer.
std::string ask(Console& console, const std::string& question, const std::string& fallback);

// True for "y" and "yes"; false when nobody is there to answer.
bool confirm(Console& console, const std::string& question);

// Rows below their headings, columns aligned; nothing for no rows. Where they are
// wider than the terminal, the last column goes on below itself, or each row
// becomes a block of lines.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
  void row(std::vector<std::string> cells);  // made fit for a terminal (terminal_line)
  std::string text() const;
  std::string text(size_t terminal_width) const;

 private:
  std::string blocks() const;

  std::vector<std::vector<std::string>> rows_;
};

// JSON by its pieces; the values are JSON already.
std::string json_string(std::string_view text);
std::string json_object(const std::vector<std::pair<std::string_view, std::string>>& members);
std::string json_array(const std::vector<std::string>& elements);

// "3m 20s", "2h 5m", "12 ms": at most two units, for people.
std::string human_duration(Duration d);
// "20.0 KiB".
std::string human_size(uint64_t octets);

}  // namespace pabal
