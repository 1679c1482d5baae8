// Summaries and texts for searches: kept, replaced, thrown away with their message.
#include "store/summaries.h"

#include <random>

#include "store/threads.h"
#include "store_world.h"

namespace pabal::store {
namespace {

class Summaries : public RealStore {
 protected:
  Summaries() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) { make_account(tx); });
  }
  ~Summaries() override { loop_.run(store_->close()); }

  std::vector<MessageId> fill(int count) {
    std::vector<MessageId> ids;
    auto work = [&](Store& s) -> rt::Task<void> {
      for (int i = 0; i < count; ++i) ids.push_back(co_await deliver(s, text_of(200)));
    };
    loop_.run(work(*store_));
    return ids;
  }
  void in_transaction(std::function<void(Transaction&)> work) { store_->execute_now(std::move(work)); }

  static Summary summary_of(MessageId id) {
    Summary s;
    s.message = id;
    s.sent_at = Time{id.value};
    s.sent_day = -5;
    s.base_subject = "subject " + std::to_string(id.value);
    s.subject_is_reply = true;
    s.from_key = "from", s.to_key = "to", s.cc_key = "cc";
    s.from_display = "보내는 이", s.to_display = "받는 이";
    s.message_id = "m@example.test";
    s.references = {"a@example.test", "b@example.test"};
    s.texts.envelope = "(\"date\" NIL)";
    s.texts.body_structure = "(\"TEXT\" \"PLAIN\")";
    s.texts.preview = "미리 보기";
    return s;
  }
  static SearchText text_for(MessageId id) {
    return {id, "subject: " + std::to_string(id.value) + "\n", "from: a <a@x.test>\n",
            "body of " + std::to_string(id.value)};
  }
  static void put(Transaction& tx, MessageId id) { put_summary(tx, summary_of(id), text_for(id)); }
  static void give(Transaction& tx, MessageId id) { give_threads(tx, {summary_of(id)}); }
  static int64_t count(Database& db, const std::string& table) {
    Statement select = db.prepare("SELECT count(*) FROM " + table);
    select.step();
    return select.number(0);
  }

  std::unique_ptr<Store> store_;
};

TEST_F(Summaries, ComeBackAsFarAsTheyAreWanted) {
  MessageId id = fill(1)[0];
  in_transaction([&](Transaction& tx) {
    EXPECT_TRUE(find_summaries(tx.db, {id}, {.dates = true}).empty());
    EXPECT_TRUE(find_summary_texts(tx.db, {id}).empty());
    put(tx, id);
    put(tx, id);  // again, as after a new version
    Summary all = find_summaries(tx.db, {id}, {true, true, true, true}).at(0);
    Summary expected = summary_of(id);
    EXPECT_EQ(all.message, id);
    EXPECT_EQ(all.sent_at, expected.sent_at);
    EXPECT_EQ(all.sent_day, -5);
    EXPECT_EQ(all.base_subject, expected.base_subject);
    EXPECT_TRUE(all.subject_is_reply);
    EXPECT_EQ(all.from_key + all.to_key + all.cc_key, "fromtocc");
    EXPECT_EQ(all.from_display, expected.from_display);
    EXPECT_EQ(all.to_display, expected.to_display);
    EXPECT_EQ(all.message_id, expected.message_id);
    EXPECT_EQ(all.references, expected.references);
    SummaryTexts texts = find_summary_texts(tx.db, {id}).at(0).texts;
    EXPECT_EQ(texts.envelope, expected.texts.envelope);
    EXPECT_EQ(texts.body_structure, expected.texts.body_structure);
    EXPECT_EQ(texts.preview, expected.texts.preview);
    for (int which = 0; which < 5; ++which) {
      SummaryWants wants{which == 0, which == 1, which == 2, which == 3};
      Summary some = find_summaries(tx.db, {id}, wants).at(0);
      EXPECT_EQ(some.sent_at.ms != 0 && some.sent_day != 0, which == 0);
      EXPECT_EQ(!some.base_subject.empty() && some.subject_is_reply, which == 1);
      EXPECT_EQ(!some.from_key.empty() && !some.to_display.empty(), which == 2);
      EXPECT_EQ(!some.message_id.empty() && some.references.size() == 2, which == 3);
    }
    Summary bare = summary_of(id);
    bare.references.clear();
    put_summary(tx, bare, text_for(id));
    EXPECT_TRUE(find_summaries(tx.db, {id}, {.references = true}).at(0).references.empty());
  });
}

