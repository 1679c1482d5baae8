// What an IMAP server says (RFC 9051 §7, §9), read by a reader of its own:
// nothing of the product's grammar is in it, and it is strict, so that it is also
// the judge of whether a response is well-formed.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::simulation {

struct ImapValue {
  enum Kind { atom, string, list } kind = atom;
  std::string text;              // of an atom (NIL, \Seen, BODY[]<0>) or string (quoted or literal)
  std::vector<ImapValue> items;  // of a list

  bool is(std::string_view word) const;  // an atom, in any case
  std::optional<uint64_t> number() const;
};

struct ImapResponse {
  std::string tag;                // "*", "+", or of the command
  std::vector<ImapValue> values;  // `* 3 EXISTS`: 3, EXISTS; of `a1 OK [X 1] done`: OK
  std::vector<ImapValue> code;    // X, 1
  std::string text;               // done

  bool is(std::string_view word) const { return !values.empty() && values[0].is(word); }
  bool is_data(std::string_view word) const { return values.size() > 1 && values[1].is(word); }  // * 3 EXISTS
  bool has_code(std::string_view word) const { return !code.empty() && code[0].is(word); }
};

// The octets of the first response in `buffered`, with its literals; 0 if it is not
// complete. `from` begins as 0 and is kept between calls for the same response.
size_t response_octets(std::string_view buffered, size_t& from);

// One whole response. eight_bit: strings in quotes may be UTF-8 (RFC 9051, RFC 6855).
// The error says what is wrong with it.
std::expected<ImapResponse, std::string> parse_response(std::string_view octets, bool eight_bit);

// "1:3,7": numbers, rising or as they are written; at most `max`.
std::vector<uint32_t> numbers_of_set(std::string_view set, size_t max = 100'000);
bool has_number(const std::vector<uint32_t>& numbers, uint64_t number);
std::string set_of_numbers(const std::vector<uint32_t>& numbers);

}  // namespace pabal::simulation
