#include "store/feed_trim.h"

#include <algorithm>
#include <utility>

#include "store/feed.h"

namespace pabal::store {

namespace {

constexpr size_t kAccountsAtOnce = 100;
constexpr uint64_t kRowsAtOnce = 1000;  // some milliseconds, in which nobody else writes
// An account is looked at after so many commits that changed it, or that long.
constexpr uint64_t kLookAfterChanges = 1000;
constexpr Duration kLookEvery = std::chrono::hours(1);

// The MODSEQ of the newest row that is too old when `rows` stay; 0: there are no more.
int64_t newest_behind(Database& db, AccountId account, uint64_t rows) {
  Statement select = db.prepare(
      "SELECT modseq FROM change WHERE account = ? ORDER BY modseq DESC, mailbox DESC, uid DESC LIMIT 1 "
      "OFFSET ?");
  select.bind(account.value).bind(static_cast<int64_t>(rows));
  return select.step() ? select.number(0) : 0;
}

// What all consumers have passed; nullopt: there are none.
std::optional<int64_t> passed_by_all(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT min(modseq) - 1 FROM feed_cursor WHERE account = ?");
  select.bind(account.value);
  if (!select.step() || select.is_null(0)) return std::nullopt;
  return select.number(0);
}

int64_t horizon_of(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT feed_horizon FROM account WHERE id = ?");
  return select.bind(account.value).step() ? select.number(0) : 0;
}

// Where the horizon is to be.
int64_t wanted_horizon(Database& db, AccountId account, uint64_t rows_max) {
  const int64_t now = horizon_of(db, account);
  int64_t wanted = newest_behind(db, account, rows_max);
  if (wanted <= now) return now;
  const std::optional<int64_t> passed = passed_by_all(db, account);
  if (passed && *passed < wanted)
    wanted = std::max(*passed, newest_behind(db, account, kHeldFactor * rows_max));
  return std::max(now, wanted);
}

void set_horizon(Transaction& tx, AccountId account, int64_t modseq) {
  tx.db.prepare("UPDATE account SET feed_horizon = ? WHERE id = ?").bind(modseq).bind(account.value).run();
}

bool has_rows_behind(Database& db, AccountId account, int64_t horizon) {
  Statement select = db.prepare("SELECT 1 FROM change WHERE account = ? AND modseq <= ? LIMIT 1");
  return select.bind(account.value).bind(horizon).step();
}

// Where so many rows behind the horizon end, or all of them.
FeedPoint end_of_step(Database& db, AccountId account, int64_t horizon, uint64_t rows) {
  Statement select = db.prepare(
      "SELECT modseq, mailbox, uid FROM change WHERE account = ? AND modseq <= ? "
      "ORDER BY modseq, mailbox, uid LIMIT 1 OFFSET ?");
  select.bind(account.value).bind(horizon).bind(static_cast<int64_t>(rows));
  if (!select.step()) return behind(ModSeq{horizon});
  return {{select.number(0)}, {select.number(1)}, {select.number(2)}, 0};
}

std::vector<AccountId> list_accounts_behind(Database& db, AccountId after, size_t max) {
  Statement select = db.prepare("SELECT id FROM account WHERE id > ? ORDER BY id LIMIT ?");
  select.bind(after.value).bind(static_cast<int64_t>(max));
  std::vector<AccountId> accounts;
  while (select.step()) accounts.push_back(AccountId{select.number(0)});
  return accounts;
}

}  // namespace

bool trim_feed(Transaction& tx, AccountId account, uint64_t rows_max, uint64_t rows_step) {
  const int64_t horizon = wanted_horizon(tx.db, account, rows_max);
  if (horizon != horizon_of(tx.db, account)) set_horizon(tx, account, horizon);
  const FeedPoint end = end_of_step(tx.db, account, horizon, rows_step);
  tx.db.prepare("DELETE FROM change WHERE account = ? AND (modseq, mailbox, uid) < (?, ?, ?)")
      .bind(account.value)
      .bind(end.modseq.value)
      .bind(end.mailbox.value)
      .bind(end.uid.value)
      .run();
  return end != behind(ModSeq{horizon});
}

void forget_feed(Transaction& tx, AccountId account) {
  tx.db.prepare("UPDATE account SET feed_horizon = modseq WHERE id = ?").bind(account.value).run();
  tx.db.prepare("DELETE FROM change WHERE account = ?").bind(account.value).run();
}

bool is_too_long(Database& db, AccountId account, uint64_t rows_max) {
  const int64_t now = horizon_of(db, account);
  return wanted_horizon(db, account, rows_max) > now || has_rows_behind(db, account, now);
}

FeedTrimmer::FeedTrimmer(io::World& world, Store& store, uint64_t rows_max)
    : world_(world), store_(store), rows_max_(rows_max) {}

void FeedTrimmer::stop() {
  stopping_ = true;
  wake_.notify();
}

rt::Task<void> FeedTrimmer::run() {
  auto changed = [this](const std::vector<MailboxChange>& changes) {
    for (const MailboxChange& change : changes) {
      if (change.account && ++changes_[change.account] == kLookAfterChanges) wake_.notify();
    }
  };
  std::unique_ptr<Subscription> subscription = store_.subscribe(rt::Loop::current(), changed);
  bool all = true;  // what the last one left
  while (!stopping_) {
    try {
      co_await (all ? trim_all() : trim_changed());
      all = false;
    } catch (const std::exception& e) {
      world_.log.warning("store.trim_failed", {{"reason", e.what()}});
    }
    if (!stopping_) co_await wake_.wait(rt::Loop::current().now() + kLookEvery);
  }
}

rt::Task<void> FeedTrimmer::trim_all() {
  for (AccountId after{INT64_MIN}; !stopping_;) {
    std::vector<AccountId> accounts = co_await store_.read(list_accounts_behind, after, kAccountsAtOnce);
    if (accounts.empty()) co_return;
    after = accounts.back();
    co_await trim(std::move(accounts));
  }
}

rt::Task<void> FeedTrimmer::trim_changed() {
  std::vector<AccountId> accounts;
  for (const auto& [account, count] : std::exchange(changes_, {})) accounts.push_back(account);
  co_await trim(std::move(accounts));
}

rt::Task<void> FeedTrimmer::trim(std::vector<AccountId> accounts) {
  for (AccountId account : accounts) {
    bool more = !stopping_ && co_await store_.read(is_too_long, account, rows_max_);
    while (more && !stopping_) more = co_await store_.write(trim_feed, account, rows_max_, kRowsAtOnce);
  }
}

}  // namespace pabal::store
