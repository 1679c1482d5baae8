// What the store does when the database is damaged, and when the disk is full.
#include "store/health.h"

#include "base/bytes.h"
#include "store/salvage.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

constexpr size_t kPageOctets = 4096;

class HealthTest : public ToolsTest {
 protected:
  // Takes a page of the table away, and gives it back.
  void damage(const char* table) {
    uint64_t root = 0;
    {
      std::unique_ptr<Store> store = Store::open(world_, options());
      store->execute_now([&](Transaction& tx) {
        Statement select = tx.db.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?");
        select.bind(table).step();
        root = static_cast<uint64_t>(select.number(0));
      });
      end(*store);
    }
    at_ = (root - 1) * kPageOctets;
    page_ = read(database_).substr(at_, kPageOctets);
    overwrite(database_, at_, std::string(kPageOctets, 'x'));
  }
  void mend() { overwrite(database_, at_, page_); }

  void end(Store& store) {
    auto close = [](Store& s) -> rt::Task<void> { co_await s.close(); };
    sim_.run(close(store));
  }
  void read_subscriptions(Store& store) {
    auto work = [](Store& s) -> rt::Task<void> {
      auto query = [](Database& db) { return list_subscriptions(db, AccountId{1}).size(); };
      (void)co_await s.read(query);
    };
    sim_.run(work(store));
  }
  bool takes_mail(Store& store) {
    bool taken = true;
    auto work = [](Store& s, bool& out) -> rt::Task<void> {
      try {
        co_await deliver(s, text_of(9000));
      } catch (const StoreError& e) {
        out = false;
        EXPECT_NE(std::string(e.what()).find("store check"), std::string::npos) << e.what();
      }
    };
    sim_.run(work(store, taken));
    return taken;
  }

  uint64_t at_ = 0;
  std::string page_;
};

TEST_F(HealthTest, NothingIsWrittenAfterDamageHasShown) {
  fill();
  damage("subscription");  // which no delivery needs
  {
    std::unique_ptr<Store> store = Store::open(world_, options());
    EXPECT_TRUE(takes_mail(*store)) << "nobody knows yet";
    EXPECT_THROW(read_subscriptions(*store), StoreError);
    EXPECT_FALSE(takes_mail(*store));
    EXPECT_THROW(store->execute_now([](Transaction&) {}), StoreError);
    end(*store);
  }
  {
    std::unique_ptr<Store> store = Store::open(world_, options());
    EXPECT_FALSE(takes_mail(*store)) << "a restart alone mends nothing";
    end(*store);
  }
  mend();
  std::unique_ptr<Store> store = Store::open(world_, options());
  EXPECT_TRUE(takes_mail(*store));
  end(*store);
}

TEST_F(HealthTest, WhatWasAcknowledgedBeforeItShowedIsSalvaged) {
  fill();
  damage("subscription");
  {
    std::unique_ptr<Store> store = Store::open(world_, options());
    auto scenario = [this](Store& s) -> rt::Task<void> { co_await deliver_many(s, 100, 160); };
    sim_.run(scenario(*store));
    EXPECT_THROW(read_subscriptions(*store), StoreError);
    end(*store);
  }
  salvage_store(world_, kData, "/salvaged", kSilent);
  std::multiset<std::string> salvaged;
  for (const auto& [path, bytes] : read_files(world_.disk, "/salvaged"))
    salvaged.insert(path.substr(0, path.find('/')) + ' ' + to_hex(sha256(bytes)));
  for (const Known& mail : known_) {
    std::string owner = mail.folder.substr(0, mail.folder.find('/'));
    EXPECT_TRUE(salvaged.contains(owner + ' ' + to_hex(sha256(mail.whole)))) << mail.folder;
  }
}

TEST_F(HealthTest, DamageFoundByAWriterIsNoBetter) {
  fill();
  damage("subscription");
  std::unique_ptr<Store> store = Store::open(world_, options());
  EXPECT_THROW(store->execute_now([](Transaction& tx) { set_subscribed(tx, AccountId{1}, "zzz", true); }),
               StoreError);
  EXPECT_FALSE(takes_mail(*store));
  end(*store);
}

TEST_F(HealthTest, OnAFullDiskMailsCanBeDeletedAndNoneIsTaken) {
  fill();
  std::unique_ptr<Store> store = Store::open(world_, options());
  host_.disk().set_full(true);
  auto scenario = [](Store& s) -> rt::Task<void> {
    bool full = false;
    for (size_t octets : {size_t{300}, size_t{9000}}) {
      try {
        co_await deliver(s, text_of(octets));
      } catch (const StoreError& e) {
        full = e.full();
      }
      EXPECT_TRUE(full) << octets;
    }
  };
  sim_.run(scenario(*store));
  store->execute_now([](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db, 1);
    EXPECT_FALSE(list_mails(tx.db, inbox).empty());
    change_flags(tx, AccountId{1}, inbox, {{{1}, {1000}}}, {FlagChange::add, kDeleted});
    expunge(tx, AccountId{1}, inbox, {{{1}, {1000}}}, true);
    EXPECT_TRUE(list_mails(tx.db, inbox).empty());
  });
  host_.disk().set_full(false);
  EXPECT_TRUE(takes_mail(*store));
  end(*store);
}

}  // namespace
}  // namespace pabal::store
