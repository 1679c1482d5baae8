// The address fields of a header: From, To, Cc, Reply-To … (RFC 5322 §3.4, with
// the obsolete forms of §4.4, RFC 6532 and what is seen in the wild).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::mail {

inline constexpr size_t header_addresses_max = 10'000;  // what comes behind is ignored
inline constexpr size_t group_octets_max = 1'000;       // of a group's name, which each of its members tells

struct HeaderAddress {
  std::string display_name;  // UTF-8, encoded-words decoded; "" if none
  std::string address;       // as written, local@domain; "" or without '@' if broken
  std::string group;         // UTF-8 name of the group it stands in; "" if none
  // An empty group ("undisclosed-recipients:;") gives one entry with only this set.
  bool empty_group = false;
  // "@one.test,@two.test" of RFC 5322 §4.4, which nobody goes any more; "" if none.
  std::string route = {};

  bool operator==(const HeaderAddress&) const = default;
};

// Never fails: what cannot be understood is left out. Linear in its input.
// fallback_charset: as decode_text (header.h) has it.
std::vector<HeaderAddress> parse_address_list(std::string_view header_value,
                                              std::string_view fallback_charset = {});

// The same, with names and groups as they stand in the field, quotes taken off:
// encoded-words and 8-bit octets stay. What IMAP's ENVELOPE shows (RFC 9051 §7.5.2).
// declared: the message's charset, in whose characters a quote or a backslash is none.
std::vector<HeaderAddress> parse_raw_address_list(std::string_view header_value,
                                                  std::string_view declared = {});

// One mailbox as header text, unfolded: "Kim <kim@x.test>", quoted or as
// encoded-words where needed. utf8: leave UTF-8 as it is (RFC 6532).
std::string to_header_text(const HeaderAddress& address, bool utf8);

// The addresses only, in order, those of empty groups left out.
std::vector<std::string> addresses_of(std::string_view header_value);

}  // namespace pabal::mail
