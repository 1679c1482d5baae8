#include "console/console.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "console/terminal.h"

namespace pabal {

namespace {

constexpr size_t kPasswordOctetsMax = 1024;

// Takes the echo from the terminal while it lives.
class NoEcho {
 public:
  NoEcho() : changed_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  NoEcho(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool changed_;
};

std::string first_line(std::istream& in) {
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
  return line;
}

constexpr int kTriesMax = 3;  // at the terminal

std::string ask_password(Console& console, const char* question) {
  NoEcho quiet;
  console.out << question << ": " << std::flush;
  std::string password = first_line(console.in);
  console.out << '\n';
  return password;
}

// Why it is no password at all; "" if it may be one.
std::string password_fault(const std::string& password) {
  if (password.size() <= kPasswordOctetsMax && is_utf8(password) && password.find('\0') == std::string::npos)
    return {};
  return "a password is UTF-8 text of at most " + std::to_string(kPasswordOctetsMax) + " octets.";
}

bool is_short(const std::string& password) {
  auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return std::ranges::count_if(password, begins) < static_cast<ptrdiff_t>(kPasswordCharactersMin);
}

std::string too_short() {
  return "the password is too short: it needs " + std::to_string(kPasswordCharactersMin) +
         " characters or more.";
}

std::string choose_at_terminal(Console& console, bool may_be_empty) {
  std::string why;
  for (int i = 0; i < kTriesMax; ++i) {
    std::string password = ask_password(console, "Password");
    if (password.empty() && may_be_empty) return password;
    why = password.empty() ? "the password is empty." : password_fault(password);
    if (why.empty() && is_short(password)) why = too_short();
    if (why.empty() && ask_password(console, "Once more") != password) why = "the two passwords differ.";
    if (why.empty()) return password;
    if (!console.in) break;
    console.err << "pabal: " << why << '\n';
  }
  throw CommandError(why + " Nothing was changed.");
}

std::string read_password(Console& console, const std::string& file) {
  if (file.empty() || file == "-") return first_line(console.in);
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw CommandError("the password file " + file +
                       " cannot be read; make one with mode 0600 and the password on its first line.");
  return first_line(in);
}

void require_password(const std::string& password) {
  if (password.empty())
    throw CommandError("the password is empty. Give one with --password-file FILE, or on standard input.");
  if (std::string why = password_fault(password); !why.empty()) throw CommandError(why);
}

}  // namespace

std::string obtain_password(Console& console, const std::string& file) {
  bool asks = console.interactive && file.empty();
  std::string password = asks ? ask_password(console, "Password") : read_password(console, file);
  require_password(password);
  return password;
}

std::string choose_password(Console& console, const std::string& file, bool may_be_short, bool may_be_empty) {
  if (console.interactive && file.empty()) return choose_at_terminal(console, may_be_empty);
  std::string password = read_password(console, file);
  if (password.empty() && may_be_empty) return password;
  require_password(password);
  if (!is_short(password)) return password;
  if (!may_be_short) throw CommandError(too_short() + " Nothing was changed.");
  console.err << "pabal: warning: " << too_short().substr(0, too_short().size() - 1)
              << " once others than this machine reach the server.\n";
  return password;
}

std::string ask(Console& console, const std::string& question, const std::string& fallback) {
  if (!console.interactive) return fallback;
  console.out << question << " [" << fallback << "]: " << std::flush;
  std::string answer(trim(first_line(console.in)));
  return answer.empty() ? fallback : answer;
}

bool confirm(Console& console, const std::string& question) {
  if (!console.interactive) return false;
  console.out << question << " [y/N]: " << std::flush;
  std::string answer = to_lower(trim(first_line(console.in)));
  return answer == "y" || answer == "yes";
}

void Table::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = terminal_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  return text(terminal_width(STDOUT_FILENO).value_or(SIZE_MAX));
}

std::string Table::text(size_t terminal_width) const {
  constexpr size_t kGap = 2, kLastMin = 24;
  if (rows_.size() == 1) return "";
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  size_t before_last = 0;
  for (size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  size_t last = widths.empty() ? 0 : widths.back();
  bool folded = before_last + last > terminal_width;
  if (folded && before_last + std::min(last, kLastMin) > terminal_width) return blocks();
  std::string out;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i + 1 < row.size()) {
        out += row[i];
        out.append(widths[i] - display_width(row[i]) + kGap, ' ');
      } else if (folded && row.size() == widths.size()) {
        out += fold_words(row[i], terminal_width - before_last, std::string(before_last, ' '));
      } else {
        out += row[i];
      }
    }
    out += '\n';
  }
  return out;
}

std::string Table::blocks() const {
  const std::vector<std::string>& headings = rows_.front();
  size_t width = 0;
  for (const std::string& heading : headings) width = std::max(width, display_width(heading));
  std::string out;
  for (size_t i = 1; i < rows_.size(); ++i) {
    for (size_t j = 0; j < rows_[i].size() && j < headings.size(); ++j) {
      if (rows_[i][j].empty()) continue;
      out += headings[j] + std::string(width - display_width(headings[j]) + 2, ' ') + rows_[i][j] + '\n';
    }
    out += '\n';
  }
  return out;
}

std::string json_string(std::string_view text) {
  return '"' + json_escape(text) + '"';
}

std::string json_object(const std::vector<std::pair<std::string_view, std::string>>& members) {
  std::vector<std::string> pieces;
  for (const auto& [name, value] : members) pieces.push_back(json_string(name) + ':' + value);
  return '{' + join(pieces, ",") + '}';
}

std::string json_array(const std::vector<std::string>& elements) {
  return '[' + join(elements, ",") + ']';
}

std::string human_duration(Duration d) {
  int64_t ms = std::max<int64_t>(0, d.count());
  if (ms < 1000) return std::to_string(ms) + " ms";
  int64_t s = ms / 1000;
  auto two = [](int64_t a, const char* unit_a, int64_t b, const char* unit_b) {
    std::string out = std::to_string(a) + unit_a;
    if (b != 0) out += ' ' + std::to_string(b) + unit_b;
    return out;
  };
  if (s < 60) return std::to_string(s) + 's';
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86400) return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86400, "d", s % 86400 / 3600, "h");
}

std::string human_size(uint64_t octets) {
  if (octets < 1024) return std::to_string(octets) + " octets";
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(octets) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit < 3; ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

}  // namespace pabal
