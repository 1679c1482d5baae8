// One mail for a thousand mailboxes: one commit, one copy of its bytes.
#include <gtest/gtest.h>
#include <map>

#include "../support/store_work.h"
#include "directory/admin.h"
#include "intake/intake.h"
#include "proto/dsn/dsn.h"
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

// An alias of three, of whom one has no room.
rt::Task<void> full_member(io::World& world) {
  auto store = store::Store::open(world, {.directory = "/pabal"});
  std::move_only_function<void(store::Transaction&)> settle = [&](store::Transaction& tx) {
    ASSERT_TRUE(directory::add_domain(*store, tx, "seoul.test"));
    for (const char* name : {"a@seoul.test", "b@seoul.test", "c@seoul.test"}) {
      ASSERT_TRUE(directory::add_account(*store, tx, world.random, name, ""));
      ASSERT_TRUE(directory::add_alias(tx, "team@seoul.test", name));
    }
    ASSERT_TRUE(directory::set_quota(tx, "b@seoul.test", 100));
    ASSERT_TRUE(directory::set_disabled(tx, "c@seoul.test", true));
  };
  co_await test::write(*store, std::move(settle));

  directory::Directory directory(world, *store);
  queue::Queue queue(world, *store, queue::default_queue_options());
  Intake intake(world, directory, *store, queue, {.hostname = "mx.seoul.test"});
  for (const char* name : {"team", "b"}) {
    for (const char* peer : {"192.0.2.77", ""}) {
      Incoming incoming;
      incoming.origin.peer = peer;
      incoming.bytes = "From: a@client.test\r\n\r\nhello\r\n";
      Recipient recipient;
      recipient.path = {name, "seoul.test"};
      recipient.where = co_await directory.resolve(recipient.path);
      incoming.envelope.recipients.push_back(std::move(recipient));
      bool refused = false;
      try {
        co_await intake.accept(std::move(incoming));
      } catch (const OverQuota& e) {
        refused = true;
        EXPECT_EQ(e.recipient(), "b@seoul.test");
      }
      EXPECT_EQ(refused, std::string_view(name) == "b" && *peer != '\0') << name << peer;
    }
  }
  auto mails = [&](const std::string& name) {
    return count(*store,
                 "SELECT messages FROM mailbox JOIN account ON account.inbox = mailbox.id WHERE address = '" +
                     name + "@seoul.test'");
  };
  EXPECT_EQ(mails("a"), 2);
  EXPECT_EQ(mails("b"), 0);
  EXPECT_EQ(mails("c"), 2) << "nobody logs in, mail still arrives";
  EXPECT_EQ(count(*store,
                  "SELECT count(*) FROM queue_entry JOIN account ON account.id = queue_entry.account "
                  "WHERE address = 'b@seoul.test' AND local_part = 'team'"),
            2);
  EXPECT_EQ(count(*store, "SELECT count(*) FROM queue_entry"), 3);
  queue.detach();
  co_await store->close();
}

// What asks for reports of success; one recipient and one member of an alias have no room.
rt::Task<void> reported(io::World& world) {
  auto store = store::Store::open(world, {.directory = "/pabal"});
  std::move_only_function<void(store::Transaction&)> settle = [&](store::Transaction& tx) {
    ASSERT_TRUE(directory::add_domain(*store, tx, "seoul.test"));
    for (const char* name : {"a@seoul.test", "b@seoul.test", "c@seoul.test", "writer@seoul.test"})
      ASSERT_TRUE(directory::add_account(*store, tx, world.random, name, ""));
    for (const char* name : {"a@seoul.test", "c@seoul.test"})
      ASSERT_TRUE(directory::add_alias(tx, "team@seoul.test", name));
    for (const char* name : {"b@seoul.test", "c@seoul.test"})
      ASSERT_TRUE(directory::set_quota(tx, name, 100));
  };
  co_await test::write(*store, std::move(settle));
  directory::Directory directory(world, *store);
  queue::Queue queue(world, *store, queue::default_queue_options());
  Intake intake(world, directory, *store, queue, {.hostname = "mx.seoul.test"});
  Incoming incoming;
  incoming.origin.peer = "192.0.2.77";
  incoming.bytes = "From: writer@seoul.test\r\n\r\nhello\r\n";
  incoming.envelope.reverse_path.address = mail::Address{"writer", "seoul.test"};
  for (const char* name : {"a", "b", "team"}) {
    Recipient recipient;
    recipient.path = {name, "seoul.test"};
    recipient.notify.success = true;
    recipient.where = co_await directory.resolve(recipient.path);
    incoming.envelope.recipients.push_back(std::move(recipient));
  }
  co_await intake.accept(std::move(incoming));

  std::optional<directory::Account> writer = co_await directory.account("writer@seoul.test");
  std::vector<MessageId> ids;
  store->execute_now([&](store::Transaction& tx) {
    for (const store::Mail& mail : store::list_mails(tx.db, writer->inbox)) ids.push_back(mail.message);
  });
  EXPECT_EQ(ids.size(), 1u);
  std::string report = co_await store->message_bytes(ids.at(0));
  std::optional<proto::dsn::ParsedReport> read = proto::dsn::parse(report);
  std::map<std::string, std::string> actions;
  for (const proto::dsn::ParsedRecipient& one : read.value().recipients)
    actions[one.final_recipient] = one.action;
  EXPECT_EQ(actions, (std::map<std::string, std::string>{{"a@seoul.test", "delivered"},
                                                         {"team@seoul.test", "expanded"}}));
  // Of b success is reported when it is one; of the alias it has been.
  EXPECT_EQ(count(*store, "SELECT count(*) FROM queue_entry WHERE local_part = 'b' AND notify & 2"), 1);
  EXPECT_EQ(count(*store, "SELECT count(*) FROM queue_entry"), 2);
  queue.detach();
  co_await store->close();
}

