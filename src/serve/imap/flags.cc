#include "serve/imap/flags.h"

#include "serve/imap/session.h"

namespace pabal::serve::imap {

// RFC 4314 §4: who may change one of them is not refused, the others stay as they are.
std::optional<Outcome> refuse_flags(const Selected& selected, const reading::FlagNames& names, bool all) {
  uint64_t allowed = reading::allowed_bits(selected.rights);
  bool nothing_named = names.system == 0 && names.keywords.empty();
  bool any = all || nothing_named
                 ? allowed != 0
                 : (names.system & allowed) != 0 || (!names.keywords.empty() && selected.rights.has('w'));
  if (any) return std::nullopt;
  return no("NOPERM", "your rights on this mailbox do not cover these flags");
}

}  // namespace pabal::serve::imap
