#include "serve/imap/search_sources.h"

#include <algorithm>
#include <unordered_set>

namespace pabal::serve::imap {

namespace {

using proto::imap::MailboxFilter;

// Whether `name` lies below `root`, or directly below.
bool is_below(std::string_view name, std::string_view root, bool directly) {
  if (name.size() <= root.size() || !name.starts_with(root) || name[root.size()] != kDelimiter) return false;
  return !directly || name.find(kDelimiter, root.size() + 1) == std::string_view::npos;
}

class Resolver {
 public:
  Resolver(store::Database& db, const directory::Account& reader) : db_(db), reader_(reader) {
    for (reading::SeenMailbox& mailbox : reading::see_mailboxes(db, reader)) {
      std::string name = shown_name(mailbox);
      seen_.push_back({std::move(mailbox), std::move(name)});
    }
  }

  std::vector<SearchSource> resolve(const std::vector<MailboxFilter>& sources) {
    for (const MailboxFilter& source : sources) add(source);
    return std::move(found_);
  }

 private:
  void add(const MailboxFilter& source) {
    switch (source.kind) {
      case MailboxFilter::selected:
      case MailboxFilter::selected_delayed:
        return;
      case MailboxFilter::inboxes:  // where mail is delivered
        return add_named("INBOX");
      case MailboxFilter::personal:
        return add_if([](const SearchSource& one) { return one.mailbox.own; });
      case MailboxFilter::subscribed: {
        std::vector<std::string> names = store::list_subscriptions(db_, reader_.id);
        std::unordered_set<std::string> subscribed(names.begin(), names.end());
        return add_if([&](const SearchSource& one) { return subscribed.contains(one.name); });
      }
      case MailboxFilter::subtree:
      case MailboxFilter::subtree_one:
        for (const std::string& root : source.mailboxes) {
          bool directly = source.kind == MailboxFilter::subtree_one;
          add_named(root);
          add_if([&](const SearchSource& one) { return is_below(one.name, root, directly); });
        }
        return;
      case MailboxFilter::named:
        for (const std::string& name : source.mailboxes) add_named(name);
        return;
    }
  }

  template <class F>
  void add_if(F&& wanted) {
    for (const SearchSource& one : seen_) {
      if (wanted(one)) add(one);
    }
  }

  void add_named(const std::string& name) {
    std::optional<Place> place = find_place(db_, reader_, name);
    if (!place || !place->mailbox) return;
    add(SearchSource{.mailbox = {.mailbox = std::move(*place->mailbox),
                                 .rights = place->rights,
                                 .own = place->own,
                                 .reader = place->reader},
                     .name = name});
  }

  void add(const SearchSource& source) {
    const reading::SeenMailbox& seen = source.mailbox;
    if (seen.rights.has('r') && ids_.insert(seen.mailbox.id.value).second) found_.push_back(source);
  }

  store::Database& db_;
  const directory::Account& reader_;
  std::vector<SearchSource> seen_;
  std::unordered_set<int64_t> ids_;
  std::vector<SearchSource> found_;
};

}  // namespace

std::vector<SearchSource> resolve_sources(store::Database& db, const directory::Account& reader,
                                          const std::vector<MailboxFilter>& sources) {
  return Resolver(db, reader).resolve(sources);
}

}  // namespace pabal::serve::imap
