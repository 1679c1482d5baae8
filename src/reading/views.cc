#include "reading/views.h"

#include <algorithm>

#include "reading/known_mailboxes.h"
#include "reading/news.h"
#include "reading/trees.h"

namespace pabal::reading {

namespace {

constexpr size_t kKeptViewsMax = 4096;

}  // namespace

rt::Task<void> View::refresh() {
  while (stale() && !removed_) {
    if (refreshing_) {
      co_await refreshed_.wait();
      continue;
    }
    refreshing_ = true;
    stale_ = false;  // what changes from here on is not in the read's snapshot
    // What another loop has read need not be read again.
    if (std::shared_ptr<const MailboxState> shared = loaded_ ? nullptr : shared_.find({id(), reader()})) {
      state_ = std::move(shared);
      loaded_ = true;
    }
    const Known known = loaded_ ? Known::everything : reader() ? Known::as_nobody_sees_it : Known::nothing;
    std::optional<News> news;
    std::exception_ptr error;
    try {
      news = co_await store_.read(read_news, mailbox(), reader(), known);
    } catch (...) {
      error = std::current_exception();
    }
    refreshing_ = false;
    if (error) {
      ++refreshes_;
      stale_ = true;
    } else {
      take_over(std::move(*news));
    }
    refreshed_.notify();
    if (error) std::rethrow_exception(error);
  }
}

void View::take_over(News news) {
  ++refreshes_;
  if (!news.mailbox) {
    removed_ = true;
    return;
  }
  std::shared_ptr<const Snapshot> snapshot = now();
  if (!news.upserts.empty() || !news.removed.empty()) snapshot = snapshot->with(news.upserts, news.removed);
  state_ = std::make_shared<const MailboxState>(
      MailboxState{.mailbox = std::move(*news.mailbox), .snapshot = std::move(snapshot), .reader = reader()});
  loaded_ = true;
  shared_.put(state_);
}

bool View::take(ModSeq since, News news) {
  if (!loaded_ || removed_ || refreshing_ || mailbox().modseq != since) return false;
  take_over(std::move(news));
  return !removed_;
}

Views::Views(store::Store& store, SharedSnapshots& shared, Trees& trees, KnownMailboxes& known,
             size_t unused_octets_max)
    : store_(store), shared_(shared), trees_(trees), known_(known), unused_octets_max_(unused_octets_max) {
  subscription_ = store_.subscribe(
      rt::Loop::current(), [this](const std::vector<store::MailboxChange>& changes) { changed(changes); });
}

Views::~Views() = default;

// Where the view of somebody who has none begins.
rt::Task<std::optional<MailboxState>> Views::begin(ViewKey key) {
  if (key.reader) {
    std::shared_ptr<View> nobodys = co_await open(key.mailbox, AccountId{});
    if (!nobodys) co_return std::nullopt;
    co_return MailboxState{.mailbox = nobodys->mailbox(), .snapshot = nobodys->now(), .reader = key.reader};
  }
  auto query = [](store::Database& db, MailboxId mailbox) { return store::find_mailbox(db, mailbox); };
  std::optional<store::Mailbox> mailbox = co_await store_.read(query, key.mailbox);
  if (!mailbox) co_return std::nullopt;
  co_return MailboxState{
      .mailbox = std::move(*mailbox), .snapshot = std::make_shared<const Snapshot>(), .reader = {}};
}

rt::Task<std::shared_ptr<View>> Views::open(MailboxId id, AccountId reader) {
  const ViewKey key{id, reader};
  std::shared_ptr<View> view = views_[key].lock();
  if (!view) {
    std::optional<MailboxState> begun = co_await begin(key);
    if (!begun) {
      views_.erase(key);
      co_return nullptr;
    }
    view = views_[key].lock();  // another session may have been faster
    if (!view) {
      view = std::make_shared<View>(store_, shared_, std::move(*begun));
      views_[key] = view;
    }
  }
  co_await view->refresh();
  if (view->removed()) co_return nullptr;
  keep(view);
  co_return view;
}

std::shared_ptr<View> Views::find_open(MailboxId id, AccountId reader) {
  auto found = views_.find({id, reader});
  std::shared_ptr<View> view = found == views_.end() ? nullptr : found->second.lock();
  return view && view->loaded() ? view : nullptr;
}

// Views that were used last stay for the next session: reading them again costs
// more than their memory.
void Views::keep(std::shared_ptr<View> view) {
  kept_.remove(view);
  kept_.push_front(std::move(view));
  size_t octets = 0, count = 0;
  for (auto kept = kept_.begin(); kept != kept_.end();) {
    octets += (*kept)->now()->octets();
    bool drop = ++count > kKeptViewsMax || (octets > unused_octets_max_ && count > 1) || (*kept)->removed();
    if (!drop) {
      ++kept;
      continue;
    }
    octets -= (*kept)->now()->octets();
    const ViewKey key{(*kept)->id(), (*kept)->reader()};
    kept = kept_.erase(kept);
    if (auto found = views_.find(key); found != views_.end() && found->second.expired()) views_.erase(found);
  }
}

void Views::watch_account(AccountId account, Observer& observer) {
  account_watchers_.emplace(account, &observer);
}

void Views::unwatch_account(AccountId account, Observer& observer) {
  auto [begin, end] = account_watchers_.equal_range(account);
  for (auto it = begin; it != end; ++it) {
    if (it->second != &observer) continue;
    account_watchers_.erase(it);
    return;
  }
}

void Views::changed(const std::vector<store::MailboxChange>& changes) {
  if (std::ranges::all_of(changes, &store::MailboxChange::threads_only)) return;
  trees_.changed();
  known_.changed(changes);
  for (const store::MailboxChange& change : changes) {
    if (change.threads_only) continue;
    auto found = views_.lower_bound({change.mailbox, AccountId{}});
    while (found != views_.end() && found->first.mailbox == change.mailbox) {
      if (std::shared_ptr<View> view = found->second.lock()) {
        view->stale_ = true;
        for (Observer* watcher : view->watchers) watcher->wake();
        ++found;
      } else {
        found = views_.erase(found);
      }
    }
    auto [begin, end] = account_watchers_.equal_range(change.account);
    for (auto it = begin; it != end; ++it) it->second->account_changed(change.mailbox);
  }
}

}  // namespace pabal::reading
