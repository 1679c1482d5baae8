#include "base/bytes.h"
#include "directory/acls.h"
#include "directory/app_passwords.h"
#include "directory/lookup.h"
#include "store/outside.h"
#include "store_world.h"

namespace pabal::directory {
namespace {

using store::Store;
using store::Transaction;

// A store on a simulated disk with the domains seoul.test and busan.test.
class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() : host_(sim_.host("mx", {"192.0.2.1"})), world_(host_.world()) {
    store_ = Store::open(world_, store::small_options("/data"));
    change([this](Transaction& tx) {
      EXPECT_TRUE(add_domain(*store_, tx, "Seoul.test"));
      EXPECT_TRUE(add_domain(*store_, tx, "busan.test"));
      for (const char* name : {"alice@seoul.test", "Bob@seoul.test", "bob@busan.test"})
        EXPECT_TRUE(add_account(*store_, tx, world_.random, name, ""));
    });
  }
  ~DirectoryTest() override {
    auto close = [](Store& s) -> rt::Task<void> { co_await s.close(); };
    sim_.run(close(*store_));
  }

  void change(std::move_only_function<void(Transaction&)> work) { store_->execute_now(std::move(work)); }
  void alias(const char* address, const char* target) {
    change([&](Transaction& tx) {
      auto added = add_alias(tx, address, target);
      EXPECT_TRUE(added) << added.error();
    });
  }

  // "local alice@seoul.test bob@busan.test > x@elsewhere.test", sorted as found.
  std::string resolve(const std::string& text) {
    std::string out;
    auto ask = [](Directory& d, std::string t, std::string& o) -> rt::Task<void> {
      mail::Address address{t, ""};
      if (auto parsed = mail::parse_address(t, true)) address = *parsed;
      Resolution r = co_await d.resolve(address);
      o = r.kind == Resolution::local ? "local" : r.kind == Resolution::not_local ? "not local" : "nobody";
      for (const Account& a : r.accounts) o += " " + a.address;
      for (const mail::Address& a : r.forwards) o += " > " + mail::to_string(a);
    };
    sim_.run(ask(directory_.value(), text, out));
    return out;
  }
  bool login(std::string name, std::string password) {
    bool right = false;
    auto ask = [](Directory& d, std::string n, std::string p, bool& r) -> rt::Task<void> {
      r = (co_await d.check_password(n, p)).has_value();
    };
    sim_.run(ask(*directory_, name, password, right));
    return right;
  }
  bool may_send(const std::string& account, const std::string& as) {
    bool may = false;
    auto ask = [](Directory& d, std::string a, std::string s, bool& m) -> rt::Task<void> {
      std::optional<Account> found = co_await d.account(a);
      m = co_await d.may_send_as(found.value().id, *mail::parse_address(s, true));
    };
    sim_.run(ask(*directory_, account, as, may));
    return may;
  }

