// RFC 5464
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kEntry = "entries like /private/comment";

bool take_option(Parser& parser, GetMetadata& get) {
  if (parser.skip_word("MAXSIZE"))
    return parser.space("octets like MAXSIZE 1024") &&
           parser.take_number64(get.max_size.emplace(), "octets like MAXSIZE 1024");
  if (parser.skip_word("DEPTH")) {
    constexpr std::string_view kWhat = "0, 1 or infinity behind DEPTH";
    if (!parser.space(kWhat)) return false;
    for (auto [word, depth] : {std::pair("0", 0), std::pair("1", 1), std::pair("infinity", -1)}) {
      if (!parser.skip_word(word)) continue;
      get.depth = depth;
      return true;
    }
    return parser.fail(kWhat);
  }
  return parser.fail("options like (MAXSIZE 1024 DEPTH 1)");
}

bool take_options(Parser& parser, GetMetadata& get) {
  return parser.take_list(kListOptionsMax, "options like (MAXSIZE 1024 DEPTH 1)", "options",
                          [&] { return take_option(parser, get); });
}

}  // namespace

bool take_metadata_entry(Parser& parser, std::string& out) {
  if (!parser.take_astring(out, kEntry)) return false;
  // RFC 5464 §3.2: 7-bit, components between slashes, nothing that LIST would match by.
  bool well = out.starts_with('/') && !out.ends_with('/') && out.find("//") == std::string::npos;
  for (char c : out) well &= c >= ' ' && c <= '~' && c != '*' && c != '%';
  return well || parser.reject(parser.name() + ": an entry is written /private/comment, without * and %");
}

// §4.2. The options stand before the mailbox in the grammar and behind it in the
// examples: both are read.
Parsed parse_get_metadata(Parser& parser) {
  GetMetadata get;
  if (!parser.space("a mailbox name, or \"\" for the server")) return std::nullopt;
  if (parser.peek() == '(' && (!take_options(parser, get) || !parser.space("a mailbox name")))
    return std::nullopt;
  if (!parser.take_mailbox(get.mailbox, "a mailbox name, or \"\" for the server")) return std::nullopt;
  bool options = parser.has_list("MAXSIZE") || parser.has_list("DEPTH");
  if (!parser.space(kEntry) || (options && (!take_options(parser, get) || !parser.space(kEntry))))
    return std::nullopt;
  auto entry = [&] { return take_metadata_entry(parser, get.entries.emplace_back()); };
  if (parser.peek() == '(') {
    if (!parser.take_list(kMetadataEntriesMax, kEntry, "entries", entry)) return std::nullopt;
    if (!get.entries.empty()) return get;
    parser.reject("GETMETADATA needs entries like /private/comment, the list is empty");
    return std::nullopt;
  }
  // Its grammar has one entry here, its examples (§4.4.1) several.
  do {
    if (!get.entries.empty() && !parser.space(kEntry)) return std::nullopt;
    if (!parser.within(get.entries.size() + 1, kMetadataEntriesMax, "entries") || !entry())
      return std::nullopt;
  } while (parser.has_argument());
  return get;
}

// §4.3
Parsed parse_set_metadata(Parser& parser) {
  constexpr std::string_view kWhat = "entries and values like (/private/comment \"mine\")";
  SetMetadata set;
  auto pair = [&] {
    auto& [entry, value] = set.entries.emplace_back();
    return take_metadata_entry(parser, entry) && parser.space("a value for each entry, or NIL") &&
           parser.take_nstring(value, "a string or NIL for each entry");
  };
  if (!parser.argument_mailbox(set.mailbox, "a mailbox name, or \"\" for the server") ||
      !parser.space(kWhat) || !parser.take_list(kMetadataEntriesMax, kWhat, "entries", pair))
    return std::nullopt;
  if (set.entries.empty()) {
    parser.reject("SETMETADATA needs " + std::string(kWhat) + ", the list is empty");
    return std::nullopt;
  }
  return set;
}

}  // namespace pabal::proto::imap::grammar
