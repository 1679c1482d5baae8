#include "proto/imap/response.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/bytes.h"

namespace pabal::proto::imap {
namespace {

// Longer strings go as literals: clients may read lines into a buffer of fixed size.
constexpr size_t quoted_octets_max = 1'000;

// What an octet asks of the form its string takes (RFC 9051 §9).
enum : uint8_t {
  not_in_atom = 1,   // ASTRING-CHAR excludes it
  to_escape = 2,     // quoted-specials
  eight_bit = 4,     // QUOTED-CHAR has it only as part of UTF-8
  only_literal = 8,  // CR, LF, NUL
};

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (size_t c = 0; c < 256; ++c) {
    if (c <= 32 || c >= 127) classes[c] = not_in_atom;
    if (c >= 128) classes[c] |= eight_bit;
  }
  for (unsigned char c : std::string_view("(){%*\"\\")) classes[c] |= not_in_atom;
  for (unsigned char c : std::string_view("\"\\")) classes[c] |= to_escape;
  for (unsigned char c : std::string_view("\r\n\0", 3)) classes[c] |= only_literal;
  return classes;
}
constexpr std::array<uint8_t, 256> classes = make_classes();

uint8_t classes_of(std::string_view text) {
  uint8_t seen = 0;
  for (char c : text) seen |= classes[static_cast<unsigned char>(c)];
  return seen;
}

void put_quoted(std::string& out, std::string_view text, bool escapes) {
  out += '"';
  if (!escapes) {
    out += text;
  } else {
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

void put_classified(std::string& out, std::string_view text, bool utf8, uint8_t seen) {
  bool quotable = text.size() <= quoted_octets_max && (seen & only_literal) == 0 &&
                  ((seen & eight_bit) == 0 || (utf8 && is_utf8(text)));
  if (quotable) {
    put_quoted(out, text, (seen & to_escape) != 0);
  } else {
    put_literal(out, text);
  }
}

void put_digits(std::string& out, uint64_t number, size_t width, char pad = '0') {
  char buffer[20];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  auto length = static_cast<size_t>(end - buffer);
  if (length < width) out.append(width - length, pad);
  out.append(buffer, length);
}

constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct SystemFlag {
  uint64_t bit;
  std::string_view name;
};
constexpr SystemFlag system_flags[] = {
    {1, "\\Seen"}, {2, "\\Answered"}, {4, "\\Flagged"}, {8, "\\Deleted"}, {16, "\\Draft"}};
constexpr size_t first_keyword_bit = 8;

}  // namespace

void put_string(std::string& out, std::string_view text, bool utf8) {
  put_classified(out, text, utf8, classes_of(text));
}

void put_nstring(std::string& out, const std::optional<std::string>& text, bool utf8) {
  if (text) {
    put_string(out, *text, utf8);
  } else {
    out += "NIL";
  }
}

void put_astring(std::string& out, std::string_view text, bool utf8) {
  uint8_t seen = classes_of(text);
  // "NIL" as an atom reads as no string at all.
  if ((seen & not_in_atom) == 0 && !text.empty() && !iequals(text, "NIL")) {
    out += text;
  } else {
    put_classified(out, text, utf8, seen);
  }
}

void put_literal(std::string& out, std::string_view octets) {
  out += '{';
  put_number(out, octets.size());
  out += "}\r\n";
  put_octets(out, octets);
}

void put_octets(std::string& out, std::string_view octets) {
  for (size_t nul = octets.find('\0'); nul != std::string_view::npos; nul = octets.find('\0')) {
    out.append(octets, 0, nul).append(1, '\x80');
    octets.remove_prefix(nul + 1);
  }
  out += octets;
}

void put_literal8(std::string& out, std::string_view octets) {
  out += "~{";
  put_number(out, octets.size());
  out += "}\r\n";
  out += octets;
}

void put_mailbox(std::string& out, std::string_view name, bool utf8) {
  bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c >= 32 && c < 127; });
  if (utf8 || (printable && name.find('&') == std::string_view::npos)) {
    put_astring(out, name, utf8);
  } else {
    put_astring(out, to_modified_utf7(name));
  }
}

void put_flags(std::string& out, uint64_t flags, const std::vector<std::string>& keywords) {
  size_t begin = out.size();
  auto put = [&](std::string_view name) {
    if (out.size() > begin) out += ' ';
    out += name;
  };
  for (const SystemFlag& flag : system_flags) {
    if ((flags & flag.bit) != 0) put(flag.name);
  }
  if ((flags & kRecentFlag) != 0) put("\\Recent");
  for (size_t i = 0; i < keywords.size() && first_keyword_bit + i < 64; ++i) {
    if ((flags >> (first_keyword_bit + i) & 1) != 0) put(keywords[i]);
  }
}

void put_internal_date(std::string& out, Time time) {
  using namespace std::chrono;
  // What a four-digit year can say (RFC 9051 §9 date-year).
  constexpr int64_t second_min = -62'167'219'200, second_max = 253'402'300'799;
  sys_seconds at{
      seconds(std::clamp<int64_t>(floor<seconds>(milliseconds(time.ms)).count(), second_min, second_max))};
  sys_days midnight = floor<days>(at);
  year_month_day date{midnight};
  hh_mm_ss clock{at - midnight};
  auto unsigned_of = [](auto value) { return static_cast<uint64_t>(value); };
  out += '"';
  put_digits(out, static_cast<unsigned>(date.day()), 2, ' ');
  out += '-';
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += '-';
  put_digits(out, unsigned_of(static_cast<int>(date.year())), 4);
  out += ' ';
  put_digits(out, unsigned_of(clock.hours().count()), 2);
  out += ':';
  put_digits(out, unsigned_of(clock.minutes().count()), 2);
  out += ':';
  put_digits(out, unsigned_of(clock.seconds().count()), 2);
  out += " +0000\"";
}

void put_number(std::string& out, uint64_t number) {
  put_digits(out, number, 1);
}

}  // namespace pabal::proto::imap
