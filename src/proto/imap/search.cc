#include "base/bytes.h"
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// An atom or a string; which charsets there are is the server's to say.
bool take_charset(Parser& parser, std::string& out) {
  constexpr std::string_view kWhat = "a charset like UTF-8";
  if (!parser.space(kWhat) || !parser.take_astring(out, kWhat)) return false;
  out = to_upper(out);
  return true;
}

constexpr std::string_view kKeysWhat = "search keys like UNSEEN FROM \"alice\"";

}  // namespace

bool take_search_program(Parser& parser, SearchProgram& out) {
  if (parser.skip_word("CHARSET") && (!take_charset(parser, out.charset) || !parser.space(kKeysWhat)))
    return false;
  return take_search_keys(parser, out.keys);
}

bool take_search_criteria(Parser& parser, SearchProgram& out) {
  return take_charset(parser, out.charset) && parser.space(kKeysWhat) && take_search_keys(parser, out.keys);
}

// RFC 9051 §6.4.4
Parsed parse_search(Parser& parser) {
  Search search{.uid = parser.uid()};
  if (!parser.space(kKeysWhat)) return std::nullopt;
  if (parser.skip_word("RETURN") &&
      (!take_return_options(parser, search.returns) || !parser.space(kKeysWhat)))
    return std::nullopt;
  if (!take_search_program(parser, search.program)) return std::nullopt;
  return search;
}

// RFC 5267 §4.5
Parsed parse_cancel_update(Parser& parser) {
  constexpr std::string_view kWhat = "tags of searches like \"a12\"";
  CancelUpdate cancel;
  do {
    if (!parser.within(cancel.tags.size() + 1, kCancelTagsMax, "tags") ||
        !parser.argument_astring(cancel.tags.emplace_back(), kWhat))
      return std::nullopt;
  } while (parser.has_argument());
  return cancel;
}

}  // namespace pabal::proto::imap::grammar
