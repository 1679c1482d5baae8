// RFC 4467 §7. What the URLs are is the server's to say: it answers for each.
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kUrl = "an IMAP URL";
constexpr std::string_view kMechanism = "a mechanism like INTERNAL behind the URL";

}  // namespace

Parsed parse_gen_urlauth(Parser& parser) {
  GenUrlAuth gen;
  do {
    if (!parser.within(gen.urls.size() + 1, kUrlsMax, "URLs")) return std::nullopt;
    auto& [url, mechanism] = gen.urls.emplace_back();
    if (!parser.argument_astring(url, kUrl) || !parser.space(kMechanism) ||
        !parser.take_upper_atom(mechanism, kMechanism))
      return std::nullopt;
  } while (parser.has_argument());
  return gen;
}

Parsed parse_reset_key(Parser& parser) {
  ResetKey reset;
  if (!parser.has_argument()) return reset;
  if (!parser.argument_mailbox(reset.mailbox)) return std::nullopt;
  while (parser.has_argument()) {
    if (!parser.within(reset.mechanisms.size() + 1, kMechanismsMax, "mechanisms") ||
        !parser.space(kMechanism) ||
        !parser.take_upper_atom(reset.mechanisms.emplace_back(), "mechanisms like INTERNAL"))
      return std::nullopt;
  }
  return reset;
}

Parsed parse_url_fetch(Parser& parser) {
  UrlFetch fetch;
  do {
    if (!parser.within(fetch.urls.size() + 1, kUrlsMax, "URLs") ||
        !parser.argument_astring(fetch.urls.emplace_back(), kUrl))
      return std::nullopt;
  } while (parser.has_argument());
  return fetch;
}

}  // namespace pabal::proto::imap::grammar
