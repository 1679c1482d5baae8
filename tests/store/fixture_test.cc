// A store written by each schema version is kept in tests/fixtures/stores/vN;
// every one of them is opened, upgraded and read. How one is made for a new
// version says tests/fixtures/stores/README.md.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/check.h"
#include "store/private_seen.h"
#include "store/rehearse.h"
#include "store/renewal.h"
#include "store/salvage.h"
#include "store/schema.h"
#include "store/sharing.h"
#include "store/threads.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const fs::path kFixtures = fs::path(PABAL_SOURCE_DIR) / "tests/fixtures/stores";

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What version 2 has added.
void use_mailboxes(Transaction& tx) {
  constexpr AccountId me{1};
  MailboxId inbox = inbox_of(tx.db, 1);
  MailboxId projects = create_mailbox(tx, me, "Projects/2026", "\\Archive").value();
  uint64_t work = keyword_bits(tx, me, inbox, {"$Forwarded", "Work"}).value();
  change_flags(tx, me, inbox, {{{1}, {100}}}, {FlagChange::add, work});
  copy_mails(tx, inbox, {{{1}, {100}}}, me, projects);
  (void)create_mailbox(tx, me, "gone", "");
  (void)delete_mailbox(tx, me, "gone");
  set_subscribed(tx, me, "Projects/2026", true);
  set_subscribed(tx, me, "Junk", false);
  set_acl(tx, projects, "user20@example.test", "lrs");
  verify(set_annotation(tx, projects, me, "/private/comment", "mine").has_value(), "there is room");
  url_auth_key(tx, projects, "key");
  for (const Mail& mail : list_mails(tx.db, projects)) {
    Summary summary{.message = mail.message, .base_subject = "subject", .message_id = "same@example.test"};
    put_summary(tx, summary, {mail.message, "subject: x", "from: a", "body"});
    give_threads(tx, {summary});
  }
}

rt::Task<void> fill_mailboxes(Store& store, std::vector<Known>& known) {
  auto work = [](Transaction& tx) { use_mailboxes(tx); };
  co_await test::write(store, work);
  std::vector<Known> copies;
  for (const Known& mail : known) {
    if (mail.folder != "user1@example.test/INBOX") continue;
    copies.push_back(mail);
    copies.back().folder = "user1@example.test/Projects/2026";
  }
  known.insert(known.end(), copies.begin(), copies.end());
}

// Read back from the fixture of this version.
void expect_mailboxes(Database& db) {
  constexpr AccountId me{1};
  Mailbox projects = *find_mailbox(db, *find_mailbox(db, me, "Projects/2026"));
  EXPECT_EQ(projects.special_use, "\\Archive");
  EXPECT_EQ(projects.keywords, (std::vector<std::string>{"$Forwarded", "Work"}));
  EXPECT_EQ(list_acl(db, projects.id).at(0).rights, "lrs");
  EXPECT_EQ(list_annotations(db, projects.id, me).at(0).value, "mine");
  EXPECT_EQ(find_url_auth_key(db, projects.id), "key");
  std::vector<MessageId> messages;
  for (const Mail& mail : list_mails(db, projects.id)) {
    EXPECT_EQ(mail.flags & 0x300, 0x300u);
    messages.push_back(mail.message);
  }
  // Those that are made in another way today are made again.
  std::vector<MessageId> unmade = list_unsummarized(db, {}, 1'000'000);
  auto is_made = [&](MessageId id) { return !std::ranges::binary_search(unmade, id); };
  EXPECT_EQ(std::ranges::count_if(messages, is_made),
            std::ssize(find_summaries(db, messages, {.dates = true})));
  std::vector<std::string> subscribed = list_subscriptions(db, me);
  EXPECT_EQ(std::ranges::count(subscribed, "Projects/2026"), 1);
  EXPECT_EQ(std::ranges::count(subscribed, "Junk"), 0);
}

// What version 4 has added.
void expect_threads(Database& db) {
  std::vector<MessageId> messages;
  for (const Mail& mail : list_mails(db, *find_mailbox(db, AccountId{1}, "Projects/2026")))
    messages.push_back(mail.message);
  std::vector<FoundThread> threads = find_threads(db, messages);
  EXPECT_EQ(threads.size(), messages.size());
  for (const FoundThread& found : threads) EXPECT_EQ(found.thread.value, messages[0].value);
}

