// Changing mailboxes on a disk that fails: every I/O operation once, and a crash
// at every one of them. A command has happened whole or not at all, one that was
// acknowledged has happened, and the counters are right.
#include "store/changes.h"
#include "store/check.h"
#include "store/private_seen.h"
#include "store/sharing.h"
#include "store/summaries.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount};
constexpr AccountId kReader{40};  // of kMe's, which is a group
constexpr int kMails = 6, kCommands = 9;

StoreOptions sim_options() {
  StoreOptions options = small_options("/data");
  options.segment_octets = 32 << 10;
  return options;
}

// The n-th thing that a client asks for.
void command(Transaction& tx, int n) {
  MailboxId inbox = inbox_of(tx.db);
  const UidRanges all{{{1}, {INT64_MAX}}};
  switch (n) {
    case 0:
      change_flags(tx, kMe, inbox, all, {FlagChange::add, keyword_bits(tx, kMe, inbox, {"$Work"}).value()});
      break;
    case 1:
      (void)create_mailbox(tx, kMe, "a/b", "");
      break;
    case 2:
      copy_mails(tx, inbox, all, kMe, *find_mailbox(tx.db, kMe, "a/b"));
      break;
    case 3:
      expunge(tx, kMe, inbox, {{{2}, {4}}});
      break;
    case 4:
      (void)rename_mailbox(tx, kMe, "a/b", "c");
      break;
    case 5:
      (void)rename_mailbox(tx, kMe, "INBOX", "d");
      break;
    case 6:
      (void)delete_mailbox(tx, kMe, "c");
      break;
    case 7:
      change_flags(tx, kMe, *find_mailbox(tx.db, kMe, "d"), all, {FlagChange::add, kSeen}, kReader);
      break;
    case 8: {
      MailboxId trash = *find_mailbox(tx.db, kMe, "Trash"), d = *find_mailbox(tx.db, kMe, "d");
      Copied moved = copy_mails(tx, d, all, kMe, trash, ~uint64_t{0}, false,
                                {.from = kReader, .to = kReader, .all = true});
      expunge(tx, kMe, d, moved.from);
    }
  }
}

// How many commands the store shows; each leaves a trace of its own.
int commands_done(Database& db) {
  MailboxId inbox = inbox_of(db);
  bool c = find_mailbox(db, kMe, "c").has_value();
  if (std::optional<MailboxId> d = find_mailbox(db, kMe, "d")) {
    if (!list_private_seen(db, *find_mailbox(db, kMe, "Trash"), kReader).empty()) return 9;
    return c ? 6 : list_private_seen(db, *d, kReader).empty() ? 7 : 8;
  }
  if (c) return 5;
  if (std::optional<MailboxId> b = find_mailbox(db, kMe, "a/b"))
    return list_mails(db, *b).empty() ? 2 : list_mails(db, inbox).size() == kMails ? 3 : 4;
  return find_mailbox(db, inbox)->keywords.empty() ? 0 : 1;
}

struct Told {
  bool furnished = false;
  int done = 0;  // commands that were acknowledged, one after the other
  size_t noticed = 0;
};

rt::Task<void> furnish(Store& store) {
  for (int i = 0; i < kMails; ++i) {
    std::string bytes = text_of(i % 2 == 0 ? 700 : 9000);
    MessageId id = co_await deliver(store, std::move(bytes));
    auto summarize = [id](Transaction& tx) { put_summary(tx, {.message = id}, {id, "subject:", "body"}); };
    co_await test::write(store, summarize);
  }
}

rt::Task<void> carry_out(Store& store, Told& told) {
  std::unique_ptr<Subscription> subscription =
      store.subscribe(rt::Loop::current(), [&](const std::vector<MailboxChange>&) { ++told.noticed; });
  try {
    while (told.done < kCommands) {
      auto work = [n = told.done](Transaction& tx) { command(tx, n); };
      co_await test::write(store, work);
      ++told.done;
      EXPECT_EQ(told.noticed, static_cast<size_t>(told.done));
    }
  } catch (const StoreError&) {
    // Of the one that failed nobody was told.
    EXPECT_EQ(told.noticed, static_cast<size_t>(told.done));
  }
  subscription = nullptr;
  co_await store.close();
}

// Mails without faults, then the commands under them.
void serve(sim::SimWorld& sim, sim::SimHost& host, Told& told, const std::function<void()>& arm) {
  io::World world = host.world();
  {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    store->execute_now([](Transaction& tx) {
      make_account(tx);
      make_account(tx, kReader.value);
      tx.db.prepare("UPDATE account SET shared = 1 WHERE id = ?").bind(kMe.value).run();
    });
    auto fill = [](Store& s) -> rt::Task<void> {
      co_await furnish(s);
      co_await s.close();
    };
    sim.run(fill(*store));
  }
  arm();
  try {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    sim.run(carry_out(*store, told));
  } catch (const StoreError&) {
    // It could not be opened.
  }
}

void check(sim::SimWorld& sim, sim::SimHost& host, const Told& told) {
  io::World world = host.world();
  {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    auto look = [](Store& s, const Told& t) -> rt::Task<void> {
      auto count = [](Database& db) { return commands_done(db); };
      int done = co_await test::read(s, count);
      EXPECT_GE(done, t.done);
      EXPECT_LE(done, t.done + 1);
      // And it goes on from there.
      for (; done < kCommands; ++done) {
        auto work = [done](Transaction& tx) { command(tx, done); };
        co_await test::write(s, work);
      }
      auto counted = co_await test::read(s, count);
      EXPECT_EQ(counted, kCommands);
      co_await s.close();
    };
    sim.run(look(*store, told));
  }
  for (const Finding& finding : check_store(world, "/data", {}, kSilent).findings)
    ADD_FAILURE() << finding.where << ": " << finding.what;
}

TEST(MailboxFaults, EveryOperationMayFailOnce) {
  uint64_t n = 0;
  for (;; ++n) {
    sim::SimWorld sim(7);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    Told told;
    serve(sim, host, told, [&] { sim.faults().fail_at(n); });
    bool fired = sim.faults().fired();
    SCOPED_TRACE("operation " + std::to_string(n) + ": " + sim.faults().fired_operation());
    sim.faults().clear();
    ASSERT_NO_THROW(check(sim, host, told));
    if (testing::Test::HasFailure()) return;
    if (!fired) break;
  }
  EXPECT_GT(n, 20u);
}

TEST(MailboxFaults, PowerMayGoAtEveryOperation) {
  for (uint64_t seed = 0; seed < 2; ++seed) {
    for (uint64_t n = seed;; n += 2) {
      sim::SimWorld sim(seed);
      sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
      Told told;
      serve(sim, host, told, [&] { sim.faults().happen_at(n, [&] { host.power_off(); }); });
      bool fired = sim.faults().fired();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(n) + ": " +
                   sim.faults().fired_operation());
      sim.faults().clear();
      host.power_off();
      host.power_on();
      ASSERT_NO_THROW(check(sim, host, told));
      if (testing::Test::HasFailure()) return;
      if (!fired) break;
    }
  }
}

}  // namespace
}  // namespace pabal::store
