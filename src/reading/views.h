// Views: the mailboxes that sessions of one loop have open, each kept up to date
// once for all of them. The store tells which mailboxes changed; what changed is
// read when somebody looks.
//
// In a group's mailbox each reader has a view of his own, because \Seen is his own. It
// begins as the one that nobody in particular reads, with what he has read laid over
// it, and shares the memory of the rest with it (Snapshot).
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "io/world.h"
#include "reading/news.h"
#include "reading/observer.h"
#include "reading/shared_snapshots.h"
#include "reading/snapshot.h"
#include "rt/event.h"
#include "store/store.h"

namespace pabal::reading {

class KnownMailboxes;
class Trees;

// One mailbox as it is now.
class View {
 public:
  // begun: as it is not read yet; with a reader, as nobody in particular sees it.
  View(store::Store& store, SharedSnapshots& shared, MailboxState begun)
      : store_(store), shared_(shared), state_(std::make_shared<const MailboxState>(std::move(begun))) {}

  MailboxId id() const { return mailbox().id; }
  AccountId owner() const { return mailbox().account; }
  // Whose own \Seen it has; none: it is everybody's.
  AccountId reader() const { return state_->reader; }
  // As of the last refresh(); `messages` and `octets` are of that moment.
  const store::Mailbox& mailbox() const { return state_->mailbox; }
  const std::shared_ptr<const Snapshot>& now() const { return state_->snapshot; }
  bool loaded() const { return loaded_; }
  // What has changed is not in now() yet.
  bool stale() const { return stale_ || refreshing_; }
  bool removed() const { return removed_; }  // the mailbox has been deleted
  uint64_t refreshes() const { return refreshes_; }

  // Reads what has changed. Several may wait for the same read. Throws StoreError.
  rt::Task<void> refresh();
  // What a commit has found out for a session that has the mailbox open: read_news() in
  // its transaction, of what was known at `since`. False: the view has gone on meanwhile,
  // refresh it. It may be stale afterwards, because of what others have done since.
  bool take(ModSeq since, News news);

  std::unordered_set<Observer*> watchers;  // woken when it changes

 private:
  friend class Views;
  void take_over(News news);

  store::Store& store_;
  SharedSnapshots& shared_;
  std::shared_ptr<const MailboxState> state_;
  bool loaded_ = false;
  bool stale_ = true;
  bool removed_ = false;
  bool refreshing_ = false;
  uint64_t refreshes_ = 0;
  rt::Event refreshed_;
};

class Views {
 public:
  // On the loop whose sessions use it. unused_octets_max: memory for views that
  // no session has open any more.
  // trees, known: told of changes before the observers are.
  Views(store::Store& store, SharedSnapshots& shared, Trees& trees, KnownMailboxes& known,
        size_t unused_octets_max);
  ~Views();

  // Up to date. reader: as SeenMailbox says. nullptr: there is no such mailbox. Throws StoreError.
  rt::Task<std::shared_ptr<View>> open(MailboxId id, AccountId reader);
  // nullptr unless it has been read by somebody; may be stale.
  std::shared_ptr<View> find_open(MailboxId id, AccountId reader);

  // Who wants to hear of every change in an account.
  void watch_account(AccountId account, Observer& observer);
  void unwatch_account(AccountId account, Observer& observer);

 private:
  rt::Task<std::optional<MailboxState>> begin(ViewKey key);
  void changed(const std::vector<store::MailboxChange>& changes);
  void keep(std::shared_ptr<View> view);

  store::Store& store_;
  SharedSnapshots& shared_;
  Trees& trees_;
  KnownMailboxes& known_;
  const size_t unused_octets_max_;
  std::map<ViewKey, std::weak_ptr<View>> views_;
  std::list<std::shared_ptr<View>> kept_;  // last used first
  std::unordered_multimap<AccountId, Observer*> account_watchers_;
  std::unique_ptr<store::Subscription> subscription_;
};

}  // namespace pabal::reading
