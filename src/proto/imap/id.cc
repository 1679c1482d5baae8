#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

// RFC 2971 §3.1: ID (field value field value) or ID NIL.
Parsed parse_id(Parser& parser) {
  constexpr std::string_view kWhat = "NIL or a list like (\"name\" \"mutt\")";
  Id id;
  if (!parser.space(kWhat)) return std::nullopt;
  if (parser.skip_word("NIL")) return id;
  auto field = [&] {
    auto& [name, value] = id.fields.emplace_back();
    if (!parser.take_astring(name, "a field's name") || !parser.space("a value for each field") ||
        !parser.take_nstring(value, "a string or NIL as value"))
      return false;
    if (name.size() > kIdFieldOctetsMax)
      return parser.reject("ID: a field's name has at most " + std::to_string(kIdFieldOctetsMax) + " octets");
    if (value && value->size() > kIdValueOctetsMax)
      return parser.reject("ID: a value has at most " + std::to_string(kIdValueOctetsMax) + " octets");
    return true;
  };
  if (!parser.take_list(kIdFieldsMax, kWhat, "fields", field)) return std::nullopt;
  return id;
}

}  // namespace pabal::proto::imap::grammar
