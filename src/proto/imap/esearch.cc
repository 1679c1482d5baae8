#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kSources = "mailboxes like IN (SELECTED MAILBOXES \"Archive\")";

// RFC 7377 §2.2. Scope options, "(...)" behind the sources, have no use yet (§4).
bool take_sources(Parser& parser, std::vector<MailboxFilter>& out) {
  auto source = [&] {
    if (!take_mailbox_filter(parser, out.emplace_back())) return false;
    if (out.back().kind == MailboxFilter::selected_delayed)
      return parser.reject("ESEARCH: SELECTED-DELAYED is for NOTIFY; SELECTED is for both");
    return true;
  };
  if (!parser.space(kSources) || !parser.take_list(kFilterMailboxesMax, kSources, "filters", source))
    return false;
  return !out.empty() || parser.reject("ESEARCH needs " + std::string(kSources) + ", the list is empty");
}

}  // namespace

// RFC 7377 §2.1
Parsed parse_esearch(Parser& parser) {
  constexpr std::string_view kKeys = "search keys like UNSEEN FROM \"alice\"";
  MultiSearch search;
  if (!parser.space(kKeys)) return std::nullopt;
  if (parser.skip_word("IN") && (!take_sources(parser, search.sources) || !parser.space(kKeys)))
    return std::nullopt;
  if (parser.skip_word("RETURN") && (!take_return_options(parser, search.returns) || !parser.space(kKeys)))
    return std::nullopt;
  if (!take_search_program(parser, search.program)) return std::nullopt;
  return search;
}

}  // namespace pabal::proto::imap::grammar
