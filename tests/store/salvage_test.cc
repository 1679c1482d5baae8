// Salvage from stores that the tests damaged: what is not in the damaged place
// comes out byte for byte.
#include "store/salvage.h"

#include <boost/json.hpp>
#include <random>

#include "base/bytes.h"
#include "store/deliveries.h"
#include "store/segment_record.h"
#include "store/segments.h"
#include "store/survey.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

constexpr size_t kPage = 4096;

class SalvageTest : public ToolsTest {
 protected:
  struct Salvaged {
    SalvageResult result;
    std::multimap<std::string, std::string> by_folder;  // folder -> whole mail
    boost::json::value report;

    bool has(const std::string& folder, const std::string& whole) const {
      auto [begin, end] = by_folder.equal_range(folder);
      return std::any_of(begin, end, [&](const auto& mail) { return mail.second == whole; });
    }
    // The message, maybe without the fields that were added on arrival.
    bool has_bytes(const std::string& folder, const std::string& bytes) const {
      auto [begin, end] = by_folder.equal_range(folder);
      return std::any_of(begin, end, [&](const auto& mail) { return mail.second.ends_with(bytes); });
    }
  };

  Salvaged salvage() {
    std::string target = "/out" + std::to_string(runs_++);
    Salvaged out;
    out.result = salvage_store(world_, kData, target, kSilent);
    for (auto& [path, bytes] : read_files(host_.disk(), target)) {
      if (path == "report.json") {
        out.report = boost::json::parse(bytes);
        continue;
      }
      std::string folder = path.substr(0, path.rfind('/'));
      if (folder != "damaged") folder.resize(folder.rfind('/'));
      out.by_folder.emplace(folder, bytes);
    }
    for (const auto& [path, bytes] : read_files(host_.disk(), target))
      host_.disk().remove(target + '/' + path);
    host_.disk().sync_all();  // or the simulated disk remembers it all
    return out;
  }

  // Mails that have something of their own in `lost` octets may be lost; every
  // other one must be there, and at its place if `placed`.
  void expect_all_but(const Salvaged& out, std::string_view lost, bool placed) {
    for (const Known& mail : known_) {
      SCOPED_TRACE("mail " + std::to_string(numbers_[mail.message]) + " of " + mail.folder);
      bool text_lost =
          !mail.in_segment && lost.find(marker_of(numbers_[mail.message])) != std::string_view::npos;
      bool row_lost = lost.find(mail.hash) != std::string_view::npos;
      if (text_lost || (row_lost && !mail.in_segment)) continue;
      bool recipient_lost =
          mail.folder == "queue" && lost.find(recipient_of(mail.message)) != std::string_view::npos;
      if (!placed || recipient_lost) {
        EXPECT_TRUE(out.has_bytes(mail.folder, mail.bytes) || out.has_bytes("unknown", mail.bytes));
      } else if (row_lost) {
        EXPECT_TRUE(out.has_bytes(mail.folder, mail.bytes));
      } else {
        EXPECT_TRUE(out.has(mail.folder, mail.whole));
      }
    }
  }

  int runs_ = 0;
};

TEST_F(SalvageTest, OfASoundStoreIsEveryMailOnce) {
  fill();
  Salvaged out = salvage();
  expect_all_but(out, "", true);
  EXPECT_EQ(out.by_folder.size(), known_.size());
  EXPECT_EQ(out.result.damaged, 0u);
  EXPECT_EQ(out.result.unknown, 0u);
  EXPECT_EQ(out.result.bad_pages, 0u);
  EXPECT_GT(out.result.unreferenced, 0u) << "what was removed stays away";
  EXPECT_GT(out.result.queued, 0u);
  EXPECT_TRUE(out.report.at("damaged").as_array().empty());
  const auto& queue = out.report.at("queue").as_array();
  EXPECT_EQ(queue.size(), out.result.queued);
  std::string id(queue.at(0).at("message").as_string());
  EXPECT_EQ(queue.at(0).at("recipients").at(0).at("to").as_string(), "waiting-" + id + "@example.net");
  EXPECT_EQ(queue.at(0).at("from").as_string(), "sender@example.test");
}

