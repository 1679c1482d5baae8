// Who a header says has written or sent a mail: the value of From, Sender,
// Resent-From or Resent-Sender, read strictly. It is for judging what one of
// ours hands in. Mail programs guess, each in its own way, at what is not
// well-formed; a judge must not guess, or readers see another sender than he did.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.h"

namespace pabal::mail {

inline constexpr size_t originators_max = 50;

// Every address in the value (RFC 5322 §3.6.2 mailbox-list; a group as RFC 6854
// §2.1 lets it stand there counts by its members), also one that stands bare in
// front of an address in brackets, since some readers show that one. At least
// one. The error is a clause fit for a reply: "it has two addresses without a
// comma between them". Without the obsolete forms of §4.4; but names may have
// dots and characters outside ASCII. allow_utf8: in addresses (RFC 6532).
std::expected<std::vector<Address>, std::string> parse_originators(std::string_view value, bool allow_utf8);

}  // namespace pabal::mail
