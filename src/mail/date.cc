#include "mail/date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "base/bytes.h"
#include "base/digits.h"

namespace pabal::mail {
namespace {

constexpr size_t date_octets_max = 1'000;
constexpr std::string_view months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Zone {
  std::string_view name;
  int hours;
};
// RFC 5322 §4.3; KST and JST are no part of it, but mean one thing only.
constexpr Zone zones[] = {{"ut", 0},   {"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5},
                          {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6},
                          {"pst", -8}, {"pdt", -7}, {"kst", 9},  {"jst", 9}};

// Commas and comments become spaces, and those around a colon go away (the example
// of RFC 5322 Appendix A.6.3 has them), so that only words are left.
std::string without_comments(std::string_view text) {
  std::string out;
  int depth = 0;
  for (size_t i = 0; i < text.size() && i < date_octets_max; ++i) {
    char c = text[i];
    if (c == '\\' && depth > 0) {
      ++i;
    } else if (c == '(') {
      ++depth;
      out += ' ';
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0) {
      bool blank = c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (blank && out.ends_with(':')) continue;
      while (c == ':' && out.ends_with(' ')) out.pop_back();
      out += blank ? ' ' : c;
    }
  }
  return out;
}

struct Parts {
  int day = -1, month = -1, year = -1;
  int hour = -1, minute = 0, second = 0;
  std::optional<int> offset;
};

// "+0900", "+09:00", "+9"; nullopt if it is none.
std::optional<int> numeric_zone(std::string_view word) {
  if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) return std::nullopt;
  std::string digits;
  for (char c : word.substr(1)) {
    if (is_digit(c)) {
      digits += c;
    } else if (c != ':') {
      return std::nullopt;
    }
  }
  if (digits.empty() || digits.size() > 4) return std::nullopt;
  int number = std::atoi(digits.c_str());
  int minutes = digits.size() <= 2 ? number * 60 : number / 100 * 60 + number % 100;
  if (minutes >= 24 * 60 || (digits.size() > 2 && number % 100 > 59)) return 0;
  return word[0] == '-' ? -minutes : minutes;
}

std::optional<int> zone_offset(std::string_view word) {
  if (auto numeric = numeric_zone(word)) return numeric;
  size_t letters = 0;
  while (letters < word.size() && is_alpha(word[letters])) ++letters;
  if (letters == 0) return std::nullopt;
  if (letters < word.size()) return numeric_zone(word.substr(letters));  // "GMT+0900"
  for (const Zone& zone : zones) {
    if (iequals(zone.name, word)) return zone.hours * 60;
  }
  return 0;  // military and unknown zones: RFC 5322 §4.3
}

bool read_clock(std::string_view word, Parts& parts) {
  int values[3] = {-1, -1, 0};
  size_t field = 0;
  for (std::string_view piece : split(word, ':')) {
    piece = piece.substr(0, piece.find('.'));  // fractions of a second
    auto number = parse_uint(piece);
    if (field >= 3 || piece.size() > 2 || !number) return false;
    values[field++] = static_cast<int>(*number);
  }
  if (field < 2 || values[0] > 23 || values[1] > 59 || values[2] > 60) return false;
  parts.hour = values[0];
  parts.minute = values[1];
  parts.second = values[2];
  return true;
}

int full_year(uint64_t number, size_t digits) {
  if (digits >= 4) return static_cast<int>(number);
  if (digits == 3 || number >= 50) return static_cast<int>(number) + 1900;  // RFC 5322 §4.3
  return static_cast<int>(number) + 2000;
}

void take(std::string_view word, Parts& parts) {
  if (parts.hour < 0 && word.find(':') != std::string_view::npos && read_clock(word, parts)) return;
  if (auto number = parse_uint(word)) {
    if (word.size() > 4) return;
    if (parts.day < 0 && word.size() <= 2) {
      parts.day = static_cast<int>(*number);
    } else if (parts.year < 0) {
      parts.year = full_year(*number, word.size());
    }
    return;
  }
  if (parts.month < 0 && word.size() >= 3 && is_alpha(word[0])) {
    for (size_t i = 0; i < 12; ++i) {
      if (istarts_with(word, months[i])) {
        parts.month = static_cast<int>(i) + 1;
        return;
      }
    }
  }
  if (parts.hour >= 0 && !parts.offset) parts.offset = zone_offset(word);
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
  Parts parts;
  std::string words = without_comments(text);
  for (std::string_view word : split(words, ' ')) {
    if (word.empty()) continue;
    bool dashed = is_digit(word[0]) && word.find('-') != std::string_view::npos && parts.month < 0;
    if (!dashed) {
      take(word, parts);
      continue;
    }
    for (std::string_view piece : split(word, '-')) take(piece, parts);  // "21-Nov-2026"
  }
  using namespace std::chrono;
  if (parts.day < 0 || parts.month < 0 || parts.year < 0) return std::nullopt;
  year_month_day date{year(parts.year), month(static_cast<unsigned>(parts.month)),
                      day(static_cast<unsigned>(parts.day))};
  if (!date.ok()) return std::nullopt;
  int offset = parts.offset.value_or(0);
  milliseconds since = sys_days(date).time_since_epoch();
  since += hours(std::max(parts.hour, 0)) + minutes(parts.minute - offset) + seconds(parts.second);
  return Date{Time{since.count()}, offset};
}

std::string format_date(Time time, int offset_minutes) {
  using namespace std::chrono;
  sys_time<milliseconds> local{milliseconds(time.ms) + minutes(offset_minutes)};
  sys_days midnight = floor<days>(local);
  year_month_day date{midnight};
  hh_mm_ss clock{floor<seconds>(local - midnight)};
  const int offset = std::abs(offset_minutes);
  std::string out(weekdays[weekday(midnight).c_encoding()]);
  append_digits(out.append(", "), {{static_cast<unsigned>(date.day()), 2, ' '}});
  out += months[static_cast<unsigned>(date.month()) - 1];
  out[out.size() - 3] = to_upper(out[out.size() - 3]);
  append_digits(out += ' ', {{static_cast<int>(date.year()), 4, ' '},
                             {clock.hours().count(), 2, ':'},
                             {clock.minutes().count(), 2, ':'},
                             {clock.seconds().count(), 2, ' '}});
  append_digits(out += offset_minutes < 0 ? '-' : '+', {{offset / 60 % 100, 2}, {offset % 60, 2}});
  return out;
}

}  // namespace pabal::mail
