#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// RFC 9051 §6.4.5: a macro stands alone, not in a list.
bool take_macro(Parser& parser, std::vector<FetchItem>& out) {
  size_t items = 0;
  if (parser.skip_word("FAST")) items = 3;
  if (items == 0 && parser.skip_word("ALL")) items = 4;
  if (items == 0 && parser.skip_word("FULL")) items = 5;
  static constexpr FetchItem::Kind kFull[] = {FetchItem::flags, FetchItem::internal_date,
                                              FetchItem::rfc822_size, FetchItem::envelope, FetchItem::body};
  for (size_t i = 0; i < items; ++i) out.push_back({.kind = kFull[i]});
  return items > 0;
}

// RFC 7162 §3.1.4 and §3.2.6, RFC 9394 §3.3
bool take_modifier(Parser& parser, Fetch& fetch) {
  constexpr std::string_view kWhat = "modifiers like (CHANGEDSINCE 12345)";
  std::string name;
  if (!parser.take_upper_atom(name, kWhat)) return false;
  if (name == "CHANGEDSINCE")
    return parser.space("a mod-sequence like CHANGEDSINCE 12345") &&
           parser.take_number64(fetch.changed_since.emplace(), "a mod-sequence like CHANGEDSINCE 12345");
  if (name == "VANISHED") {
    fetch.vanished = true;
    return true;
  }
  if (name == "PARTIAL")
    return parser.space("a range like PARTIAL 1:100") && take_partial_range(parser, fetch.partial);
  return parser.reject(parser.name() + ": modifier " + name +
                       " is not known; CHANGEDSINCE, VANISHED and PARTIAL are");
}

}  // namespace

bool take_messages(Parser& parser, SequenceSet& out) {
  std::string_view what = parser.uid() ? "a set of UIDs like 101:205" : "a sequence set like 1:5";
  return parser.space(what) && parser.take_sequence_set(out, what);
}

Parsed parse_fetch(Parser& parser) {
  Fetch fetch{.uid = parser.uid()};
  constexpr std::string_view kWhat = "items like (FLAGS ENVELOPE BODY.PEEK[])";
  if (!take_messages(parser, fetch.set) || !parser.space(kWhat)) return std::nullopt;
  if (parser.peek() == '(' ? !take_fetch_items(parser, fetch.items)
                           : !take_macro(parser, fetch.items) && !take_fetch_item(parser, fetch.items))
    return std::nullopt;
  if (!parser.has_argument()) return fetch;

  constexpr std::string_view kModifiers = "modifiers like (CHANGEDSINCE 12345)";
  if (!parser.space(kModifiers) || !parser.take_list(kListOptionsMax, kModifiers, "modifiers",
                                                     [&] { return take_modifier(parser, fetch); }))
    return std::nullopt;
  if (fetch.vanished && (!fetch.uid || !fetch.changed_since)) {
    parser.reject("VANISHED is for UID FETCH ... (CHANGEDSINCE n VANISHED)");
    return std::nullopt;
  }
  return fetch;
}

}  // namespace pabal::proto::imap::grammar
