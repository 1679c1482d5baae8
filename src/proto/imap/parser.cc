#include "proto/imap/parser.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/bytes.h"
#include "proto/imap/limits.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {

namespace {

constexpr size_t kMovedOctets = 64 * 1024;  // of a literal that is moved instead of copied
constexpr size_t kBehindMoved = 64;         // what may stand behind it

constexpr size_t kShownOctetsMax = 32;  // of the client's text in an error
constexpr size_t kErrorOctetsMax = 400;

// ATOM-CHAR
bool is_atom_char(char c) {
  static constexpr auto kTable = [] {
    std::array<bool, 256> table{};
    for (char each = '!'; each <= '~'; ++each)
      table[static_cast<unsigned char>(each)] =
          std::string_view("(){%*\"\\]").find(each) == std::string_view::npos;
    return table;
  }();
  return kTable[static_cast<unsigned char>(c)];
}

// ASTRING-CHAR
bool is_astring_char(char c) {
  return is_atom_char(c) || c == ']';
}

bool is_tag_char(char c) {
  return is_astring_char(c) && c != '+';
}

bool is_list_char(char c) {
  return is_astring_char(c) || c == '%' || c == '*';
}

bool is_set_char(char c) {
  return is_digit(c) || c == ':' || c == ',' || c == '*' || c == '$';
}

std::optional<unsigned> month_of(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i)
    if (iequals(name, kMonths[i])) return i + 1;
  return std::nullopt;
}

std::optional<unsigned> digits(std::string_view text) {
  auto value = text.size() <= 4 ? parse_uint(text) : std::nullopt;
  if (!value) return std::nullopt;
  return static_cast<unsigned>(*value);
}

// date-text: "1-Feb-1994"; the day may have a space or 0 before it.
std::optional<int32_t> parse_day(std::string_view text) {
  size_t dash = text.find('-');
  if (dash == 0 || dash > 2 || text.size() != dash + 9 || text[dash + 4] != '-') return std::nullopt;
  std::string_view day_text = text.substr(0, dash);
  if (day_text.size() == 2 && day_text[0] == ' ') day_text.remove_prefix(1);
  auto day = digits(day_text);
  auto month = month_of(text.substr(dash + 1, 3));
  auto year = digits(text.substr(dash + 5));
  return day && month && year ? days_of(*year, *month, *day) : std::nullopt;
}

// "17-Jul-1996 02:44:25 -0700", without its quotes.
std::optional<Time> parse_date_time(std::string_view text) {
  size_t space = text.find(' ', 1);  // the first may stand for a digit
  if (space == std::string_view::npos || text.size() != space + 15) return std::nullopt;
  std::string_view time = text.substr(space + 1, 8), zone = text.substr(space + 10);
  if (time[2] != ':' || time[5] != ':' || text[space + 9] != ' ') return std::nullopt;
  if (zone[0] != '+' && zone[0] != '-') return std::nullopt;
  auto days = parse_day(text.substr(0, space));
  auto hour = digits(time.substr(0, 2)), minute = digits(time.substr(3, 2)), second = digits(time.substr(6));
  auto zone_hours = digits(zone.substr(1, 2)), zone_minutes = digits(zone.substr(3));
  if (!days || !hour || !minute || !second || !zone_hours || !zone_minutes) return std::nullopt;
  // A leap second is 60 (RFC 5322 §3.3).
  if (*hour > 23 || *minute > 59 || *second > 60 || *zone_hours > 23 || *zone_minutes > 59)
    return std::nullopt;
  int64_t offset = int64_t{*zone_hours} * 3600 + *zone_minutes * 60;
  if (zone[0] == '-') offset = -offset;
  int64_t seconds = int64_t{*days} * 86'400 + *hour * 3600 + *minute * 60 + *second - offset;
  return Time{seconds * 1000};
}

std::string ascii(std::string_view text) {
  std::string safe(text.substr(0, kShownOctetsMax));
  std::ranges::replace_if(safe, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > kShownOctetsMax) safe += "...";
  return safe;
}

}  // namespace

std::optional<int32_t> days_of(unsigned year, unsigned month, unsigned day) {
  namespace ch = std::chrono;
  ch::year_month_day date{ch::year(static_cast<int>(year)), ch::month(month), ch::day(day)};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(ch::sys_days(date).time_since_epoch().count());
}

std::string_view leading_tag(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && length <= kTagOctetsMax && is_tag_char(text[length])) ++length;
  if (length > kTagOctetsMax || (length < text.size() && text[length] != ' ')) return {};
  return text.substr(0, length);
}

// --- errors

std::string Parser::found() const {
  std::string_view rest = text_.substr(at_);
  if (rest.find_first_not_of(' ') == std::string_view::npos) return "but the command ends there";
  return "got \"" + ascii(rest.substr(0, rest.find_first_of("\r\n"))) + "\"";
}

