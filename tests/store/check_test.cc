// Check finds what the tests damage, and names the mails; rebuild repairs counters.
#include "store/check.h"

#include "base/bytes.h"
#include "store/rebuild.h"
#include "store/segments.h"
#include "store/summaries.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

class CheckTest : public ToolsTest {
 protected:
  CheckResult check(bool bytes = true) { return check_store(world_, kData, {.bytes = bytes}, kSilent); }

  void execute(const std::string& sql) {
    Database db(database_, {false, world_.disk.sqlite_vfs()});
    db.execute(sql);
  }

  // The one finding; of this kind.
  Finding only(Finding::Kind kind) {
    CheckResult result = check();
    EXPECT_EQ(result.findings.size(), 1u);
    for (const Finding& finding : result.findings)
      EXPECT_EQ(to_text(finding.kind), std::string(to_text(kind))) << finding.what;
    return result.findings.empty() ? Finding{} : result.findings[0];
  }

  const Known& mail_in(const std::string& folder, bool in_segment) {
    for (const Known& mail : known_) {
      if (mail.folder == folder && mail.in_segment == in_segment) return mail;
    }
    ADD_FAILURE();
    return known_[0];
  }
};

TEST_F(CheckTest, ASoundStoreIsSound) {
  fill();
  CheckResult result = check();
  for (const Finding& finding : result.findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  EXPECT_EQ(result.accounts, 2u);
  EXPECT_EQ(result.mailboxes, 12u);
  EXPECT_EQ(result.mails + result.queue_entries, known_.size());
  std::map<int64_t, uint64_t> octets;
  for (const Known& mail : known_) octets[mail.message] = mail.bytes.size();
  uint64_t all = 0;
  for (const auto& [id, n] : octets) all += n;
  EXPECT_EQ(result.octets, all);
  EXPECT_EQ(result.messages, octets.size());
  EXPECT_EQ(check(false).octets, 0u);
}

TEST_F(CheckTest, WorksBesideARunningServer) {
  fill();
  std::unique_ptr<Store> store = Store::open(world_, options());
  auto scenario = [this](Store& s) -> rt::Task<void> { co_await deliver_many(s, 100, 110); };
  sim_.run(scenario(*store));
  EXPECT_TRUE(check().findings.empty());
  EXPECT_TRUE(rebuild_store(world_, kData).repaired.empty());
}

TEST_F(CheckTest, MailsThatGoMeanwhileAreNoFinding) {
  fill();
  std::unique_ptr<Store> store = Store::open(world_, options());
  // Between the references and the bytes the server removes all mails and their segments.
  bool removed = false;
  auto remove_all = [&](std::string_view doing, uint64_t, uint64_t) {
    if (doing != "counters" || std::exchange(removed, true)) return;
    store->execute_now([](Transaction& tx) {
      tx.db.execute("DELETE FROM mail; DELETE FROM queue_entry; DELETE FROM message;");
    });
    auto collect = [](Store& s) -> rt::Task<void> { co_await s.collect(); };
    sim_.run(collect(*store));
  };
  CheckResult result = check_store(world_, kData, {}, remove_all);
  EXPECT_TRUE(removed);
  EXPECT_TRUE(result.findings.empty());
}

TEST_F(CheckTest, ADamagedBlobIsThatOneMail) {
  fill();
  const Known& mail = mail_in("user1@example.test/INBOX", true);
  Database db(database_, {true, world_.disk.sqlite_vfs()});
  Statement select = db.prepare("SELECT segment, segment_offset FROM message WHERE id = ?");
  ASSERT_TRUE(select.bind(mail.message).step());
  host_.disk().flip_bit(segment_path(segments_directory(kData), select.number(0)),
                        static_cast<uint64_t>(select.number(1)) + 500);
  Finding finding = only(Finding::bytes);
  ASSERT_GE(finding.mails.size(), 1u);
  EXPECT_EQ(finding.mails[0].message.value, mail.message);
  EXPECT_EQ(finding.mails[0].account, "user1@example.test");
  EXPECT_EQ(finding.mails[0].mailbox, "INBOX");
  EXPECT_GT(finding.mails[0].uid.value, 0);
}

TEST_F(CheckTest, ADamagedInlineMessageIsThatOneMail) {
  fill();
  const Known& mail = mail_in("user20@example.test/INBOX", false);
  size_t at = read(database_).find(marker_of(numbers_[mail.message]));
  ASSERT_NE(at, std::string::npos);
  host_.disk().flip_bit(database_, at);
  Finding finding = only(Finding::bytes);
  ASSERT_GE(finding.mails.size(), 1u);
  EXPECT_EQ(finding.mails[0].message.value, mail.message);
}

TEST_F(CheckTest, AMissingSegmentIsOneFindingWithItsMails) {
  fill();
  host_.disk().remove(segment_path(segments_directory(kData), 1));
  Finding finding = only(Finding::segment);
  EXPECT_GT(finding.mails.size(), 3u);
  EXPECT_EQ(finding.where, segment_path(segments_directory(kData), 1));
}

TEST_F(CheckTest, ATruncatedSegmentIsTheMailsBehindIt) {
  fill();
  std::string path = segment_path(segments_directory(kData), 1);
  put(path, read(path).substr(0, 60'000));
  CheckResult result = check();
  EXPECT_FALSE(result.findings.empty());
  for (const Finding& finding : result.findings) EXPECT_EQ(finding.kind, Finding::bytes);
}

TEST_F(CheckTest, LostReferencesAreFound) {
  fill();
  const Known& mail = mail_in("user20@example.test/INBOX", true);
  std::string id = std::to_string(mail.message);
  execute("CREATE TABLE kept AS SELECT * FROM message WHERE id = " + id +
          "; DELETE FROM message WHERE id = " + id);
  CheckResult result = check();
  ASSERT_FALSE(result.findings.empty());
  for (const Finding& finding : result.findings) {
    EXPECT_EQ(finding.kind, Finding::reference);
    EXPECT_NE(finding.what.find(id), std::string::npos);
  }
  execute("INSERT INTO message SELECT * FROM kept; DROP TABLE kept;");
  EXPECT_TRUE(check().findings.empty());

  execute("UPDATE queue_entry SET message = message + 5000000 WHERE id = (SELECT min(id) FROM queue_entry)");
  result = check();
  ASSERT_EQ(result.findings.size(), 2u);  // and the message that nobody has now
  EXPECT_EQ(result.findings[0].kind, Finding::reference);
  EXPECT_EQ(result.findings[1].kind, Finding::orphan);
  execute("UPDATE queue_entry SET message = message - 5000000 WHERE id = (SELECT min(id) FROM queue_entry)");

  execute("UPDATE account SET inbox = 99 WHERE id = 20");
  EXPECT_EQ(only(Finding::reference).where, "user20@example.test");
}

TEST_F(CheckTest, CountersAreComparedAndRebuilt) {
  fill();
  for (const char* sql : {
           "UPDATE mailbox SET messages = messages + 1 WHERE account = 1 AND name = 'INBOX'",
           "UPDATE mailbox SET octets = 0 WHERE account = 20 AND name = 'INBOX'",
           "UPDATE mailbox SET uidnext = 3 WHERE account = 1 AND name = 'INBOX'",
           "UPDATE mailbox SET modseq = 1 WHERE account = 1 AND name = 'INBOX'",
           "UPDATE account SET used_octets = used_octets - 1 WHERE id = 20",
           "UPDATE account SET used_messages = 0 WHERE id = 1",
           "UPDATE account SET modseq = 2 WHERE id = 1",
           "UPDATE account SET last_uidvalidity = 5 WHERE id = 1",
           // And the sums of which it is a part.
           "UPDATE mail SET size_octets = 1 WHERE uid = 2",
       }) {
    SCOPED_TRACE(sql);
    execute(sql);
    CheckResult result = check();
    EXPECT_FALSE(result.findings.empty());
    for (const Finding& finding : result.findings) EXPECT_EQ(finding.kind, Finding::counter);
    EXPECT_EQ(rebuild_store(world_, kData).repaired.size(), result.findings.size());
    EXPECT_TRUE(check().findings.empty());
    EXPECT_TRUE(rebuild_store(world_, kData).repaired.empty());
  }
}

TEST_F(CheckTest, AWrongChecksumIsFoundBesideRightBytes) {
  fill();
  for (bool in_segment : {false, true}) {
    const Known& mail = mail_in("user1@example.test/INBOX", in_segment);
    const std::string id = std::to_string(mail.message);
    execute("UPDATE message SET checksum = checksum + 1 WHERE id = " + id);
    Finding finding = only(Finding::bytes);
    EXPECT_EQ(finding.where, "message " + id);
    EXPECT_NE(finding.what.find("checksum"), std::string::npos);
    execute("UPDATE message SET checksum = NULL WHERE id = " + id);  // as in a row of version 1
    EXPECT_TRUE(check().findings.empty());
  }
}

TEST_F(CheckTest, WhatHangsOnNothingIsFoundAndRemoved) {
  fill();
  execute(
      "INSERT INTO header_text VALUES (99, 'h'); INSERT INTO body_text VALUES (99, 'b'); INSERT INTO acl "
      "VALUES (99, 'anyone', 'l'); "
      "INSERT INTO metadata VALUES (99, 0, '/shared/comment', 'x'), (0, 99, '/private/comment', 'x'), "
      "(0, 1, '/private/comment', 'x'), (0, 0, '/shared/comment', 'x'); INSERT INTO subscription VALUES (99, "
      "'x'); INSERT INTO delivery SELECT 99, 1, 'x' UNION ALL SELECT min(id), 99, 'x' FROM message; "
      // What hangs on an account that is there counts against its quota.
      "UPDATE account SET used_octets = used_octets + length('/private/comment') + length('x') WHERE id = 1");
  std::vector<std::string> found;
  for (const Finding& finding : check().findings) {
    EXPECT_EQ(finding.kind, Finding::leftover);
    found.push_back(finding.where);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"header_text of message 99", "body_text of message 99",
                                             "acl of mailbox 99", "metadata of mailbox 99",
                                             "metadata of account 99", "subscription of account 99",
                                             "delivery of message 99", "delivery of account 99"}));
  EXPECT_EQ(rebuild_store(world_, kData).leftovers, 8u);
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(CheckTest, SummariesAreThrownAwayByARebuild) {
  fill();
  with_store([](Store& store) -> rt::Task<void> {
    auto summarize = [](Transaction& tx) {
      for (MessageId id : list_unsummarized(tx.db, {}, 10'000))
        put_summary(tx, {.message = id}, {id, "h", "b"});
    };
    co_await test::write(store, summarize);
  });
  EXPECT_TRUE(check().findings.empty());
  uint64_t thrown_away = rebuild_store(world_, kData).summaries;
  EXPECT_GT(thrown_away, 20u);
  EXPECT_EQ(rebuild_store(world_, kData).summaries, 0u);
  with_store([&](Store& store) -> rt::Task<void> {
    auto missing = [](Database& db) { return list_unsummarized(db, {}, 10'000).size(); };
    EXPECT_EQ(co_await test::read(store, missing), thrown_away);
  });
  // So many that it takes several steps.
  execute(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO message "
      "(id, reverse_path, envid, ret, body, smtputf8, prefix, hash, size_octets, received_at, segment, "
      "segment_offset, bytes) SELECT i, '', '', 0, 0, 0, x'', x'', 0, 0, -1, 0, x'' FROM n; "
      "INSERT INTO summary SELECT id, 1, 0, 0, 0, '', '', '', '', '', '', '', '' FROM message; "
      "INSERT INTO summary_texts SELECT id, 1, '', '', '', '' FROM message; "
      "INSERT INTO header_text SELECT id, '' FROM message; INSERT INTO body_text SELECT id, '' FROM message");
  EXPECT_GT(rebuild_store(world_, kData).summaries, 2500u);
  Database db(database_, {true, world_.disk.sqlite_vfs()});
  for (const char* table : {"summary", "summary_texts", "header_text", "body_text"})
    EXPECT_FALSE(db.prepare(std::string("SELECT 1 FROM ") + table).step()) << table;
}

TEST_F(CheckTest, UidsAndModseqsAreOnlyRaised) {
  fill();
  execute(
      "UPDATE mailbox SET uidnext = 1000, modseq = 5000 WHERE account = 1; UPDATE account SET modseq = 5000 "
      "WHERE id = 1");
  EXPECT_TRUE(check().findings.empty());
}

TEST_F(CheckTest, ADamagedDatabaseIsAFindingNotAnError) {
  fill();
  const std::string good = read(database_);
  for (size_t page = 0; page < good.size() / 4096; ++page) {
    SCOPED_TRACE("page " + std::to_string(page + 1));
    overwrite(database_, page * 4096, std::string(4096, '\0'));
    CheckResult result = check();
    EXPECT_FALSE(result.findings.empty());
    // Messages in other pages are not suspected.
    std::string lost = good.substr(page * 4096, 4096);
    for (const Finding& finding : result.findings) {
      if (finding.kind != Finding::bytes || !finding.where.starts_with("message ")) continue;
      int64_t id = static_cast<int64_t>(*parse_uint(finding.where.substr(8)));
      bool in_page = std::ranges::any_of(known_, [&](const Known& mail) {
        return mail.message == id && (lost.find(mail.hash) != std::string::npos ||
                                      lost.find(marker_of(numbers_[id])) != std::string::npos);
      });
      // A page above the leaves leads to all of them.
      bool interior = lost[0] == 5 || lost[0] == 2;
      EXPECT_TRUE(in_page || interior) << finding.where << ": " << finding.what;
    }
    overwrite(database_, page * 4096, lost);
    if (HasFailure()) return;
  }
  put(database_, good.substr(0, good.size() / 2));
  EXPECT_FALSE(check().findings.empty());
  host_.disk().remove(database_);
  EXPECT_EQ(only(Finding::database).where, database_);
  EXPECT_THROW(check_store(world_, "/nowhere", {}, kSilent), StoreError);
}

}  // namespace
}  // namespace pabal::store