TEST_F(Summaries, AreFoundAmongManyOthers) {
  std::vector<MessageId> ids = fill(120);
  in_transaction([&](Transaction& tx) {
    std::set<MessageId> with;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i % 7 == 3) continue;
      put(tx, ids[i]);
      with.insert(ids[i]);
    }
    std::minstd_rand random(5);
    for (int round = 0; round < 60; ++round) {
      std::vector<MessageId> wanted, expected, found, texts;
      for (MessageId id : ids) {
        if (random() % (1 + round % 40) == 0) wanted.push_back(id);
      }
      if (round % 3 == 0) wanted.push_back(MessageId{INT64_MAX});
      for (MessageId id : wanted) {
        if (with.contains(id)) expected.push_back(id);
      }
      for (const Summary& s : find_summaries(tx.db, wanted, {.dates = true, .subject = true})) {
        EXPECT_EQ(s.base_subject, summary_of(s.message).base_subject);
        found.push_back(s.message);
      }
      read_search_texts(tx.db, wanted, true, true, [&](const FoundSearchText& text) {
        EXPECT_EQ(text.header, text_for(text.message).header);
        EXPECT_EQ(text.addresses, text_for(text.message).addresses);
        EXPECT_EQ(text.body, text_for(text.message).body);
        texts.push_back(text.message);
        return true;
      });
      EXPECT_EQ(found, expected);
      EXPECT_EQ(texts, expected);
    }
  });
}

TEST_F(Summaries, TextsAreReadUntilSomebodyHasEnough) {
  std::vector<MessageId> ids = fill(5);
  in_transaction([&](Transaction& tx) {
    for (MessageId id : ids) put(tx, id);
    int seen = 0;
    read_search_texts(tx.db, ids, false, true, [&](const FoundSearchText& text) {
      EXPECT_TRUE(text.header.empty());
      EXPECT_FALSE(text.body.empty());
      return ++seen < 3;
    });
    EXPECT_EQ(seen, 3);
  });
}

TEST_F(Summaries, ThatAreMissingOrOldAreListed) {
  std::vector<MessageId> ids = fill(6);
  in_transaction([&](Transaction& tx) {
    EXPECT_EQ(list_unsummarized(tx.db, {}, 100), ids);
    EXPECT_EQ(list_unsummarized(tx.db, ids[1], 2), (std::vector<MessageId>{ids[2], ids[3]}));
    for (MessageId id : ids) put(tx, id);
    for (MessageId id : ids) {
      if (id != ids[2]) give(tx, id);
    }
    EXPECT_EQ(list_unsummarized(tx.db, {}, 100), std::vector<MessageId>{ids[2]});
    give(tx, ids[2]);
    EXPECT_TRUE(list_unsummarized(tx.db, {}, 100).empty());
    tx.db.prepare("UPDATE summary SET version = 0 WHERE message = ?").bind(ids[4].value).run();
    EXPECT_EQ(list_unsummarized(tx.db, {}, 100), std::vector<MessageId>{ids[4]});
    EXPECT_EQ(find_summaries(tx.db, ids, {}).size(), 5u);
    // The same message in another mailbox is one message; a message that only waits in the queue has no
    // reader.
    copy_mails(tx, inbox_of(tx.db), {{{5}, {5}}}, AccountId{kAccount},
               *find_mailbox(tx.db, AccountId{kAccount}, "Trash"));
    EXPECT_EQ(list_unsummarized(tx.db, {}, 100), std::vector<MessageId>{ids[4]});
  });
}

// Texts have no column that says how they were made.
TEST_F(Summaries, TextsOfAnOlderVersionAreNone) {
  MessageId id = fill(1)[0];
  in_transaction([&](Transaction& tx) {
    int seen = 0;
    auto use = [&](const FoundSearchText&) { return ++seen > 0; };
    put(tx, id);
    read_search_texts(tx.db, {id}, true, true, use);
    EXPECT_EQ(seen, 1);
    tx.db.execute(
        "UPDATE header_text SET text = 'subject: old' || char(10); UPDATE body_text SET text = 'old'");
    for (bool header : {true, false}) read_search_texts(tx.db, {id}, header, !header, use);
    EXPECT_EQ(seen, 1);
    put(tx, id);
    read_search_texts(tx.db, {id}, true, true, use);
    EXPECT_EQ(seen, 2);
  });
}

TEST_F(Summaries, GoWithTheirMessage) {
  std::vector<MessageId> ids = fill(4);
  in_transaction([&](Transaction& tx) {
    for (MessageId id : ids) put(tx, id);
    expunge(tx, AccountId{kAccount}, inbox_of(tx.db), {{{2}, {3}}});
    EXPECT_EQ(count(tx.db, "summary"), 2);
    EXPECT_EQ(count(tx.db, "summary_texts"), 2);
    EXPECT_EQ(count(tx.db, "header_text"), 2);
    EXPECT_EQ(count(tx.db, "body_text"), 2);
    put(tx, ids[1]);  // made while it was removed
    EXPECT_EQ(count(tx.db, "summary"), 2);
    EXPECT_EQ(count(tx.db, "summary_texts"), 2);
    EXPECT_EQ(count(tx.db, "header_text"), 2);
    EXPECT_EQ(count(tx.db, "body_text"), 2);
  });
}

}  // namespace
}  // namespace pabal::store