TEST_F(SalvageTest, FlagsBecomeThoseOfMaildir) {
  fill();
  salvage_store(world_, kData, "/out", kSilent);
  for (const auto& [path, bytes] : read_files(host_.disk(), "/out")) {
    for (const Known& mail : known_) {
      if (mail.whole != bytes || !path.starts_with(mail.folder)) continue;
      EXPECT_EQ(path.ends_with(":2,S"), mail.flags == kSeen) << path;
      EXPECT_EQ(path.find("/cur/") != std::string::npos, mail.flags == kSeen) << path;
    }
  }
}

TEST_F(SalvageTest, LevelsOfMailboxesBecomeDirectories) {
  with_store([this](Store& store) -> rt::Task<void> {
    co_await deliver_many(store, 0, 4);
    auto copy = [](Transaction& tx) {
      const std::string longest(1000, 'n');
      for (const std::string& name : {std::string("a"), std::string("a/b"), std::string("a/cur/..\\"),
                                      longest, longest.substr(0, 999)}) {
        MailboxId to = create_mailbox(tx, AccountId{1}, name, "").value();
        copy_mails(tx, inbox_of(tx.db), {{{1}, {1}}}, AccountId{1}, to);
      }
    };
    co_await test::write(store, copy);
  });
  std::set<std::string> folders;
  for (const auto& [folder, whole] : salvage().by_folder) folders.insert(folder);
  for (const char* folder : {"a", "a/b", "a/%63ur/%2e.%5c", "INBOX"})
    EXPECT_TRUE(folders.contains(std::string("user1@example.test/") + folder)) << folder;
  // Names that are too long for a file system are cut, but stay different.
  EXPECT_EQ(
      std::ranges::count_if(folders, [](const std::string& f) { return f.find("nnn") != std::string::npos; }),
      2);
}

TEST_F(SalvageTest, KeywordsBecomeLettersAndTheRestIsReported) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("key" + std::to_string(i));
  with_store([&](Store& store) -> rt::Task<void> {
    co_await deliver_many(store, 0, 4);
    auto mark = [&](Transaction& tx) {
      MailboxId inbox = inbox_of(tx.db);
      keyword_bits(tx, AccountId{1}, inbox, names);
      change_flags(tx, AccountId{1}, inbox, {{{1}, {1}}}, {FlagChange::replace, kSeen | 1u << 8 | 1u << 10});
      change_flags(tx, AccountId{1}, inbox, {{{2}, {2}}}, {FlagChange::replace, uint64_t{1} << 37 | 1u << 9});
    };
    co_await test::write(store, mark);
  });
  salvage_store(world_, kData, "/out", kSilent);
  std::map<std::string, std::string> files = read_files(host_.disk(), "/out");
  std::string lines;
  for (int i = 0; i < 26; ++i) lines += std::to_string(i) + " key" + std::to_string(i) + '\n';
  EXPECT_EQ(files["user1@example.test/INBOX/dovecot-keywords"], lines);
  EXPECT_FALSE(files.contains("user20@example.test/INBOX/dovecot-keywords"));
  auto ending = [&](const char* end) {
    return std::ranges::count_if(files, [&](const auto& file) { return file.first.ends_with(end); });
  };
  EXPECT_EQ(ending("_1.pabal:2,Sac"), 1);
  EXPECT_EQ(ending("_2.pabal:2,b"), 1);
  boost::json::value report = boost::json::parse(files["report.json"]);
  const auto& keywords = report.at("keywords").as_array();
  ASSERT_EQ(keywords.size(), 1u);
  EXPECT_EQ(boost::json::serialize(keywords[0].at("keywords")), R"(["key1","key29"])");
  EXPECT_TRUE(files.contains(std::string(keywords[0].at("file").as_string())));
}

// Also where the tree that leads to them is lost.
TEST_F(SalvageTest, FieldsOfOneAccountStandInItsMailsAlone) {
  auto told = [](int64_t account) {
    return "Delivered-To: user" + std::to_string(account) + "@other.test\r\n";
  };
  with_store([&](Store& store) -> rt::Task<void> {
    co_await deliver_known(store, known_, unique_text(0, 700), {1, 20}, true, 0);
    auto tell = [&](Transaction& tx) {
      for (int64_t account : {1, 20})
        tell_delivery(tx, MessageId{known_[0].message}, AccountId{account}, told(account));
    };
    co_await test::write(store, tell);
  });
  ASSERT_EQ(known_.size(), 3u);
  for (bool damaged : {false, true}) {
    if (damaged) overwrite(database_, 0, std::string(kPage, '\0'));
    Salvaged out = salvage();
    EXPECT_EQ(out.by_folder.size(), 3u);
    EXPECT_TRUE(out.has("user1@example.test/INBOX", told(1) + known_[0].whole)) << damaged;
    EXPECT_TRUE(out.has("user20@example.test/INBOX", told(20) + known_[0].whole)) << damaged;
    EXPECT_TRUE(out.has("queue", known_[0].whole)) << damaged;
  }
}

