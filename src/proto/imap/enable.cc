#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

// RFC 5161 §3.1
Parsed parse_enable(Parser& parser) {
  constexpr std::string_view kWhat = "capabilities like CONDSTORE";
  Enable enable;
  do {
    if (!parser.within(enable.capabilities.size() + 1, kCapabilitiesMax, "capabilities") ||
        !parser.space(kWhat) || !parser.take_upper_atom(enable.capabilities.emplace_back(), kWhat))
      return std::nullopt;
  } while (parser.has_argument());
  return enable;
}

}  // namespace pabal::proto::imap::grammar