rt::Task<void> several_addresses(io::World& world) {
  auto store = store::Store::open(world, {.directory = "/pabal"});
  std::move_only_function<void(store::Transaction&)> settle = [&](store::Transaction& tx) {
    ASSERT_TRUE(directory::add_domain(*store, tx, "seoul.test"));
    for (const char* name : {"alice@seoul.test", "bob@seoul.test"})
      ASSERT_TRUE(directory::add_account(*store, tx, world.random, name, ""));
    ASSERT_TRUE(directory::set_catch_all(tx, "seoul.test", "alice@seoul.test"));
  };
  co_await test::write(*store, std::move(settle));
  directory::Directory directory(world, *store);
  queue::Queue queue(world, *store, queue::default_queue_options());
  Intake intake(world, directory, *store, queue, {.hostname = "mx.seoul.test"});
  std::vector<directory::Account> accounts;
  for (const char* name : {"alice@seoul.test", "bob@seoul.test"})
    accounts.push_back((co_await directory.account(name)).value());

  // -> the mail as alice and as bob reads it
  for (std::vector<std::string> names : {std::vector<std::string>{"shop", "bob", "forum"}, {"shop"}}) {
    Incoming incoming;
    incoming.bytes = "From: a@client.test\r\n\r\nhello\r\n";
    for (const std::string& name : names) {
      Recipient recipient;
      recipient.path = {name, "seoul.test"};
      recipient.where = co_await directory.resolve(recipient.path);
      incoming.envelope.recipients.push_back(std::move(recipient));
    }
    MessageId id = co_await intake.accept(std::move(incoming));
    std::vector<std::string> read;
    for (const directory::Account& account : accounts) {
      std::vector<MessageId> ids{id};
      std::vector<store::MessageBytes> found = co_await store->messages(ids, UINT64_MAX, account.id);
      read.push_back(found.at(0).bytes);
      std::string sql = "SELECT size_octets FROM mail WHERE message = " + std::to_string(id.value) +
                        " AND mailbox = " + std::to_string(account.inbox.value);
      int64_t size = count(*store, sql);
      if (size != 0) EXPECT_EQ(size, static_cast<int64_t>(read.back().size()));
    }
    auto tells = [&](size_t who, const std::string& name) {
      return read[who].find("X-Original-To: " + name + "@seoul.test\r\nDelivered-To: " + name +
                            "@seoul.test\r\n") != std::string::npos;
    };
    bool both = names.size() > 1;
    EXPECT_TRUE(tells(0, "shop"));
    EXPECT_EQ(tells(0, "forum"), both);
    EXPECT_FALSE(tells(0, "bob"));
    EXPECT_EQ(tells(1, "bob"), both);
    if (both) EXPECT_FALSE(tells(1, "shop") || tells(1, "forum"));
  }
  EXPECT_EQ(count(*store, "SELECT count(*) FROM message"), 2);
  EXPECT_EQ(count(*store, "SELECT count(*) FROM delivery"), 2);
  queue.detach();
  co_await store->close();
}

TEST(Intake, TellsEachMailboxByWhichAddressItGotTheMail) {
  sim::SimWorld sim(1);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  sim.run(several_addresses(world));
}

TEST(Intake, LetsNobodyWaitForOneThatIsFull) {
  sim::SimWorld sim(1);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  sim.run(full_member(world));
}

TEST(Intake, ReportsNoSuccessOfWhatWaits) {
  sim::SimWorld sim(1);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  sim.run(reported(world));
}

TEST(Intake, StoresAMailForAThousandMailboxesOnce) {
  sim::SimWorld sim(1);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  sim.run(scenario(world));
}

}  // namespace
}  // namespace pabal::intake