TEST_F(SalvageTest, WhatASurveyFindsIsWhatSqliteSays) {
  fill();
  for (int round = 0; round < 3; ++round) {
    with_store([&](Store& store) -> rt::Task<void> {
      co_await expunge_some(store);
      co_await deliver_many(store, 100 + round * 30, 130 + round * 30);
    });
  }
  std::string bytes = read(database_);
  SqlitePages pages({[&](uint64_t at, std::span<char> into) {
                       size_t n = bytes.copy(into.data(), into.size(), at);
                       return n;
                     },
                     bytes.size()},
                    {});
  Survey survey = survey_database(pages, [](uint64_t) {});
  EXPECT_TRUE(survey.whole);
  Database db(database_, {true, world_.disk.sqlite_vfs()});
  size_t messages = 0, mails = 0;
  for (Statement select = db.prepare("SELECT id, hash, prefix, coalesce(bytes, '') FROM message");
       select.step(); ++messages) {
    auto found = survey.messages.find(select.number(0));
    ASSERT_NE(found, survey.messages.end());
    EXPECT_EQ(std::string(found->second.hash.begin(), found->second.hash.end()), select.text(1));
    MessageText text = read_message_text(pages, found->second);
    EXPECT_EQ(text.prefix, select.text(2));
    EXPECT_EQ(text.bytes, select.text(3));
  }
  for (Statement select = db.prepare("SELECT mailbox, uid, message, flags FROM mail ORDER BY mailbox, uid");
       select.step(); ++mails) {
    ASSERT_LT(mails, survey.mails.size());
    const SurveyedMail& mail = survey.mails[mails];
    EXPECT_EQ(mail.mailbox, select.number(0));
    EXPECT_EQ(mail.uid, select.number(1));
    EXPECT_EQ(mail.message, select.number(2));
    EXPECT_EQ(mail.flags, select.number(3));
  }
  EXPECT_EQ(survey.messages.size(), messages);
  EXPECT_EQ(survey.mails.size(), mails);
}

TEST_F(SalvageTest, AnyZeroedPageCostsOnlyWhatIsInIt) {
  fill();
  const std::string good = read(database_);
  ASSERT_GT(good.size(), 30 * kPage);
  for (size_t page = 0; page < good.size() / kPage; ++page) {
    SCOPED_TRACE("page " + std::to_string(page + 1));
    std::string lost = good.substr(page * kPage, kPage);
    overwrite(database_, page * kPage, std::string(kPage, '\0'));
    Salvaged out = salvage();
    expect_all_but(out, lost, true);
    overwrite(database_, page * kPage, lost);
    if (HasFailure()) return;
  }
}

TEST_F(SalvageTest, AnyPageOfRubbishCostsOnlyWhatWasInIt) {
  fill();
  const std::string good = read(database_);
  std::mt19937 random(3);
  for (size_t page = 0; page < good.size() / kPage; ++page) {
    SCOPED_TRACE("page " + std::to_string(page + 1));
    std::string lost = good.substr(page * kPage, kPage);
    std::string rubbish = lost;
    // The kind of page stays, which is worse than what is no page at all.
    for (size_t i = 1; i < rubbish.size(); ++i) rubbish[i] = static_cast<char>(random());
    overwrite(database_, page * kPage, rubbish);
    Salvaged out = salvage();
    expect_all_but(out, lost, false);
    overwrite(database_, page * kPage, lost);
    if (HasFailure()) return;
  }
}

TEST_F(SalvageTest, FlippedBitsCostOnlyTheirPage) {
  fill();
  const std::string good = read(database_);
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    size_t at = random() % good.size();
    SCOPED_TRACE("octet " + std::to_string(at));
    overwrite(database_, at, std::string(1, static_cast<char>(good[at] ^ (1 << random() % 8))));
    Salvaged out = salvage();
    expect_all_but(out, good.substr(at / kPage * kPage, kPage), false);
    overwrite(database_, at, good.substr(at, 1));
    if (HasFailure()) return;
  }
}

