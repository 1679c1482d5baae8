#include <algorithm>
#include <utility>

#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::pair<std::string_view, StatusItem> kItems[] = {
    {"MESSAGES", StatusItem::messages},
    {"RECENT", StatusItem::recent},
    {"UIDNEXT", StatusItem::uid_next},
    {"UIDVALIDITY", StatusItem::uid_validity},
    {"UNSEEN", StatusItem::unseen},
    {"DELETED", StatusItem::deleted},
    {"SIZE", StatusItem::size},
    {"HIGHESTMODSEQ", StatusItem::highest_modseq},
    {"APPENDLIMIT", StatusItem::append_limit},
    {"MAILBOXID", StatusItem::mailbox_id},
    {"DELETED-STORAGE", StatusItem::deleted_storage},
};

}  // namespace

bool take_status_items(Parser& parser, std::vector<StatusItem>& out) {
  constexpr std::string_view kWhat = "items like (MESSAGES UIDNEXT UNSEEN)";
  auto item = [&] {
    std::string name;
    if (!parser.take_upper_atom(name, kWhat)) return false;
    auto found = std::ranges::find(kItems, name, &std::pair<std::string_view, StatusItem>::first);
    if (found == std::end(kItems)) return parser.reject(parser.name() + ": item " + name + " is not known");
    if (std::ranges::find(out, found->second) == out.end()) out.push_back(found->second);
    return true;
  };
  if (!parser.take_list(kStatusItemsMax, kWhat, "items", item)) return false;
  return !out.empty() ||
         parser.reject(parser.name() + " needs " + std::string(kWhat) + ", the list is empty");
}

// RFC 9051 §6.3.11
Parsed parse_status(Parser& parser) {
  Status status;
  if (!parser.argument_mailbox(status.mailbox) || !parser.space("items like (MESSAGES UIDNEXT UNSEEN)") ||
      !take_status_items(parser, status.items))
    return std::nullopt;
  return status;
}

}  // namespace pabal::proto::imap::grammar
