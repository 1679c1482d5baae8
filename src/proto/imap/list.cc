#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// RFC 5258 §3, RFC 6154 §2
bool take_selection_options(Parser& parser, List& list) {
  list.extended = true;
  constexpr std::string_view kWhat = "selection options like (SUBSCRIBED)";
  auto option = [&] {
    std::string name;
    if (!parser.take_upper_atom(name, kWhat)) return false;
    if (name == "SUBSCRIBED")
      list.only_subscribed = true;
    else if (name == "REMOTE")
      list.remote = true;
    else if (name == "RECURSIVEMATCH")
      list.recursive_match = true;
    else if (name == "SPECIAL-USE")
      list.only_special_use = true;
    else
      return parser.reject("LIST: selection option " + name +
                           " is not known; SUBSCRIBED, REMOTE, RECURSIVEMATCH and SPECIAL-USE are");
    return true;
  };
  if (!parser.take_list(kListOptionsMax, kWhat, "options", option)) return false;
  if (list.recursive_match && !list.only_subscribed && !list.only_special_use)
    return parser.reject(
        "LIST: RECURSIVEMATCH needs another option beside it, like (SUBSCRIBED RECURSIVEMATCH)");
  return true;
}

// RFC 5258 §4, RFC 5819, RFC 6154 §2, RFC 8440, RFC 9590
bool take_list_return(Parser& parser, ListReturn& out) {
  constexpr std::string_view kWhat = "return options like RETURN (CHILDREN)";
  auto option = [&] {
    std::string name;
    if (!parser.take_upper_atom(name, kWhat)) return false;
    if (name == "SUBSCRIBED")
      out.subscribed = true;
    else if (name == "CHILDREN")
      out.children = true;
    else if (name == "SPECIAL-USE")
      out.special_use = true;
    else if (name == "MYRIGHTS")
      out.my_rights = true;
    else if (name == "STATUS")
      return parser.space("items like STATUS (MESSAGES)") && take_status_items(parser, out.status.emplace());
    else if (name == "METADATA")
      return parser.space("entries like METADATA (/private/comment)") &&
             parser.take_list(kMetadataEntriesMax, "entries like METADATA (/private/comment)", "entries",
                              [&] { return take_metadata_entry(parser, out.metadata.emplace_back()); });
    else
      return parser.reject(
          "LIST: return option " + name +
          " is not known; SUBSCRIBED, CHILDREN, SPECIAL-USE, STATUS, MYRIGHTS and METADATA are");
    return true;
  };
  return parser.space(kWhat) && parser.take_list(kListOptionsMax, kWhat, "options", option);
}

}  // namespace

// RFC 9051 §6.3.9; LSUB: RFC 3501 §6.3.9
Parsed parse_list(Parser& parser) {
  constexpr std::string_view kWhat = "a reference and a pattern: LIST \"\" *";
  List list{.lsub = parser.name() == "LSUB"};
  if (!parser.space(kWhat)) return std::nullopt;
  if (!list.lsub && parser.peek() == '(') {
    if (!take_selection_options(parser, list) || !parser.space(kWhat)) return std::nullopt;
  }
  if (!parser.take_mailbox(list.reference, kWhat) ||
      !parser.space("a pattern behind the reference: LIST \"\" *"))
    return std::nullopt;
  if (!list.lsub && parser.peek() == '(') {
    list.extended = true;
    if (!parser.take_list(kPatternsMax, "patterns like (INBOX Archive/%)", "patterns",
                          [&] { return parser.take_pattern(list.patterns.emplace_back()); }))
      return std::nullopt;
    if (list.patterns.empty()) {
      parser.reject("LIST needs patterns like (INBOX Archive/%), the list is empty");
      return std::nullopt;
    }
  } else if (!parser.take_pattern(list.patterns.emplace_back())) {
    return std::nullopt;
  }
  if (list.lsub || !parser.has_argument()) return list;
  list.extended = true;
  if (!parser.space("RETURN (...)")) return std::nullopt;
  if (!parser.skip_word("RETURN")) {
    parser.fail("nothing or RETURN (...) behind the pattern");
    return std::nullopt;
  }
  if (!take_list_return(parser, list.returns)) return std::nullopt;
  return list;
}

}  // namespace pabal::proto::imap::grammar