  sim::SimWorld sim_{5};
  sim::SimHost& host_;
  io::World world_;
  std::unique_ptr<Store> store_;
  struct Late {  // made when the store is open
    DirectoryTest& test;
    std::optional<Directory> directory;
    Directory& value() {
      if (!directory)
        directory.emplace(test.world_, *test.store_, Directory::kCacheMax, nullptr, "mx.host.test");
      return *directory;
    }
    Directory& operator*() { return value(); }
  } directory_{*this, {}};
};

TEST_F(DirectoryTest, AccountsPlusTagsAndOtherDomains) {
  EXPECT_EQ(resolve("alice@seoul.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("ALICE@SEOUL.TEST"), "local alice@seoul.test");
  EXPECT_EQ(resolve("alice+shop+2@seoul.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("+alice@seoul.test"), "nobody");
  EXPECT_EQ(resolve("carol@seoul.test"), "nobody");
  EXPECT_EQ(resolve("alice@busan.test"), "nobody");
  EXPECT_EQ(resolve("alice@example.org"), "not local");
  EXPECT_EQ(resolve("alice@[192.0.2.1]"), "not local");
}

TEST_F(DirectoryTest, AliasesLeadToEverybodyOnce) {
  alias("team@seoul.test", "alice@seoul.test");
  alias("team@seoul.test", "bob@busan.test");
  alias("team@seoul.test", "x@elsewhere.test");
  alias("all@seoul.test", "team@seoul.test");
  alias("all@seoul.test", "alice@seoul.test");
  alias("all@seoul.test", "x@elsewhere.test");
  EXPECT_EQ(resolve("all@seoul.test"), "local alice@seoul.test bob@busan.test > x@elsewhere.test");
  alias("bob@seoul.test", "bob@seoul.test");
  alias("bob@seoul.test", "y@elsewhere.test");
  EXPECT_EQ(resolve("bob@seoul.test"), "local bob@seoul.test > y@elsewhere.test");
  EXPECT_EQ(resolve("bob+tag@seoul.test"), "local bob@seoul.test > y@elsewhere.test");
}

// What the functions refuse may still be in the tables: a circle ends.
TEST_F(DirectoryTest, CirclesEnd) {
  change([](Transaction& tx) {
    tx.db.execute(
        "INSERT INTO alias VALUES ('a@seoul.test', 'b@seoul.test'), ('b@seoul.test', 'a@seoul.test'),"
        "('b@seoul.test', 'alice@seoul.test')");
    for (int i = 0; i < 30; ++i) {
      tx.db.prepare("INSERT INTO alias VALUES (?, ?)")
          .bind("deep" + std::to_string(i) + "@seoul.test")
          .bind("deep" + std::to_string(i + 1) + "@seoul.test")
          .run();
    }
  });
  EXPECT_EQ(resolve("a@seoul.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("deep0@seoul.test"), "nobody");
}

TEST_F(DirectoryTest, CirclesAndLongChainsAreRefused) {
  alias("a@seoul.test", "alice@seoul.test");
  alias("b@seoul.test", "a@seoul.test");
  alias("c@seoul.test", "b@seoul.test");
  alias("alice@seoul.test", "alice@seoul.test");
  change([](Transaction& tx) {
    EXPECT_EQ(add_alias(tx, "a@seoul.test", "c@seoul.test").error(),
              "c@seoul.test leads to a@seoul.test already: the two would form a circle");
    EXPECT_FALSE(add_alias(tx, "a@seoul.test", "b@seoul.test"));
    EXPECT_FALSE(add_alias(tx, "alice@seoul.test", "c@seoul.test"));
    EXPECT_FALSE(add_alias(tx, "x@seoul.test", "x@seoul.test"));
    std::string last = "c";
    std::expected<void, Error> added;
    for (int i = 0; i < 20 && added; ++i) {
      std::string next = "d" + std::to_string(i);
      added = add_alias(tx, next + "@seoul.test", last + "@seoul.test");
      if (added) last = next;
    }
    EXPECT_FALSE(added) << "each further one could not be followed";
    EXPECT_EQ(look_up(tx.db, {last, "seoul.test"}, "").kind, Resolution::local);
  });
}

// Its members who can be reached get the mail; of the other the sender will be told.
TEST_F(DirectoryTest, ATargetThatIsGoneStaysVisible) {
  alias("team@seoul.test", "alice@seoul.test");
  change([](Transaction& tx) {
    tx.db.execute(
        "INSERT INTO alias VALUES ('team@seoul.test', 'gone@seoul.test'), ('only@seoul.test', "
        "'gone@seoul.test')");
  });
  EXPECT_EQ(resolve("team@seoul.test"), "local alice@seoul.test > gone@seoul.test");
  EXPECT_EQ(resolve("only@seoul.test"), "nobody");
  change([](Transaction& tx) {
    tx.db.execute("DELETE FROM alias WHERE target = 'gone@seoul.test'");
    EXPECT_TRUE(add_alias(tx, "sub@seoul.test", "bob@seoul.test"));
    EXPECT_TRUE(add_alias(tx, "team@seoul.test", "sub@seoul.test"));
    EXPECT_EQ(remove_alias(tx, "sub@seoul.test", "bob@seoul.test").error(),
              "alias team@seoul.test leads to it: remove that first");
  });
  EXPECT_EQ(resolve("team@seoul.test"), "local alice@seoul.test bob@seoul.test");
}

TEST_F(DirectoryTest, AnAliasOverAnAccountMustBeMeant) {
  change([this](Transaction& tx) {
    EXPECT_TRUE(would_take_mail_from(tx.db, "Bob@seoul.test", "alice@seoul.test"));
    EXPECT_FALSE(add_alias(tx, "bob@seoul.test", "alice@seoul.test"));
    EXPECT_TRUE(add_alias(tx, "bob@seoul.test", "alice@seoul.test", true));
    EXPECT_FALSE(would_take_mail_from(tx.db, "x@seoul.test", "alice@seoul.test"));
    EXPECT_TRUE(add_alias(tx, "x@seoul.test", "alice@seoul.test"));
    EXPECT_EQ(
        add_account(*store_, tx, world_.random, "x@seoul.test", "").error(),
        "x@seoul.test is an alias that leads to alice@seoul.test, so that the account would get no mail: "
        "remove the alias first");
  });
  EXPECT_EQ(resolve("bob@seoul.test"), "local alice@seoul.test");
}

// Two ways to one group are no reason to ask the catch-all.
TEST_F(DirectoryTest, CatchAllTakesOnlyWhatNobodyElseDoes) {
  alias("group@seoul.test", "bob@seoul.test");
  alias("one@seoul.test", "group@seoul.test");
  alias("two@seoul.test", "group@seoul.test");
  alias("both@seoul.test", "one@seoul.test");
  alias("both@seoul.test", "two@seoul.test");
  change([](Transaction& tx) { EXPECT_TRUE(set_catch_all(tx, "seoul.test", "alice@seoul.test")); });
  EXPECT_EQ(resolve("both@seoul.test"), "local bob@seoul.test");
  EXPECT_EQ(resolve("anything@seoul.test"), "local alice@seoul.test");
  EXPECT_TRUE(may_send("alice@seoul.test", "anything@seoul.test"));
  EXPECT_FALSE(may_send("alice@seoul.test", "bob@seoul.test"));
}

TEST_F(DirectoryTest, PostmasterAndAbuseAlwaysReachSomebody) {
  EXPECT_EQ(resolve("Postmaster"), "local alice@seoul.test");
  EXPECT_EQ(resolve("postmaster@seoul.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("ABUSE@busan.test"), "local bob@busan.test");
  for (const char* role : {"root", "hostmaster", "mailer-daemon", "abuse"})
    EXPECT_EQ(resolve(std::string(role) + "@seoul.test"), "local alice@seoul.test") << role;
  alias("postmaster@seoul.test", "bob@seoul.test");
  EXPECT_EQ(resolve("postmaster"), "local bob@seoul.test");
  EXPECT_EQ(resolve("root+cron@seoul.test"), "local bob@seoul.test");
  alias("root@seoul.test", "x@elsewhere.test");
  EXPECT_EQ(resolve("root@seoul.test"), "local > x@elsewhere.test");
  EXPECT_EQ(resolve("abuse@seoul.test"), "local bob@seoul.test");
  change([this](Transaction& tx) { EXPECT_TRUE(add_domain(*store_, tx, "jeju.test")); });
  EXPECT_EQ(resolve("root@jeju.test"), "local bob@seoul.test") << "nobody is there: the default domain's";
  EXPECT_EQ(resolve("webmaster@jeju.test"), "nobody");
}

// RFC 5321 §4.5.1: the server's own name has a postmaster too; the names there are
// those of its first domain.
TEST_F(DirectoryTest, NamesAtTheServerItselfAreLocal) {
  EXPECT_EQ(resolve("postmaster@MX.host.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("root@mx.host.test"), "local alice@seoul.test");
  EXPECT_EQ(resolve("bob+x@mx.host.test"), "local bob@seoul.test");
  EXPECT_EQ(resolve("nobody@mx.host.test"), "nobody");
  EXPECT_EQ(resolve("bob@host.test"), "not local");
  alias("root@seoul.test", "bob@mx.host.test");
  EXPECT_EQ(resolve("root"), "local bob@seoul.test");
  EXPECT_TRUE(may_send("bob@seoul.test", "bob@mx.host.test"));
}

TEST_F(DirectoryTest, SendersAreWhoWouldGetTheAnswer) {
  alias("sales@seoul.test", "bob@seoul.test");
  EXPECT_TRUE(may_send("bob@seoul.test", "bob@seoul.test"));
  EXPECT_TRUE(may_send("bob@seoul.test", "bob+x@seoul.test"));
  EXPECT_TRUE(may_send("bob@seoul.test", "sales@seoul.test"));
  EXPECT_FALSE(may_send("alice@seoul.test", "sales@seoul.test"));
  EXPECT_FALSE(may_send("bob@seoul.test", "bob@busan.test"));
  EXPECT_FALSE(may_send("bob@seoul.test", "bob@example.org"));
}

TEST_F(DirectoryTest, ChangesOfAnotherProcessShowWhenTheStoreHasLooked) {
  EXPECT_EQ(resolve("new@seoul.test"), "nobody");
  store::Outside outside(world_, *store_, "/data");
  std::unique_ptr<Store> beside = Store::open_beside(world_, store::small_options("/data"));
  beside->execute_now(
      [](Transaction& tx) { EXPECT_TRUE(add_alias(tx, "new@seoul.test", "bob@seoul.test")); });
  sim_.run(outside.look());
  EXPECT_EQ(resolve("new@seoul.test"), "local bob@seoul.test");
}

TEST_F(DirectoryTest, PasswordsAppPasswordsAndScram) {
  std::string app;
  change([&](Transaction& tx) {
    EXPECT_TRUE(set_password(tx, world_.random, "alice@seoul.test", "열려라 참깨"));
    EXPECT_FALSE(set_password(tx, world_.random, "alice@seoul.test", "a\nb"));
    app = add_app_password(*store_, tx, world_.random, "alice@seoul.test", "phone").value();
    EXPECT_FALSE(add_app_password(*store_, tx, world_.random, "alice@seoul.test", "phone"));
  });
  EXPECT_TRUE(login("alice@seoul.test", "열려라 참깨"));
  EXPECT_TRUE(login("Alice", "열려라 참깨"));  // the default domain's
  EXPECT_FALSE(login("alice@seoul.test", "wrong"));
  EXPECT_FALSE(login("nobody@seoul.test", "열려라 참깨"));
  EXPECT_FALSE(login("bob@seoul.test", ""));  // no password is no login
  EXPECT_FALSE(login("not an address", "x"));
  EXPECT_TRUE(login("alice@seoul.test", app));
  EXPECT_TRUE(login("alice@seoul.test", to_upper(app)));
  EXPECT_FALSE(login("bob@seoul.test", app));

  auto scram = [](Directory& d) -> rt::Task<void> {
    ScramAnswer alice = co_await d.scram_secret("alice@seoul.test");
    EXPECT_TRUE(alice.secret.has_value());
    EXPECT_EQ((co_await d.scram_secret("ALICE@Seoul.Test")).secret, alice.secret);
    ScramAnswer bob = co_await d.scram_secret("bob@seoul.test");
    EXPECT_FALSE(bob.secret.has_value());
    ScramAnswer also_bob = co_await d.scram_secret("Bob@SEOUL.test");
    EXPECT_EQ(also_bob.stranger.name, bob.stranger.name);
    EXPECT_EQ(also_bob.stranger.iterations, bob.stranger.iterations);
    // Strangers look like somebody who is here, also before all have logged in again.
    EXPECT_EQ(bob.stranger.iterations, alice.secret->iterations);
  };
  sim_.run(scram(*directory_));

  change([&](Transaction& tx) {
    EXPECT_EQ(list_app_passwords(tx.db, "alice@seoul.test").size(), 1u);
    EXPECT_TRUE(remove_app_password(tx, "alice@seoul.test", "phone"));
    EXPECT_TRUE(set_disabled(tx, "bob@seoul.test", true));
    EXPECT_TRUE(set_password(tx, world_.random, "bob@seoul.test", "right"));
  });
  EXPECT_FALSE(login("alice@seoul.test", app));
  EXPECT_FALSE(login("bob@seoul.test", "right"));
}

TEST_F(DirectoryTest, AWeakScramSecretIsMadeAnewAtTheNextPasswordLogin) {
  change([&](Transaction& tx) {
    EXPECT_TRUE(set_password(tx, world_.random, "alice@seoul.test", "열려라 참깨"));
    tx.db.prepare("UPDATE account SET scram = ? WHERE address = 'alice@seoul.test'")
        .bind(to_text(proto::sasl::make_scram_secret("열려라 참깨", "0123456789abcdef", 4096)))
        .run();
  });
  auto iterations = [this] {
    uint32_t found = 0;
    auto look = [](Directory& d, uint32_t& out) -> rt::Task<void> {
      ScramAnswer answer = co_await d.scram_secret("alice@seoul.test");
      out = answer.secret ? answer.secret->iterations : 0;
    };
    sim_.run(look(*directory_, found));
    return found;
  };
  EXPECT_FALSE(login("alice@seoul.test", "wrong"));
  EXPECT_EQ(iterations(), 4096u);
  EXPECT_TRUE(login("alice@seoul.test", "열려라 참깨"));
  EXPECT_EQ(iterations(), proto::sasl::kScramIterationsDefault);
}

TEST_F(DirectoryTest, AdministrationSaysWhatIsWrong) {
  change([this](Transaction& tx) {
    EXPECT_EQ(add_domain(*store_, tx, "SEOUL.test").error(), "domain seoul.test is there already");
    EXPECT_FALSE(add_domain(*store_, tx, "[192.0.2.1]"));
    EXPECT_FALSE(add_domain(*store_, tx, "a b"));
    EXPECT_EQ(add_account(*store_, tx, world_.random, "x@jeju.test", "").error(),
              "domain jeju.test is not here: add it first");
    EXPECT_FALSE(add_account(*store_, tx, world_.random, "alice@SEOUL.test", ""));
    EXPECT_FALSE(add_alias(tx, "x@seoul.test", "x@seoul.test"));
    EXPECT_FALSE(add_alias(tx, "x@seoul.test", "nobody@seoul.test"));
    EXPECT_FALSE(remove_domain(tx, "seoul.test"));
    EXPECT_TRUE(add_alias(tx, "x@seoul.test", "bob@busan.test"));
    EXPECT_FALSE(remove_account(tx, "bob@busan.test"));
    EXPECT_TRUE(remove_alias(tx, "x@seoul.test", "bob@busan.test"));
    EXPECT_FALSE(remove_alias(tx, "x@seoul.test", "bob@busan.test"));
    EXPECT_TRUE(remove_account(tx, "bob@busan.test"));
    EXPECT_TRUE(remove_domain(tx, "busan.test"));
    EXPECT_EQ(list_domains(tx.db).size(), 1u);
    EXPECT_EQ(list_accounts(tx.db).size(), 2u);
    EXPECT_TRUE(set_quota(tx, "alice@seoul.test", 1000));
    EXPECT_EQ(list_accounts(tx.db)[0].quota_octets, 1000u);
  });
}

TEST_F(DirectoryTest, GroupsGetMailAndNobodyLogsIn) {
  change([this](Transaction& tx) {
    EXPECT_TRUE(add_group(*store_, tx, "team@seoul.test"));
    EXPECT_FALSE(set_password(tx, world_.random, "team@seoul.test", "secret"));
    EXPECT_FALSE(add_group(*store_, tx, "alice@seoul.test"));
    EXPECT_EQ(set_acls(tx, "team@seoul.test", "alice@seoul.test", "lr").value().mailboxes.size(), 6u);
    EXPECT_EQ(set_acls(tx, "team@seoul.test/INBOX", "-anyone", "w").value().mailboxes.size(), 1u);
    EXPECT_FALSE(set_acls(tx, "team@seoul.test/INBOX", "nobody@seoul.test", "lr"));
    EXPECT_FALSE(set_acls(tx, "alice@seoul.test/INBOX", "alice@seoul.test", "lr"));
    EXPECT_FALSE(set_acls(tx, "alice@seoul.test/INBOX", "team@seoul.test", "lr"));
    auto acls = list_acls(tx.db, "team@seoul.test/inbox");
    ASSERT_TRUE(acls);
    ASSERT_EQ(acls->size(), 1u);
    EXPECT_EQ((*acls)[0].name, "team@seoul.test/INBOX");
    ASSERT_EQ((*acls)[0].acl.size(), 2u);
    EXPECT_EQ((*acls)[0].acl[1].identifier, "alice@seoul.test");
  });
  EXPECT_EQ(resolve("team@seoul.test"), "local team@seoul.test");
  EXPECT_FALSE(login("team@seoul.test", ""));
  // RFC 4314 §2.1: who may post in its INBOX sends as the group, nobody else.
  EXPECT_FALSE(may_send("alice@seoul.test", "team@seoul.test"));
  change([](Transaction& tx) {
    EXPECT_TRUE(set_acls(tx, "team@seoul.test/Sent", "bob@seoul.test", "lrp"));
    EXPECT_TRUE(set_acls(tx, "team@seoul.test/INBOX", "alice@seoul.test", "lrp"));
    EXPECT_TRUE(set_acls(tx, "alice@seoul.test/INBOX", "bob@seoul.test", "lrp"));
  });
  EXPECT_TRUE(may_send("alice@seoul.test", "team+x@seoul.test"));
  EXPECT_FALSE(may_send("bob@seoul.test", "team@seoul.test"));
  EXPECT_FALSE(may_send("bob@seoul.test", "alice@seoul.test")) << "a person is no group";
  change(
      [](Transaction& tx) { EXPECT_TRUE(set_acls(tx, "team@seoul.test/INBOX", "-alice@seoul.test", "p")); });
  EXPECT_FALSE(may_send("alice@seoul.test", "team@seoul.test"));
  // Somebody reads what comes to the postmaster.
  EXPECT_EQ(resolve("postmaster@seoul.test"), "local alice@seoul.test");
}

// RFC 8265: however somebody's keyboard writes his name, he is one person.
TEST_F(DirectoryTest, NamesAreFoldedInOneWay) {
  const char *hangul = "한글@seoul.test", *decomposed = "\u1112\u1161\u11AB\u1100\u1173\u11AF@seoul.test";
  change([&](Transaction& tx) {
    EXPECT_TRUE(add_account(*store_, tx, world_.random, decomposed, "\u1112\u1161\u11AB"));
    EXPECT_FALSE(add_account(*store_, tx, world_.random, hangul, "pw"));
    EXPECT_TRUE(add_account(*store_, tx, world_.random, "ÉMILE@seoul.test", "pw"));
    EXPECT_TRUE(add_alias(tx, "ИНФО@seoul.test", "E\u0301mile@seoul.test"));
    EXPECT_FALSE(add_alias(tx, "инфо@seoul.test", "émile@seoul.test"));
    EXPECT_EQ(set_acls(tx, "한글@seoul.test/INBOX", "É\u006DILE@seoul.test", "lr").has_value(), true);
  });
  EXPECT_EQ(resolve(hangul), "local 한글@seoul.test");
  EXPECT_EQ(resolve(decomposed), "local 한글@seoul.test");
  EXPECT_EQ(resolve("Инфо@seoul.test"), "local émile@seoul.test");
  EXPECT_EQ(resolve("e\u0301mile+tag@seoul.test"), "local émile@seoul.test");
  EXPECT_TRUE(login(hangul, "한"));
  EXPECT_TRUE(login(decomposed, "\u1112\u1161\u11AB"));
  EXPECT_TRUE(login("Émile", "pw"));
  EXPECT_FALSE(login("Émile", "PW"));
  EXPECT_TRUE(may_send("émile@seoul.test", "ÉMILE@seoul.test"));
}

TEST_F(DirectoryTest, NamesOfOlderStoresAreFolded) {
  change([&](Transaction& tx) {
    EXPECT_TRUE(add_account(*store_, tx, world_.random, "한글@seoul.test", "pw"));
    EXPECT_TRUE(add_alias(tx, "émile@seoul.test", "한글@seoul.test"));
    // As they were typed once.
    tx.db.prepare("UPDATE account SET address = ? WHERE address = ?")
        .bind(std::string_view("\u1112\u1161\u11AB글@seoul.test"))
        .bind(std::string_view("한글@seoul.test"))
        .run();
    tx.db.prepare("UPDATE alias SET address = ?, target = ?")
        .bind(std::string_view("Émile@seoul.test"))
        .bind(std::string_view("\u1112\u1161\u11AB글@seoul.test"))
        .run();
    tx.db.execute("DELETE FROM meta WHERE key = 'names_folded'");
  });
  auto close = [](Store& s) -> rt::Task<void> { co_await s.close(); };
  sim_.run(close(*store_));
  directory_.directory.reset();
  store_.reset();
  store_ = Store::open(world_, store::small_options("/data"));
  EXPECT_EQ(resolve("한글@seoul.test"), "local 한글@seoul.test");
  EXPECT_EQ(resolve("émile@seoul.test"), "local 한글@seoul.test");
  EXPECT_TRUE(login("한글@seoul.test", "pw"));
}

}  // namespace
}  // namespace pabal::directory