TEST_F(SalvageTest, ATruncatedDatabaseCostsWhatWasCutOff) {
  fill();
  const std::string good = read(database_);
  for (size_t octets = 0; octets < good.size(); octets += 5 * kPage + 1000) {
    SCOPED_TRACE(std::to_string(octets) + " octets");
    put(database_, good.substr(0, octets));
    Salvaged out = salvage();
    expect_all_but(out, good.substr(octets / kPage * kPage), false);
    if (HasFailure()) return;
  }
}

TEST_F(SalvageTest, WithoutADatabaseTheSegmentsAreRead) {
  fill();
  host_.disk().remove(database_);
  Salvaged out = salvage();
  EXPECT_FALSE(out.result.database_found);
  for (const Known& mail : known_) {
    if (mail.in_segment) EXPECT_TRUE(out.has("unknown", mail.bytes));
  }
  EXPECT_EQ(out.result.written, 0u);
}

TEST_F(SalvageTest, AFlippedBitInASegmentCostsThatMail) {
  fill();
  const std::string path = segment_path(segments_directory(kData), 1);
  const std::string good = read(path);
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    size_t at = random() % good.size();
    SCOPED_TRACE("octet " + std::to_string(at));
    overwrite(path, at, std::string(1, static_cast<char>(good[at] ^ (1 << random() % 8))));
    Salvaged out = salvage();
    std::set<int64_t> lost;
    for (const Known& mail : known_) {
      if (!out.has(mail.folder, mail.whole)) lost.insert(mail.message);
    }
    EXPECT_LE(lost.size(), 1u);
    EXPECT_EQ(out.result.damaged, lost.size());
    // What is left of it is written, too.
    EXPECT_EQ(out.by_folder.count("damaged"), lost.size());
    overwrite(path, at, good.substr(at, 1));
    if (HasFailure()) return;
  }
}

TEST_F(SalvageTest, ADamagedHeaderInABatchCostsNoOther) {
  with_store([this](Store& store) -> rt::Task<void> {
    rt::TaskGroup group;
    for (int i = 0; i < 6; ++i)
      group.spawn(deliver_known(store, known_, unique_text(i, 5000), {1}, false, 0));
    co_await group.join();
  });
  host_.disk().remove(database_);
  const std::string path = segment_path(segments_directory(kData), 1);
  std::string segment = read(path);
  std::vector<size_t> headers;
  for (size_t at = kBlockOctets; at < segment.size(); at += 8) {
    if (may_begin_record(std::string_view(segment).substr(at))) headers.push_back(at);
  }
  ASSERT_EQ(headers.size(), 6u);
  for (size_t header : headers) {
    for (size_t in_header : {0u, 8u, 17u, 30u}) {
      host_.disk().flip_bit(path, header + in_header);
      Salvaged out = salvage();
      EXPECT_EQ(out.result.unknown, 5u) << header << '+' << in_header;
      host_.disk().flip_bit(path, header + in_header);
    }
  }
}

TEST_F(SalvageTest, AMissingSegmentCostsItsMails) {
  fill();
  host_.disk().remove(segment_path(segments_directory(kData), 2));
  Salvaged out = salvage();
  size_t lost = 0;
  for (const Known& mail : known_) {
    bool there = out.has(mail.folder, mail.whole);
    if (!there) ++lost;
    if (!mail.in_segment) EXPECT_TRUE(there);
  }
  EXPECT_GT(lost, 0u);
  EXPECT_LT(lost, 20u);
  EXPECT_GE(lost, out.result.damaged);
  EXPECT_GT(out.result.damaged, 0u);
}

// The server was killed: what was committed last stands in the log alone.
class SalvageLogTest : public SalvageTest {
 protected:
  void fill_and_kill() {
    fill();
    auto scenario = [this](Store& store) -> rt::Task<void> { co_await deliver_many(store, 200, 215); };
    std::unique_ptr<Store> store = Store::open(world_, options());
    sim_.run(scenario(*store));
    for (const char* suffix : {"", "-wal"}) files_[suffix] = read(database_ + suffix);
    store = nullptr;
    for (const auto& [suffix, bytes] : files_) put(database_ + suffix, bytes);
  }
  std::map<std::string, std::string> files_;
};

TEST_F(SalvageLogTest, ReadsTheLog) {
  fill_and_kill();
  Salvaged out = salvage();
  expect_all_but(out, "", true);
  EXPECT_EQ(out.by_folder.size(), known_.size());
  EXPECT_EQ(out.result.damaged, 0u);
}

