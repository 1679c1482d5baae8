#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// RFC 7162 §3.1.3: "(UNCHANGEDSINCE 12345)"
bool take_modifiers(Parser& parser, Store& store) {
  constexpr std::string_view kWhat = "a modifier like (UNCHANGEDSINCE 12345)";
  auto modifier = [&] {
    if (!parser.skip_word("UNCHANGEDSINCE")) return parser.fail(kWhat);
    if (store.unchanged_since) return parser.reject(parser.name() + ": UNCHANGEDSINCE stands there twice");
    return parser.space(kWhat) && parser.take_number64(store.unchanged_since.emplace(), kWhat);
  };
  return parser.take_list(kListOptionsMax, kWhat, "modifiers", modifier);
}

}  // namespace

// RFC 9051 §6.4.6
Parsed parse_store(Parser& parser) {
  constexpr std::string_view kWhat = "FLAGS, +FLAGS or -FLAGS, with .SILENT or without";
  constexpr std::string_view kFlags = "flags like (\\Seen)";
  Store store{.uid = parser.uid()};
  if (!take_messages(parser, store.set) || !parser.space(kWhat)) return std::nullopt;
  if (parser.peek() == '(' && (!take_modifiers(parser, store) || !parser.space(kWhat))) return std::nullopt;
  if (parser.skip('+'))
    store.mode = Store::add;
  else if (parser.skip('-'))
    store.mode = Store::remove;
  if (!parser.skip_word("FLAGS")) {
    store.silent = parser.skip_word("FLAGS.SILENT");
    if (!store.silent) {
      parser.fail(kWhat);
      return std::nullopt;
    }
  }
  if (!parser.space(kFlags)) return std::nullopt;
  if (parser.peek() == '(')
    return parser.take_flag_list(store.flags) ? Parsed(std::move(store)) : std::nullopt;
  do {
    if (!store.flags.empty() && !parser.space(kFlags)) return std::nullopt;
    if (!parser.within(store.flags.size() + 1, kFlagsMax, "flags") ||
        !parser.take_flag(store.flags.emplace_back()))
      return std::nullopt;
  } while (parser.has_argument());
  return store;
}

}  // namespace pabal::proto::imap::grammar