// What version 6 has added: account 1 has read a mail in the group's INBOX and unread another.
rt::Task<void> fill_group(Store& store, std::vector<Known>& known) {
  auto make = [](Transaction& tx) {
    make_account(tx, 30);
    tx.db.prepare("UPDATE account SET shared = 1 WHERE id = 30").run();
  };
  co_await test::write(store, make);
  co_await deliver_known(store, known, unique_text(6, 300), {30}, false, 0);
  co_await deliver_known(store, known, unique_text(7, 300), {30}, false, kSeen);
  auto read = [](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db, 30);
    change_flags(tx, AccountId{30}, inbox, {{{1}, {1}}}, {FlagChange::add, kSeen}, AccountId{1});
    change_flags(tx, AccountId{30}, inbox, {{{2}, {2}}}, {FlagChange::remove, kSeen}, AccountId{1});
  };
  co_await test::write(store, read);
}

void expect_group(Database& db) {
  MailboxId inbox = inbox_of(db, 30);
  std::vector<Mail> own = list_mails(db, inbox, AccountId{1}), others = list_mails(db, inbox, AccountId{20});
  EXPECT_EQ(own.at(0).flags, kSeen);
  EXPECT_EQ(own.at(1).flags, 0u);
  EXPECT_EQ(others.at(0).flags, 0u);
  EXPECT_EQ(others.at(1).flags, kSeen);
  EXPECT_EQ(list_changes(db, AccountId{30}, others.at(1).modseq, inbox, AccountId{1}).size(), 2u);
  EXPECT_TRUE(list_changes(db, AccountId{30}, others.at(1).modseq, inbox).empty());
}

// What every store has once it is upgraded, of whatever version it was.
void expect_upgraded(Database& db) {
  for (AccountId account : {AccountId{1}, AccountId{20}}) {
    std::set<UidValidity> validities;
    std::vector<Mailbox> mailboxes = list_mailboxes(db, account);
    for (const Mailbox& mailbox : mailboxes) {
      EXPECT_GT(mailbox.modseq.value, 0);
      validities.insert(mailbox.uid_validity);
    }
    EXPECT_EQ(validities.size(), mailboxes.size());
    EXPECT_GE(list_subscriptions(db, account).size(), 6u);
    std::vector<Mail> mails = list_mails(db, inbox_of(db, account.value));
    for (const Mail& mail : mails) {
      EXPECT_GT(mail.saved_at.ms, 0);
      auto added = [&](const Change& c) {
        return c.kind == ChangeKind::added && c.first <= mail.uid && mail.uid <= c.last;
      };
      MailboxId inbox = inbox_of(db, account.value);
      EXPECT_EQ(std::ranges::count_if(list_changes(db, account, {}, inbox), added), 1);
    }
  }
  EXPECT_EQ(expunged_since(db, AccountId{1}, inbox_of(db, 1), {}), (UidRanges{{{1}, {1}}}));
}

