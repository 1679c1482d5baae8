// RFC 9208 §4.1
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

Parsed parse_get_quota(Parser& parser) {
  GetQuota get;
  if (!parser.argument_astring(get.root, "a quota root, as GETQUOTAROOT names it")) return std::nullopt;
  return get;
}

Parsed parse_get_quota_root(Parser& parser) {
  GetQuotaRoot get;
  if (!parser.argument_mailbox(get.mailbox)) return std::nullopt;
  return get;
}

Parsed parse_set_quota(Parser& parser) {
  constexpr std::string_view kWhat = "limits like (STORAGE 512)";
  SetQuota set;
  auto limit = [&] {
    auto& [resource, value] = set.limits.emplace_back();
    return parser.take_upper_atom(resource, kWhat) && parser.space(kWhat) &&
           parser.take_number64(value, "a number for each resource, like (STORAGE 512)");
  };
  if (!parser.argument_astring(set.root, "a quota root, as GETQUOTAROOT names it") || !parser.space(kWhat) ||
      !parser.take_list(kQuotaLimitsMax, kWhat, "limits", limit))
    return std::nullopt;
  return set;
}

}  // namespace pabal::proto::imap::grammar
