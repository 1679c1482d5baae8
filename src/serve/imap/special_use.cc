#include "serve/imap/special_use.h"

#include "base/bytes.h"

namespace pabal::serve::imap {

namespace {
// RFC 6154 §2; \All, \Flagged and \Important are views that there are not here.
constexpr std::string_view kSpecialUses[] = {"\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"};
}  // namespace

std::expected<std::string, std::string> special_use_of(const std::vector<std::string_view>& attributes) {
  std::string uses;
  for (std::string_view attribute : attributes) {
    std::string_view known;
    for (std::string_view one : kSpecialUses) {
      if (iequals(one, attribute)) known = one;
    }
    if (known.empty()) return std::unexpected(std::string(attribute));
    if (!uses.empty()) uses += ' ';
    uses += known;
  }
  return uses;
}

}  // namespace pabal::serve::imap
