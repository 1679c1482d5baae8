// One mail for a thousand mailboxes: one commit, one copy of its bytes.
#include <gtest/gtest.h>

#include "../support/store_work.h"
#include "intake/intake.h"
#include "sim/world.h"

namespace pabal::intake {
namespace {

constexpr int kAccounts = 1000;

int64_t count(store::Store& store, const std::string& sql) {
  int64_t n = 0;
  store.execute_now([&](store::Transaction& tx) {
    store::Statement select = tx.db.prepare(sql);
    if (select.step()) n = select.number(0);
  });
  return n;
}

rt::Task<void> scenario(io::World& world) {
  auto store = store::Store::open(world, {.directory = "/pabal"});
  std::move_only_function<void(store::Transaction&)> settle = [&](store::Transaction& tx) {
    ASSERT_TRUE(directory::add_domain(*store, tx, "seoul.test"));
    for (int i = 0; i < kAccounts; ++i) {
      std::string address = "u" + std::to_string(i) + "@seoul.test";
      ASSERT_TRUE(directory::add_account(*store, tx, world.random, address, ""));
    }
  };
  co_await test::write(*store, std::move(settle));

  directory::Directory directory(world, *store);
  queue::Queue queue(world, *store, queue::default_queue_options());
  Intake intake(world, directory, *store, queue, {.hostname = "mx.seoul.test"});
  Incoming incoming;
  incoming.bytes = "From: a@client.test\r\n\r\n" + std::string(100'000, 'x') + "\r\n";
  for (int i = 0; i < kAccounts; ++i) {
    Recipient recipient;
    recipient.path = {"u" + std::to_string(i), "seoul.test"};
    recipient.where = co_await directory.resolve(recipient.path);
    incoming.envelope.recipients.push_back(std::move(recipient));
  }
  std::string bytes = incoming.bytes;
  store::Store::Counters before = store->counters();
  MessageId id = co_await intake.accept(std::move(incoming));
  store::Store::Counters after = store->counters();

  EXPECT_EQ(after.commits - before.commits, 1u);
  EXPECT_LT(after.blob_octets - before.blob_octets, bytes.size() + 8192);
  EXPECT_EQ(count(*store, "SELECT count(*) FROM message"), 1);
  EXPECT_EQ(count(*store, "SELECT count(*) FROM mail"), kAccounts);
  EXPECT_EQ(count(*store, "SELECT count(DISTINCT mailbox) FROM mail"), kAccounts);
  std::string read = co_await store->message_bytes(id);
  EXPECT_EQ(read, bytes);
  queue.detach();
  co_await store->close();
}

TEST(Intake, StoresAMailForAThousandMailboxesOnce) {
  sim::SimWorld sim(1);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  sim.run(scenario(world));
}

}  // namespace
}  // namespace pabal::intake
