// What the tests of the store share: a mail to deliver, and a store in a real
// directory with real threads or on a simulated disk.
#pragma once

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "../support/store_work.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "rt/task_group.h"
#include "sim/world.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal::store {

constexpr int64_t kAccount = 1;

inline std::string text_of(size_t octets, char c = 'x') {
  std::string out = "Subject: test\r\n\r\n";
  if (octets > out.size()) out.append(octets - out.size(), c);
  return out;
}

// An account with its mailboxes, unless it is there.
inline void make_account(Transaction& tx, int64_t id = kAccount) {
  Statement insert = tx.db.prepare(
      "INSERT INTO account (id, address, display_name, password, scram, disabled, quota_octets, used_octets, "
      "used_messages, modseq, inbox, created_at) VALUES (?, ?, '', '', '', 0, 0, 0, 0, 0, 0, 0) "
      "ON CONFLICT (id) DO NOTHING");
  insert.bind(id).bind("user" + std::to_string(id) + "@example.test").run();
  if (tx.db.changes() > 0) create_default_mailboxes(tx, AccountId{id});
}

inline MailboxId inbox_of(Database& db, int64_t account = kAccount) {
  return find_mailbox(db, AccountId{account}, "INBOX").value();
}

// One delivery as intake makes it. Its id.
inline rt::Task<MessageId> deliver(Store& store, std::string bytes, int64_t account = kAccount) {
  MessageRecord message;
  message.id = MessageId{store.new_id()};
  message.reverse_path = "sender@example.test";
  message.prefix = "Return-Path: <sender@example.test>\r\n";
  message.hash = sha256(bytes);
  message.size_octets = bytes.size();
  NewBlobs fresh;
  fresh.push_back({bytes, message.hash, {}});
  auto work = [&](Transaction& tx, const NewBlobs& blobs) {
    message.received_at = tx.now;
    insert_message(tx, message, blobs[0]);
    append(tx, AccountId{account}, inbox_of(tx.db, account), message, 0);
  };
  co_await test::commit(store, std::move(fresh), work);
  co_return message.id;
}

inline rt::Task<std::vector<Mail>> mails_in(Store& store, int64_t account = kAccount) {
  auto query = [account](Database& db) { return list_mails(db, inbox_of(db, account)); };
  co_return co_await test::read(store, query);
}

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "pabal-store-XXXXXX").string();
    verify(mkdtemp(name.data()) != nullptr, "there is a place for temporary files");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline StoreOptions small_options(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.segment_octets = 256 << 10;
  options.readers = 2;
  return options;
}

// Real files, real threads.
class RealStore : public testing::Test {
 protected:
  RealStore() : real_({.log = {.path = "/dev/null"}}), world_(real_.world()), loop_(poller_) {}

  StoreOptions options() const { return small_options(directory_.path() + "/store"); }

  // Runs `test` on a loop with the store open, closes it afterwards.
  void with_store(std::function<rt::Task<void>(Store&)> test) { with_store(options(), std::move(test)); }
  void with_store(const StoreOptions& options, std::function<rt::Task<void>(Store&)> test) {
    std::unique_ptr<Store> store = Store::open(world_, options);
    store->execute_now([](Transaction& tx) { make_account(tx); });
    loop_.run(run_and_close(*store, test));
  }

  static rt::Task<void> run_and_close(Store& store, std::function<rt::Task<void>(Store&)>& test) {
    rt::Task<void> body = test(store);
    co_await body;
    co_await store.close();
  }

  TemporaryDirectory directory_;
  os::RealWorld real_;
  io::World world_;
  os::EpollPoller poller_;
  rt::Loop loop_;
};

}  // namespace pabal::store