rt::Task<void> fill_fixture(Store& store, std::vector<Known>& known) {
  co_await deliver_known(store, known, unique_text(1, 400), {1}, false, kSeen);
  co_await deliver_known(store, known, unique_text(2, 4000), {1, 20}, false, kSeen | kFlagged);
  co_await deliver_known(store, known, unique_text(3, 9000), {20}, false, 0);
  co_await deliver_known(store, known, unique_text(4, 20'000), {1, 20}, true, kAnswered);
  co_await deliver_known(store, known, unique_text(5, 700), {}, true, 0);
  co_await deliver_known(store, known, unique_text(6, 150'000), {20}, false, 0);
  auto expunge_first = [](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db, 1);
    expunge(tx, AccountId{1}, inbox, {{{1}, {1}}});
  };
  co_await test::write(store, expunge_first);
  known.erase(known.begin());
  co_await fill_mailboxes(store, known);
  co_await fill_group(store, known);
}

class StoreFixtures : public RealStore {
 protected:
  std::vector<fs::path> versions() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(kFixtures)) {
      if (entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  }
};

TEST_F(StoreFixtures, ThereIsOneForEverySchemaVersion) {
  for (int version = 1; version <= kSchemaVersion; ++version) {
    fs::path path = kFixtures / ("v" + std::to_string(version));
    EXPECT_TRUE(fs::exists(path / "pabal.db"))
        << path << " is missing: tests/fixtures/stores/README.md says how it is made";
  }
}

TEST_F(StoreFixtures, EveryOneIsUpgradedAndRead) {
  ASSERT_FALSE(versions().empty());
  for (const fs::path& fixture : versions()) {
    SCOPED_TRACE(fixture.string());
    StoreOptions options;
    options.directory = directory_.path() + '/' + fixture.filename().string();
    fs::copy(fixture, options.directory, fs::copy_options::recursive);
    fs::permissions(options.directory, fs::perms::owner_all);

    Rehearsal rehearsal = rehearse_upgrade(world_, options.directory, kSilent);
    EXPECT_EQ("v" + std::to_string(rehearsal.from_version), fixture.filename().string());
    EXPECT_EQ(rehearsal.to_version, kSchemaVersion);
    EXPECT_TRUE(rehearsal.findings.empty());
    EXPECT_EQ(rehearsal.changes.empty(), rehearsal.from_version == kSchemaVersion);
    EXPECT_EQ(slurp(fs::path(options.directory) / "pabal.db"), slurp(fixture / "pabal.db"));
    EXPECT_FALSE(fs::exists(options.directory + "/upgrade-rehearsal.db"));

    // What a damaged store of that version still gives.
    salvage_store(world_, options.directory, options.directory + "-salvaged", kSilent);
    std::multiset<std::string> salvaged;
    for (const auto& [path, bytes] : read_files(world_.disk, options.directory + "-salvaged"))
      salvaged.insert(path.substr(0, path.rfind('/', path.rfind('/') - 1)) + ' ' + to_hex(sha256(bytes)));

    cancel_renewal(world_, options.directory);  // its UIDs go on where it was copied from
    std::unique_ptr<Store> store = Store::open(world_, options);
    auto expect_mails = [&](Store& s) -> rt::Task<void> {
      auto look = [&](Database& db) {
        expect_upgraded(db);
        if (rehearsal.from_version >= 2) expect_mailboxes(db);
        if (rehearsal.from_version >= 4) expect_threads(db);
        if (rehearsal.from_version >= 6) expect_group(db);
        return 0;
      };
      co_await test::read(s, look);
      for (const json::value& mail : json::parse(slurp(fixture / "mails.json")).as_array()) {
        MessageId id{mail.at("message").to_number<int64_t>()};
        std::string folder(mail.at("folder").as_string()), hash(mail.at("sha256").as_string());
        auto find = [id](Database& db) { return find_message(db, id); };
        std::optional<MessageRecord> message = co_await test::read(s, find);
        EXPECT_TRUE(message.has_value());
        if (!message) continue;
        EXPECT_EQ(to_hex(sha256(message->prefix + co_await s.message_bytes(id))), hash);
        EXPECT_TRUE(salvaged.contains(folder + ' ' + hash)) << folder;
      }
      co_await s.close();
    };
    loop_.run(expect_mails(*store));
    store = nullptr;
    CheckResult check = check_store(world_, options.directory, {}, kSilent);
    for (const Finding& finding : check.findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  }
}

// PABAL_WRITE_FIXTURE=DIR makes the one of the present version.
TEST_F(StoreFixtures, Write) {
  const char* target = std::getenv("PABAL_WRITE_FIXTURE");
  if (target == nullptr) GTEST_SKIP() << "writes nothing unless PABAL_WRITE_FIXTURE names a directory";
  StoreOptions options;
  options.directory = target;
  options.segment_octets = 64 << 10;
  std::vector<Known> known;
  {
    std::unique_ptr<Store> store = Store::open(world_, options);
    store->execute_now([](Transaction& tx) {
      make_account(tx, 1);
      make_account(tx, 20);
    });
    auto fill = [&known](Store& s) -> rt::Task<void> {
      co_await fill_fixture(s, known);
      co_await s.close();
    };
    loop_.run(fill(*store));
  }
  json::array mails;
  for (const Known& mail : known)
    mails.push_back(
        {{"message", mail.message}, {"folder", mail.folder}, {"sha256", to_hex(sha256(mail.whole))}});
  std::ofstream(fs::path(target) / "mails.json") << json::serialize(mails) << '\n';
  fs::remove(fs::path(target) / "lock");
  fs::remove(fs::path(target) / "segments/spare");
}

}  // namespace
}  // namespace pabal::store