TEST_F(SalvageLogTest, AFlippedBitInTheLogCostsItsPageAlone) {
  fill_and_kill();
  const std::string& log = files_["-wal"];
  size_t last_frame = 32;  // the rest is of an earlier use of the log
  while (last_frame + 24 + kPage < log.size() &&
         log.substr(last_frame + 24 + kPage + 8, 8) == log.substr(16, 8))
    last_frame += 24 + kPage;
  std::mt19937 random(9);
  for (int round = 0; round < 30; ++round) {
    size_t at = 32 + random() % (log.size() - 32);
    SCOPED_TRACE("octet " + std::to_string(at));
    overwrite(database_ + "-wal", at, std::string(1, static_cast<char>(log[at] ^ 4)));
    Salvaged out = salvage();
    // The page as it was before that frame stands in for it, so what came last
    // to that page may be lost, and no other. The last frame says that the last
    // mail was committed at all.
    size_t frame = (at - 32) / (24 + kPage) * (24 + kPage) + 32;
    std::string lost = log.substr(frame, 24 + kPage);
    if (frame == last_frame) lost += marker_of(214) + known_.back().hash;
    expect_all_but(out, lost, false);
    overwrite(database_ + "-wal", at, log.substr(at, 1));
    if (HasFailure()) return;
  }
}

TEST_F(SalvageLogTest, WithoutTheLogTheOlderMailsAreThere) {
  fill_and_kill();
  host_.disk().remove(database_ + "-wal");
  Salvaged out = salvage();
  for (const Known& mail : known_) {
    if (numbers_[mail.message] < 200) EXPECT_TRUE(out.has(mail.folder, mail.whole));
  }
}

TEST_F(SalvageLogTest, WithoutTheDatabaseTheLogAndTheSegmentsAreThere) {
  fill_and_kill();
  host_.disk().remove(database_);
  Salvaged out = salvage();
  for (const Known& mail : known_) {
    if (mail.in_segment)
      EXPECT_TRUE(out.has_bytes(mail.folder, mail.bytes) || out.has_bytes("unknown", mail.bytes));
  }
}

TEST_F(SalvageTest, LeavesTheStoreAndOtherFilesAlone) {
  fill();
  std::map<std::string, std::string> before = read_files(host_.disk(), kData);
  before.erase("lock");
  salvage();
  std::map<std::string, std::string> after = read_files(host_.disk(), kData);
  after.erase("lock");
  EXPECT_EQ(before, after);
  host_.disk().make_directory("/mine");
  put("/mine/file", "x");
  EXPECT_THROW(salvage_store(world_, kData, "/mine", kSilent), StoreError);
  EXPECT_THROW(salvage_store(world_, "/nowhere", "/other", kSilent), StoreError);
  std::unique_ptr<Store> running = Store::open(world_, options());
  EXPECT_THROW(salvage_store(world_, kData, "/other", kSilent), StoreError);
}

// Who changes these tables has to tell the survey, see kShapes in survey.cc.
TEST_F(SalvageTest, KnowsTheShapesOfTheTables) {
  fill();
  Database db(database_, {true, world_.disk.sqlite_vfs()});
  const std::map<std::string, std::string> expected = {
      {"message",
       "id reverse_path envid ret body smtputf8 prefix hash size_octets received_at segment segment_offset "
       "bytes checksum deliveries block_checksums "},
      {"mailbox",
       "id account name special_use uidvalidity uidnext modseq messages octets keywords url_auth_key "
       "first_recent unseen deleted deleted_octets "},
      {"account",
       "id address display_name password scram disabled quota_octets used_octets used_messages modseq inbox "
       "created_at last_uidvalidity shared login_version feed_horizon feed_nameless "},
      {"mail", "mailbox uid message modseq flags size_octets internal_date saved_at "},
      {"queue_entry",
       "id message local_part domain destination orcpt_type orcpt notify state attempts queued_at due_at "
       "delay_noticed "
       "last_status last_reason last_mta account "},
      {"delivery", "message account fields "},
  };
  for (const auto& [table, columns] : expected) {
    std::string found;
    Statement select = db.prepare("SELECT name FROM pragma_table_info('" + table + "')");
    while (select.step()) found += select.text(0) + ' ';
    EXPECT_EQ(found, columns) << table << " has " << found;
  }
}

}  // namespace
}  // namespace pabal::store
