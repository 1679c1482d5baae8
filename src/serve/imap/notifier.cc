#include "serve/imap/notifier.h"

#include <algorithm>
#include <utility>

#include "serve/imap/annotations.h"

namespace pabal::serve::imap {

namespace {
// Ranges of UIDs; forgetting some makes the client hear of its own messages.
constexpr size_t kOwnArrivalsMax = 1000;
}  // namespace

bool Notifier::mark(MailboxId mailbox, MailboxId selected) {
  if (!mailbox) {
    rescan_ = true;
    return true;
  }
  auto known = known_.find(mailbox);
  if (known != known_.end()) {
    unsigned silent = mailbox == selected ? kMessages | kFlags : 0u;
    bool names = (program_->events() & kNames) != 0;
    if ((known->second.events & ~silent) == 0 && !names) return false;
  }
  return dirty_.insert(mailbox).second;
}

void Notifier::expect_arrivals(MailboxId mailbox, const std::vector<NumberRange>& uids) {
  bool of_interest = (program_->events() & kMessages) != 0 || !program_->selected().items.empty();
  if (!of_interest) return;
  std::vector<NumberRange>& own = own_arrivals_[mailbox];
  if (own.size() > kOwnArrivalsMax) own.clear();
  own.insert(own.end(), uids.begin(), uids.end());
}

bool Notifier::is_own_arrival(MailboxId mailbox, uint32_t uid) const {
  auto own = own_arrivals_.find(mailbox);
  if (own == own_arrivals_.end()) return false;
  return std::ranges::any_of(own->second, [&](const auto& r) { return r.first <= uid && uid <= r.last; });
}

Notifier::Marks Notifier::take() {
  Marks marks{.mailboxes = std::move(dirty_), .whole = rescan_};
  dirty_.clear();
  rescan_ = false;
  return marks;
}

void Notifier::put_back(Marks marks) {
  dirty_.merge(marks.mailboxes);
  rescan_ |= marks.whole;
}

Notifier::Question Notifier::question(const directory::Account& reader, const Marks& marks,
                                      std::shared_ptr<const reading::SeenTree> tree) const {
  Question out{
      .program = program_, .hostname = hostname_, .reader = reader, .tree = std::move(tree), .mailboxes = {}};
  auto add = [&](MailboxId id, const Known& known) {
    out.mailboxes[id] = {known.name, is_subscribed(known.name)};
  };
  if (out.tree) {
    for (const auto& [id, known] : known_) add(id, known);
    return out;
  }
  for (MailboxId id : marks.mailboxes) {
    auto known = known_.find(id);
    if (known == known_.end()) {
      out.mailboxes[id] = {};
    } else {
      add(id, known->second);
    }
  }
  return out;
}

Notifier::Look Notifier::look(store::Database& db, const Question& question) {
  const directory::Account& reader = question.reader;
  Look out{.whole = question.tree != nullptr};
  if (!out.whole) {
    for (const auto& [id, known] : question.mailboxes) {
      std::optional<reading::SeenMailbox> seen = reading::see_mailbox(db, reader, id);
      bool is_there = seen && seen->rights.has('l');
      out.tree_changed = known.name != (is_there ? shown_name(*seen) : "");
      if (out.tree_changed) return out;
      if (is_there) out.mailboxes.push_back(std::move(*seen));
    }
  } else {
    out.mailboxes = question.tree->mailboxes;
    out.subscriptions = question.tree->subscriptions;
    if ((question.program->events() & kServerMetadata) != 0)
      out.server = read_server_annotations(db, reader, question.hostname);
    std::unordered_set<MailboxId> seen;
    for (const reading::SeenMailbox& one : out.mailboxes) seen.insert(one.mailbox.id);
    for (const auto& [id, known] : question.mailboxes) {
      if (!seen.contains(id) && store::find_mailbox(db, id)) out.out_of_sight.insert(id);
    }
  }
  if ((question.program->events() & kMetadata) == 0) return out;
  for (const reading::SeenMailbox& seen : out.mailboxes) {
    // Of a whole look only what is watched; whether it is subscribed now is in the look.
    const std::string name = shown_name(seen);
    bool subscribed = out.whole ? std::ranges::binary_search(out.subscriptions, name)
                                : question.mailboxes.at(seen.mailbox.id).subscribed;
    bool wanted = (question.program->events_of(name, seen.own, subscribed) & kMetadata) != 0;
    if (wanted && may_annotate(seen.own, seen.rights))
      out.annotations[seen.mailbox.id] = read_annotations(db, seen.mailbox, reader);
  }
  return out;
}

bool Notifier::is_subscribed(const std::string& name) const {
  return std::ranges::binary_search(subscriptions_, name);
}

// What is seen but cannot be read has no messages to tell of.
unsigned Notifier::events_of(const reading::SeenMailbox& seen, const std::string& name) const {
  unsigned events = program_->events_of(name, seen.own, is_subscribed(name));
  return seen.rights.has('r') ? events : events & ~(kMessages | kFlags | kMetadata);
}

NotifyNews Notifier::compare(Look look, MailboxId selected) {
  NotifyNews news;
  if (look.mailboxes.size() > kWatchedMax) {
    news.overflow = true;
    return news;
  }
  if (look.whole) compare_tree(look, news);
  for (reading::SeenMailbox& seen : look.mailboxes) {
    auto known = known_.find(seen.mailbox.id);
    if (known == known_.end()) continue;
    if (auto now = look.annotations.find(seen.mailbox.id); now != look.annotations.end()) {
      std::string name = shown_name(seen);
      std::vector<std::string> entries = update_entries(known->second.entries, now->second);
      if (!entries.empty()) news.metadata.push_back({std::move(name), std::move(entries)});
    }
    compare_mailbox(known->second, std::move(seen), selected, news);
  }
  if (look.whole && (program_->events() & kServerMetadata) != 0) {
    std::vector<std::string> entries = update_entries(server_entries_, look.server);
    if (!entries.empty()) news.metadata.push_back({"", std::move(entries)});
  }
  own_names_.clear();
  if (!began_) news = {};
  began_ = true;
  return news;
}

void Notifier::compare_mailbox(Known& known, reading::SeenMailbox&& seen, MailboxId selected,
                               NotifyNews& news) {
  store::Mailbox& before = known.seen.mailbox;
  store::Mailbox& now = seen.mailbox;
  bool messages = now.uid_next != before.uid_next || now.messages != before.messages;
  bool flags = !messages && now.modseq != before.modseq;
  if (messages && !own_arrivals_.empty()) {
    // Nothing but what the client itself has put there.
    auto own = own_arrivals_.find(now.id);
    uint64_t count = 0;
    if (own != own_arrivals_.end()) {
      for (const auto& range : own->second) count += uint64_t{range.last} - range.first + 1;
      own_arrivals_.erase(own);
    }
    if (count > 0 && now.messages == before.messages + count) messages = false;
  }
  now.keywords = {};
  known.seen = std::move(seen);
  known.name = shown_name(known.seen);
  known.events = events_of(known.seen, known.name);
  if (known.seen.mailbox.id == selected) return;
  bool wants_flags = (known.events & kFlags) != 0;
  if ((messages && (known.events & kMessages) != 0) || (flags && wants_flags)) {
    news.statuses.push_back({.name = known.name,
                             .status = status_of(known.seen.mailbox, known.seen.reader),
                             .messages = messages,
                             .flags = wants_flags});
  }
}

std::vector<std::string> Notifier::update_entries(Entries& known, const std::vector<store::Annotation>& now) {
  Entries entries;
  for (const store::Annotation& a : now) entries[a.entry] = std::hash<std::string>()(a.value);
  std::vector<std::string> changed;
  for (const auto& [entry, hash] : entries) {
    auto before = known.find(entry);
    if (before == known.end() || before->second != hash) changed.push_back(entry);
  }
  for (const auto& [entry, hash] : known) {
    if (!entries.contains(entry)) changed.push_back(entry);
  }
  known = std::move(entries);
  return changed;
}

// A name as it is now.
ListNews Notifier::describe(const std::string& name) const {
  ListNews line{.name = name, .subscribed = is_subscribed(name)};
  auto found = names_.find(name);
  line.exists = found != names_.end();
  line.no_select = line.exists && !known_.at(found->second).seen.rights.has('r');
  auto below = names_.upper_bound(name);
  line.has_children = below != names_.end() && below->first.starts_with(name + kDelimiter);
  return line;
}

// The client has done it itself.
bool Notifier::is_quiet(std::string_view name) {
  return own_names_.contains(name);
}

// RFC 5465 §5.4: what is made or deleted, and what is directly above it.
void Notifier::tell_name(NotifyNews& news, ListNews line, unsigned events) {
  if ((events & kNames) == 0) return;
  bool whole_life = line.old_name.empty();
  std::string name = line.name;
  news.lists.push_back(std::move(line));
  size_t slash = name.rfind(kDelimiter);
  if (!whole_life || slash == std::string::npos) return;
  std::string above = name.substr(0, slash);
  if (is_namespace_root(above)) return;
  if (std::ranges::find(news.lists, above, &ListNews::name) == news.lists.end())
    news.lists.push_back(describe(above));
}

void Notifier::compare_tree(Look& look, NotifyNews& news) {
  std::vector<std::string> subscriptions_before = std::move(subscriptions_);
  subscriptions_ = std::move(look.subscriptions);
  std::vector<MailboxId> made;
  Renames renames;
  std::unordered_set<MailboxId> there;
  names_.clear();
  owners_.clear();
  for (const reading::SeenMailbox& seen : look.mailboxes) {
    MailboxId id = seen.mailbox.id;
    there.insert(id);
    std::string name = shown_name(seen);
    names_.emplace(name, id);
    if (!seen.own && program_->beyond_own()) owners_.insert(seen.mailbox.account);
    auto [entry, is_new] = known_.try_emplace(id);
    Known& known = entry->second;
    if (is_new) {
      known.seen = seen;
      known.name = name;
      made.push_back(id);
      // What is in it already is news as well.
      if (began_) known.seen.mailbox.uid_next = Uid{1};
      if (began_) known.seen.mailbox.messages = 0;
    } else if (known.name != name) {
      renames.emplace(std::exchange(known.name, name), id);
    }
    known.seen.rights = seen.rights;
    known.events = events_of(seen, name);
  }
  std::vector<Known> gone;
  std::erase_if(known_, [&](auto& entry) {
    if (there.contains(entry.first)) return false;
    gone.push_back(std::move(entry.second));
    return true;
  });
  if (!began_) return;
  for (const Known& known : gone) tell_gone(known, look.out_of_sight.contains(known.seen.mailbox.id), news);
  tell_renames(renames, news);
  for (MailboxId id : made) tell_made(known_.at(id), news);
  if ((program_->events() & kSubscriptions) != 0) tell_subscriptions(subscriptions_before, news);
}

// RFC 5465 §5.9: who loses the right to see a mailbox is told, and so when it is back.
void Notifier::tell_gone(const Known& known, bool out_of_sight, NotifyNews& news) {
  const std::string& name = known.name;
  if (out_of_sight && known.events != 0) {
    told_no_access_.insert(name);
    news.lists.push_back({.name = name, .no_access = true});
  } else if (!is_quiet(name)) {
    tell_name(news, describe(name), known.events);
  }
}

void Notifier::tell_made(const Known& known, NotifyNews& news) {
  const std::string& name = known.name;
  bool is_back = told_no_access_.erase(name) > 0;
  if (!is_quiet(name)) tell_name(news, describe(name), is_back ? unsigned{kNames} : known.events);
}

void Notifier::tell_renames(const Renames& renames, NotifyNews& news) {
  // RFC 5465 §5.4: what moved with the mailbox above it is not told by itself.
  auto moved_along = [&](const std::string& from, const std::string& to) {
    for (size_t slash = from.rfind(kDelimiter); slash != std::string::npos && slash > 0;
         slash = from.rfind(kDelimiter, slash - 1)) {
      auto above = renames.find(from.substr(0, slash));
      if (above != renames.end() && to == known_.at(above->second).name + from.substr(slash)) return true;
    }
    return false;
  };
  for (const auto& [from, id] : renames) {
    const Known& known = known_.at(id);
    if (moved_along(from, known.name) || is_quiet(known.name)) continue;
    ListNews line = describe(known.name);
    line.old_name = from;
    tell_name(news, std::move(line),
              known.events | program_->events_of(from, known.seen.own, is_subscribed(from)));
  }
}

void Notifier::tell_subscriptions(const std::vector<std::string>& before, NotifyNews& news) {
  std::vector<std::string> changed;
  std::ranges::set_symmetric_difference(before, subscriptions_, std::back_inserter(changed));
  for (const std::string& name : changed) {
    bool own = !name.starts_with(kOthersPrefix) && !name.starts_with(kSharedPrefix);
    bool wanted = (program_->events_of(name, own, true) & kSubscriptions) != 0;
    bool told = std::ranges::find(news.lists, name, &ListNews::name) != news.lists.end();
    if (wanted && !told && !is_quiet(name)) news.lists.push_back(describe(name));
  }
}

bool Notifier::tell_unseen(MailboxId mailbox, uint64_t unseen) {
  auto known = known_.find(mailbox);
  return known == known_.end() || std::exchange(known->second.unseen, unseen) != unseen;
}

std::vector<StatusNews> Notifier::all_statuses(MailboxId selected) const {
  std::vector<StatusNews> out;
  for (const auto& [name, id] : names_) {
    const Known& known = known_.at(id);
    if (id == selected || (known.events & kMessages) == 0) continue;
    out.push_back({.name = name,
                   .status = status_of(known.seen.mailbox, known.seen.reader),
                   .messages = true,
                   .flags = (known.events & kFlags) != 0});
  }
  return out;
}

std::vector<std::string> Notifier::no_access() const {
  std::vector<std::string> out;
  for (const auto& [name, id] : names_) {
    const reading::SeenMailbox& seen = known_.at(id).seen;
    if (!seen.rights.has('r') && program_->names(name)) out.push_back(name);
  }
  return out;
}

}  // namespace pabal::serve::imap
