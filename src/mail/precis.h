// Names and passwords in the one form in which they are stored and compared: the
// profiles of RFC 8265 (PRECIS). Whoever types his name in capitals, full-width, or with
// letters that his keyboard composes in another way (macOS writes Hangul decomposed) is
// the same person. Every place that looks somebody up comes here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::mail {

// UsernameCaseMapped (RFC 8265 §3.3): width-mapped, lower case, NFC. Idempotent. Maps
// only: what characters a local part may have says parse_address. What is not UTF-8
// comes back in ASCII lower case.
std::string fold_name(std::string_view utf8);

// A new name holds none of what the IdentifierClass forbids (RFC 8264 §4.2): beyond ASCII
// letters, digits and marks alone, and nothing that is invisible or only another way to
// write something else ("ﬁ"). nullopt if so, else the first that is wrong, as U+200B.
std::optional<std::string> unfit_for_name(std::string_view utf8);

// local-part@domain or a name without '@', folded: the domain as A-labels where it has some.
std::string fold_address(std::string_view address);

// OpaqueString (RFC 8265 §4.2): all blanks are U+0020, NFC; nothing else is changed.
// nullopt: empty, not UTF-8, or with control characters.
std::optional<std::string> prepare_password(std::string_view utf8);

}  // namespace pabal::mail
