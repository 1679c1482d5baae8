// What the tests of the store's tools share: a store on a simulated disk with
// mails of all kinds in it, what their owners should get, and ways to damage it.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/progress.h"
#include "store_world.h"

namespace pabal::store {

inline const Progress kSilent = [](std::string_view, uint64_t, uint64_t) {};

// A mail as its owner should get it.
struct Known {
  int64_t message = 0;
  std::string folder;  // "user1@example.test/INBOX", "queue"
  std::string whole;   // prefix and bytes
  std::string bytes;
  std::string hash;
  uint64_t flags = 0;
  bool in_segment = false;
};

// Text that occurs nowhere else, each 64 octets of it telling which mail it is of.
inline std::string unique_text(int number, size_t octets) {
  std::string marker = "mail-number-" + std::to_string(100'000 + number) + '-';
  std::string out = "Subject: " + std::to_string(number) + "\r\n\r\n";
  while (out.size() < octets) out += marker + std::to_string(out.size()) + "\r\n";
  out.resize(octets);
  return out;
}
inline std::string marker_of(int number) {
  return "mail-number-" + std::to_string(100'000 + number) + '-';
}

inline std::string recipient_of(int64_t message) {
  return "waiting-" + std::to_string(message);
}

inline void insert_queue_entry(Transaction& tx, int64_t id, MessageId message, const std::string& local) {
  tx.db
      .prepare(
          "INSERT INTO queue_entry (id, message, local_part, domain, destination, notify, state, attempts, "
          "queued_at, due_at, delay_noticed, last_status, last_reason, last_mta) "
          "VALUES (?, ?, ?, 'example.net', 'example.net', 0, 0, 0, 0, 0, 0, '', '', '')")
      .bind(id)
      .bind(message.value)
      .bind(local)
      .run();
}

// Delivers one message to these accounts' INBOX, and queues it for one recipient elsewhere.
inline rt::Task<void> deliver_known(Store& store, std::vector<Known>& known, std::string bytes,
                                    std::vector<int64_t> accounts, bool queued, uint64_t flags) {
  MessageRecord message;
  message.id = MessageId{store.new_id()};
  message.reverse_path = "sender@example.test";
  message.prefix = "Return-Path: <sender@example.test>\r\nX-Id: " + std::to_string(message.id.value) + "\r\n";
  message.hash = sha256(bytes);
  message.size_octets = bytes.size();
  NewBlobs fresh;
  fresh.push_back({bytes, message.hash, {}});
  bool in_segment = false;
  auto work = [&](Transaction& tx, const NewBlobs& blobs) {
    message.received_at = tx.now;
    insert_message(tx, message, blobs[0]);
    in_segment = blobs[0].location.segment >= 0;
    for (int64_t account : accounts) append(tx, AccountId{account}, inbox_of(tx.db, account), message, flags);
    if (queued) insert_queue_entry(tx, message.id.value + 1, message.id, recipient_of(message.id.value));
  };
  co_await test::commit(store, std::move(fresh), work);
  Known mail{message.id.value, "", message.prefix + bytes, bytes, message.hash, flags, in_segment};
  for (int64_t account : accounts) {
    mail.folder = "user" + std::to_string(account) + "@example.test/INBOX";
    known.push_back(mail);
  }
  mail.folder = "queue";
  mail.flags = 0;
  if (queued) known.push_back(mail);
}

// All files below `directory`, by their path from there.
inline void read_files(io::Disk& disk, const std::string& directory, const std::string& below,
                       std::map<std::string, std::string>& found) {
  for (const std::string& name : disk.list(directory)) {
    std::string path = directory + '/' + name;
    try {
      std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::read);
      std::string bytes(file->size(), '\0');
      bytes.resize(file->read_at(0, bytes));
      found[below + name] = std::move(bytes);
    } catch (const io::IoError&) {
      read_files(disk, path, below + name + '/', found);
    }
  }
}
inline std::map<std::string, std::string> read_files(io::Disk& disk, const std::string& directory) {
  std::map<std::string, std::string> found;
  read_files(disk, directory, "", found);
  return found;
}

class ToolsTest : public testing::Test {
 protected:
  static constexpr const char* kData = "/data";

  ToolsTest() : host_(sim_.host("mx", {"192.0.2.1"})), world_(host_.world()) {}

  StoreOptions options() const {
    StoreOptions options = small_options(kData);
    options.segment_octets = 128 << 10;
    return options;
  }

  // Opens the store, runs `test`, and closes it: then all is in the database.
  void with_store(std::function<rt::Task<void>(Store&)> test) {
    std::unique_ptr<Store> store = Store::open(world_, options());
    store->execute_now([](Transaction& tx) {
      make_account(tx, 1);
      make_account(tx, 20);
    });
    sim_.run(run_and_close(*store, test));
  }
  static rt::Task<void> run_and_close(Store& store, std::function<rt::Task<void>(Store&)>& test) {
    rt::Task<void> body = test(store);
    co_await body;
    co_await store.close();
  }

  rt::Task<void> deliver_many(Store& store, int from, int to) {
    static constexpr size_t sizes[] = {300, 3000, 9000, 4096, 30'000, 700};
    for (int i = from; i < to; ++i) {
      std::vector<int64_t> accounts{i % 2 == 0 ? 1 : 20};
      if (i % 5 == 0) accounts = {1, 20};
      if (i % 11 == 3) accounts = {};
      co_await deliver_known(store, known_, unique_text(i, sizes[i % 6]), accounts, i % 11 == 3,
                             i % 3 == 0 ? kSeen : 0);
      numbers_[known_.back().message] = i;
    }
  }
  rt::Task<void> expunge_some(Store& store) {
    auto work = [this](Transaction& tx) {
      MailboxId inbox = inbox_of(tx.db, 1);
      std::vector<Mail> mails = list_mails(tx.db, inbox);
      UidRanges uids;
      for (size_t i = 3; i < mails.size(); i += 4) {
        add_to(uids, mails[i].uid);
        gone_.insert(mails[i].message.value);
        std::erase_if(known_, [&](const Known& k) {
          return k.message == mails[i].message.value && k.folder == "user1@example.test/INBOX";
        });
      }
      expunge(tx, AccountId{1}, inbox, uids);
    };
    co_await test::write(store, work);
  }
  // Mails of all kinds; some have been removed again.
  void fill() {
    with_store([this](Store& store) -> rt::Task<void> {
      co_await deliver_many(store, 0, 40);
      co_await expunge_some(store);
      co_await deliver_many(store, 40, 70);
    });
  }

  std::string read(const std::string& path) { return host_.disk().contents(path); }
  void overwrite(const std::string& path, uint64_t offset, const std::string& bytes) {
    host_.disk().open(path, io::OpenMode::read_write)->write_at(offset, bytes);
  }
  void put(const std::string& path, const std::string& bytes) {
    std::unique_ptr<io::File> file = host_.disk().open(path, io::OpenMode::create);
    file->truncate(0);
    file->write_at(0, bytes);
  }

  const std::string database_ = database_path(kData);
  sim::SimWorld sim_{11};
  sim::SimHost& host_;
  io::World world_;
  std::vector<Known> known_;
  std::map<int64_t, int> numbers_;  // message -> the number in its text
  std::set<int64_t> gone_;          // messages that account 1 has removed
};

}  // namespace pabal::store
