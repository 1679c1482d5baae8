// Threads: who belongs to whom, and that it stays so.
#include "store/threads.h"

#include "store_world.h"

namespace pabal::store {
namespace {

class Threads : public RealStore {
 protected:
  Threads() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) { make_account(tx); });
  }
  ~Threads() override { loop_.run(store_->close()); }

  // A mail in INBOX; the first has the UID 1.
  MessageId message() {
    MessageId id;
    auto work = [&](Store& s) -> rt::Task<void> { id = co_await deliver(s, text_of(200)); };
    loop_.run(work(*store_));
    return id;
  }
  void give(MessageId message, const std::string& message_id, std::vector<std::string> references,
            const std::string& base_subject = "lunch") {
    Summary summary;
    summary.message = message;
    summary.message_id = message_id;
    summary.references = std::move(references);
    summary.base_subject = base_subject;
    store_->execute_now([&](Transaction& tx) { give_threads(tx, {summary}); });
  }
  // With a new mail that has these.
  MessageId add(const std::string& message_id, std::vector<std::string> references,
                const std::string& base_subject = "lunch") {
    MessageId id = message();
    give(id, message_id, std::move(references), base_subject);
    return id;
  }
  ThreadId thread_of(MessageId message) {
    std::vector<FoundThread> found;
    store_->execute_now([&](Transaction& tx) { found = find_threads(tx.db, {message}); });
    return found.empty() ? ThreadId{} : found[0].thread;
  }
  void expunge_first(int64_t first, int64_t last) {
    store_->execute_now(
        [&](Transaction& tx) { expunge(tx, AccountId{kAccount}, inbox_of(tx.db), {{{first}, {last}}}); });
  }
  int64_t count(const std::string& table) {
    int64_t rows = 0;
    store_->execute_now([&](Transaction& tx) {
      Statement select = tx.db.prepare("SELECT count(*) FROM " + table);
      select.step();
      rows = select.number(0);
    });
    return rows;
  }

  std::unique_ptr<Store> store_;
};

TEST_F(Threads, RepliesJoinWhatTheyAnswer) {
  MessageId first = add("a@x", {});
  EXPECT_EQ(thread_of(first).value, first.value);
  MessageId reply = add("b@x", {"a@x"});
  MessageId reply_to_reply = add("c@x", {"b@x"});
  EXPECT_EQ(thread_of(reply), thread_of(first));
  EXPECT_EQ(thread_of(reply_to_reply), thread_of(first));
  MessageId other = add("z@x", {"y@x"});
  EXPECT_EQ(thread_of(other).value, other.value);
}

TEST_F(Threads, WhatCameLaterJoinsItsReplies) {
  MessageId reply = add("b@x", {"a@x"});
  MessageId sister = add("c@x", {"a@x"});  // of a mail that is not here
  MessageId answered = add("a@x", {});
  EXPECT_EQ(thread_of(sister), thread_of(reply));
  EXPECT_EQ(thread_of(answered), thread_of(reply));
}

TEST_F(Threads, AnotherSubjectIsAnotherThread) {  // RFC 8621 §3
  MessageId first = add("a@x", {});
  MessageId other = add("b@x", {"a@x"}, "dinner");
  EXPECT_EQ(thread_of(other).value, other.value);
  EXPECT_EQ(thread_of(add("c@x", {"a@x", "b@x"}, "dinner")), thread_of(other));
  EXPECT_EQ(thread_of(add("d@x", {"a@x", "b@x"})), thread_of(first));
}

TEST_F(Threads, TheSameMailTwiceIsOneThread) {
  MessageId sent = add("a@x", {});
  EXPECT_EQ(thread_of(add("a@x", {})), thread_of(sent));
}

TEST_F(Threads, WithoutMessageIdsEachStandsAlone) {
  MessageId first = add("", {}), second = add("", {});
  EXPECT_NE(thread_of(first), thread_of(second));
}

TEST_F(Threads, TheOldestDecidesAndNobodyIsMoved) {
  MessageId one = add("a@x", {}), two = add("b@x", {});
  MessageId both = add("c@x", {"b@x", "a@x"});
  EXPECT_EQ(thread_of(both), thread_of(one));
  EXPECT_EQ(thread_of(two).value, two.value);
  EXPECT_EQ(thread_of(add("d@x", {"c@x", "b@x"})).value, two.value);
}

TEST_F(Threads, AreGivenOnce) {
  MessageId first = add("a@x", {}), second = add("b@x", {});
  give(second, "b@x", {"a@x"});
  EXPECT_EQ(thread_of(second).value, second.value);
  EXPECT_EQ(thread_of(add("c@x", {"a@x"})), thread_of(first));
}

TEST_F(Threads, OutliveWhoBeganThem) {
  MessageId first = add("a@x", {}), reply = add("b@x", {"a@x"});
  expunge_first(1, 1);
  EXPECT_EQ(thread_of(first), ThreadId{});
  EXPECT_EQ(thread_of(reply).value, first.value);
  EXPECT_EQ(thread_of(add("c@x", {"a@x", "b@x"})).value, first.value);
}

TEST_F(Threads, GoWithTheirMessages) {
  add("a@x", {}), add("b@x", {"a@x"});
  MessageId gone = message();
  expunge_first(1, 3);
  give(gone, "c@x", {});  // made while it was removed
  EXPECT_EQ(count("thread"), 0);
  EXPECT_EQ(count("thread_link"), 0);
}

TEST_F(Threads, OfManyReferencesTheFirstAndTheLastCount) {
  MessageId first = add("root@x", {});
  std::vector<std::string> references{"root@x"};
  for (int i = 0; i < 1'000; ++i) references.push_back(std::to_string(i) + "@x");
  MessageId long_one = add("long@x", references);
  EXPECT_EQ(thread_of(long_one), thread_of(first));
  EXPECT_EQ(count("thread_link"), 1 + 1 + 1 + 20);
  EXPECT_EQ(thread_of(add("near@x", {"999@x"})), thread_of(first));
  EXPECT_NE(thread_of(add("far@x", {"500@x"})), thread_of(first));
}

}  // namespace
}  // namespace pabal::store