bool Parser::fail(std::string_view what) {
  return reject((name_.empty() ? "A command needs " : (uid_ ? "UID " : "") + name_ + " needs ") +
                std::string(what) + ", " + found());
}

bool Parser::reject(std::string_view text, std::string_view code, bool no) {
  if (!failed_)
    error_ = {
        .tag = "", .code = std::string(code), .text = std::string(text.substr(0, kErrorOctetsMax)), .no = no};
  failed_ = true;
  return false;
}

bool Parser::within(size_t count, size_t max, std::string_view things) {
  if (count <= max) return true;
  return reject(name_ + " takes at most " + std::to_string(max) + " " + std::string(things), "LIMIT", true);
}

// --- octets and words

void Parser::skip_spaces() {
  while (peek() == ' ') ++at_;
}

bool Parser::has_argument() const {
  size_t next = text_.find_first_not_of(' ', at_);
  return peek() == ' ' && next != std::string_view::npos && text_[next] != ')';
}

bool Parser::has_list(std::string_view first) const {
  size_t next = text_.find_first_not_of(' ', at_);
  return peek() == ' ' && next != std::string_view::npos && text_[next] == '(' &&
         istarts_with(text_.substr(next + 1), first);
}

bool Parser::skip(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Parser::skip_word(std::string_view word) {
  std::string_view rest = text_.substr(at_);
  if (!istarts_with(rest, word)) return false;
  if (rest.size() > word.size() && is_atom_char(rest[word.size()])) return false;
  at_ += word.size();
  return true;
}

bool Parser::space(std::string_view what) {
  if (peek() != ' ') return fail(what);
  skip_spaces();
  return true;
}

bool Parser::expect(char c, std::string_view what) {
  return skip(c) || fail(what);
}

bool Parser::end() {
  skip_spaces();
  return at_end() || reject(name_ + " takes nothing more, " + found());
}

std::string_view Parser::take_while(bool (*allowed)(char)) {
  size_t begin = at_;
  while (at_ < text_.size() && allowed(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

bool Parser::take_atom(std::string& out, std::string_view what) {
  out = take_while(is_atom_char);
  return !out.empty() || fail(what);
}

bool Parser::take_upper_atom(std::string& out, std::string_view what) {
  if (!take_atom(out, what)) return false;
  out = to_upper(out);
  return true;
}

std::string Parser::take_label() {
  return to_upper(take_while([](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; }));
}

bool Parser::take_tag(std::string& out) {
  out = leading_tag(text_.substr(at_));
  at_ += out.size();
  return !out.empty() || fail("a tag first: \"a1 NOOP\"");
}

// --- strings

bool Parser::take_quoted(std::string& out, std::string_view what) {
  if (!skip('"')) return fail(what);
  out.clear();
  while (true) {
    size_t special = text_.find_first_of(std::string_view("\"\\\r\n\0", 5), at_);
    if (special == std::string_view::npos) return reject(name_ + ": a quoted string has no closing quote");
    out.append(text_, at_, special - at_);
    at_ = special + 1;
    if (text_[special] == '"') return true;
    if (text_[special] != '\\')
      return reject(name_ + ": a quoted string holds no CR, LF and NUL; send it as a literal {n}");
    char escaped = peek();
    if (escaped != '"' && escaped != '\\')
      return reject(name_ + ": in a quoted string \\ stands before \" and \\ only");
    out += escaped;
    ++at_;
  }
}

bool Parser::take_literal(std::string& out, bool& literal8, std::string_view what) {
  size_t begin = at_;
  literal8 = skip('~');
  bool brace = skip('{');
  auto octets = parse_uint(take_while(is_digit));
  skip('+');
  if (!brace || !octets || !skip('}') || !skip('\r') || !skip('\n') || *octets > text_.size() - at_) {
    at_ = begin;
    return fail(what);
  }
  if (*octets >= kMovedOctets && text_.size() - at_ - *octets <= kBehindMoved) {
    move_literal(out, *octets);
  } else {
    out.assign(text_, at_, *octets);
    at_ += *octets;
  }
  return true;
}

// The last literal of a command, when it is large: it takes the command's own memory, so
// that a message is never held twice.
void Parser::move_literal(std::string& out, size_t octets) {
  std::string behind(text_.substr(at_ + octets));
  own_.resize(at_ + octets);
  own_.erase(0, at_);
  out = std::move(own_);
  own_ = std::move(behind);
  text_ = own_;
  at_ = 0;
}

bool Parser::take_string(std::string& out, std::string_view what) {
  if (peek() != '{') return take_quoted(out, what);
  bool literal8 = false;
  if (!take_literal(out, literal8, what)) return false;
  // CHAR8 has no NUL (RFC 9051 §9); what is not a message needs none.
  return out.find('\0') == std::string::npos || reject(name_ + ": a literal holds no NUL");
}

bool Parser::take_astring(std::string& out, std::string_view what) {
  if (peek() == '"' || peek() == '{') return take_string(out, what);
  out = take_while(is_astring_char);
  return !out.empty() || fail(what);
}

bool Parser::take_nstring(std::optional<std::string>& out, std::string_view what) {
  out.reset();
  if (skip_word("NIL")) return true;
  out.emplace();
  bool literal8 = false;
  return peek() == '~' ? take_literal(*out, literal8, what) : take_string(*out, what);
}

bool Parser::argument_astring(std::string& out, std::string_view what) {
  return space(what) && take_astring(out, what);
}

// --- numbers and dates

bool Parser::take_number64(uint64_t& out, std::string_view what) {
  size_t begin = at_;
  auto value = parse_uint(take_while(is_digit));
  if (!value || *value > INT64_MAX) {
    at_ = begin;
    return fail(what);
  }
  out = *value;
  return true;
}

bool Parser::take_number(uint32_t& out, std::string_view what) {
  size_t begin = at_;
  uint64_t value = 0;
  if (!take_number64(value, what)) return false;
  if (value > UINT32_MAX) {
    at_ = begin;
    return fail(what);
  }
  out = static_cast<uint32_t>(value);
  return true;
}

bool Parser::take_nz_number(uint32_t& out, std::string_view what) {
  size_t begin = at_;
  if (!take_number(out, what)) return false;
  if (out != 0) return true;
  at_ = begin;
  return fail(what);
}

bool Parser::take_sequence_set(SequenceSet& out, std::string_view what) {
  size_t begin = at_;
  auto set = parse_sequence_set(take_while(is_set_char));
  if (!set || (!at_end() && is_atom_char(peek()))) {
    at_ = begin;
    return fail(what);
  }
  out = *std::move(set);
  return true;
}

bool Parser::take_date(Day& out) {
  constexpr std::string_view kWhat = "a date like 1-Feb-1994";
  size_t begin = at_;
  std::string text;
  if (!take_astring(text, kWhat)) return false;
  auto days = parse_day(text);
  if (!days) {
    at_ = begin;
    return fail(kWhat);
  }
  out.days = *days;
  return true;
}

bool Parser::take_date_time(Time& out) {
  constexpr std::string_view kWhat = "a date and time like \"17-Jul-1996 02:44:25 -0700\"";
  size_t begin = at_;
  std::string text;
  if (!take_quoted(text, kWhat)) return false;
  auto time = parse_date_time(text);
  if (!time) {
    at_ = begin;
    return fail(kWhat);
  }
  out = *time;
  return true;
}

// --- flags and names

bool Parser::take_flag(std::string& out) {
  size_t begin = at_;
  bool system = skip('\\');
  std::string_view word = take_while(is_atom_char);
  if (word.empty()) {
    at_ = begin;
    return fail("flags like \\Seen or $Forwarded");
  }
  if (word.size() > kFlagOctetsMax)
    return reject(name_ + ": a flag has at most " + std::to_string(kFlagOctetsMax) + " octets", "LIMIT",
                  true);
  out = (system ? "\\" : "") + std::string(word);
  return true;
}

bool Parser::take_flag_list(std::vector<std::string>& out) {
  return take_list(kFlagsMax, "a list of flags like (\\Seen)", "flags",
                   [&] { return take_flag(out.emplace_back()); });
}

bool Parser::decode_mailbox(std::string& name) {
  if (iequals(name, "INBOX")) {
    name = "INBOX";
    return true;
  }
  if (options_.utf8)
    return is_utf8(name) || reject("The mailbox name is not well-formed UTF-8", "CANNOT", true);
  auto decoded = from_modified_utf7(name);
  if (!decoded)
    return reject(
        "The mailbox name is not modified UTF-7 (RFC 3501 section 5.1.3), as it must be before "
        "ENABLE UTF8=ACCEPT or IMAP4rev2",
        "CANNOT", true);
  name = *std::move(decoded);
  return true;
}

bool Parser::take_mailbox(std::string& out, std::string_view what) {
  return take_astring(out, what) && decode_mailbox(out);
}

bool Parser::argument_mailbox(std::string& out, std::string_view what) {
  return space(what) && take_mailbox(out, what);
}

bool Parser::take_pattern(std::string& out) {
  constexpr std::string_view kWhat = "a mailbox pattern like * or Archive/%";
  if (peek() == '"' || peek() == '{') return take_string(out, kWhat) && decode_mailbox(out);
  out = take_while(is_list_char);
  return !out.empty() ? decode_mailbox(out) : fail(kWhat);
}

}  // namespace pabal::proto::imap
