// RFC 5465
#include <algorithm>
#include <utility>

#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kFilter =
    "SELECTED, SELECTED-DELAYED, INBOXES, PERSONAL, SUBSCRIBED, SUBTREE or MAILBOXES";
constexpr std::string_view kEvents = "events like (MessageNew MessageExpunge)";

struct FilterName {
  std::string_view name;
  MailboxFilter::Kind kind;
  bool mailboxes;  // names follow
};

constexpr FilterName kFilters[] = {
    {"SELECTED", MailboxFilter::selected, false},
    {"SELECTED-DELAYED", MailboxFilter::selected_delayed, false},
    {"INBOXES", MailboxFilter::inboxes, false},
    {"PERSONAL", MailboxFilter::personal, false},
    {"SUBSCRIBED", MailboxFilter::subscribed, false},
    {"SUBTREE", MailboxFilter::subtree, true},
    {"SUBTREE-ONE", MailboxFilter::subtree_one, true},
    {"MAILBOXES", MailboxFilter::named, true},
};

bool is_message_event(std::string_view event) {
  return event == "MESSAGENEW" || event == "MESSAGEEXPUNGE" || event == "FLAGCHANGE" ||
         event == "ANNOTATIONCHANGE";
}

bool of_selected(const MailboxFilter& filter) {
  return filter.kind == MailboxFilter::selected || filter.kind == MailboxFilter::selected_delayed;
}

// RFC 5465 §8: items stand behind MessageNew, for the selected mailbox only.
bool take_event(Parser& parser, NotifyGroup& group) {
  std::string name;
  if (!parser.take_upper_atom(name, kEvents)) return false;
  bool selected = of_selected(group.filter);
  if (selected && !is_message_event(name))
    return parser.reject(
        "NOTIFY: of the selected mailbox only MessageNew, MessageExpunge, FlagChange and "
        "AnnotationChange can be told");
  if (name == "MESSAGENEW" && parser.has_list()) {
    if (!selected) return parser.reject("NOTIFY: MessageNew takes items with SELECTED only");
    if (!parser.space("items like MessageNew (UID FLAGS)") ||
        !take_fetch_items(parser, group.message_new_items))
      return false;
  }
  group.events.push_back(std::move(name));
  return true;
}

// "(event event)", NONE, or, as in the examples of RFC 5465, events without parentheses.
bool take_events(Parser& parser, NotifyGroup& group) {
  if (!parser.space(kEvents)) return false;
  if (parser.skip_word("NONE")) {
    group.none = true;
    return true;
  }
  auto event = [&] { return take_event(parser, group); };
  if (parser.peek() == '(') {
    if (!parser.take_list(kNotifyEventsMax, kEvents, "events", event)) return false;
    return !group.events.empty() || parser.reject("NOTIFY needs " + std::string(kEvents) + " or NONE");
  }
  do {
    if (!group.events.empty() && !parser.space(kEvents)) return false;
    if (!parser.within(group.events.size() + 1, kNotifyEventsMax, "events") || !event()) return false;
  } while (parser.has_argument());
  return true;
}

bool take_group(Parser& parser, NotifyGroup& group) {
  if (!parser.expect('(', "groups like (SELECTED (MessageNew MessageExpunge))")) return false;
  parser.skip_spaces();
  if (!take_mailbox_filter(parser, group.filter) || !take_events(parser, group)) return false;
  if (group.filter.kind == MailboxFilter::subtree_one)
    return parser.reject("NOTIFY needs " + std::string(kFilter) + "; SUBTREE-ONE is for ESEARCH");
  parser.skip_spaces();
  return parser.expect(')', "\")\" behind the events");
}

}  // namespace

bool take_mailbox_filter(Parser& parser, MailboxFilter& out) {
  std::string name;
  if (!parser.take_upper_atom(name, kFilter)) return false;
  auto filter = std::ranges::find(kFilters, name, &FilterName::name);
  if (filter == std::end(kFilters))
    return parser.reject(parser.name() + " needs " + std::string(kFilter) + ", got " + name);
  out.kind = filter->kind;
  if (!filter->mailboxes) return true;
  if (!parser.space("a mailbox name, or several in parentheses")) return false;
  if (parser.peek() != '(') return parser.take_mailbox(out.mailboxes.emplace_back());
  return parser.take_list(kFilterMailboxesMax, "mailbox names", "mailbox names",
                          [&] { return parser.take_mailbox(out.mailboxes.emplace_back()); });
}

Parsed parse_notify(Parser& parser) {
  constexpr std::string_view kWhat = "SET or NONE";
  Notify notify;
  if (!parser.space(kWhat)) return std::nullopt;
  if (parser.skip_word("NONE")) return notify;
  notify.set = true;
  if (!parser.skip_word("SET")) {
    parser.fail(kWhat);
    return std::nullopt;
  }
  constexpr std::string_view kGroups = "groups like (SELECTED (MessageNew MessageExpunge))";
  bool selected = false;
  do {
    if (!parser.space(kGroups)) return std::nullopt;
    if (notify.groups.empty() && !notify.status && parser.skip_word("STATUS")) {
      notify.status = true;
      continue;
    }
    if (!parser.within(notify.groups.size() + 1, kNotifyGroupsMax, "groups") ||
        !take_group(parser, notify.groups.emplace_back()))
      return std::nullopt;
    if (of_selected(notify.groups.back().filter) && std::exchange(selected, true)) {
      parser.reject("NOTIFY takes SELECTED or SELECTED-DELAYED once");
      return std::nullopt;
    }
  } while (parser.has_argument());
  if (notify.groups.empty()) {
    parser.fail(kGroups);
    return std::nullopt;
  }
  return notify;
}

}  // namespace pabal::proto::imap::grammar
