// mailbox_bench: what a client does to a whole mailbox at once.
// usage: mailbox_bench DIRECTORY [mails] [octets of each]
//
// Times are of the work inside a transaction; "commit" is what comes on top. On a
// machine that does other things, too, its CPU time tells more.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <time.h>
#include <vector>

#include "os/epoll.h"
#include "os/real_world.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "store/messages.h"
#include "store/store.h"
#include "store/summaries.h"

namespace pabal {
namespace {

using store::Store;
using store::Transaction;

constexpr AccountId kAccount{1};
constexpr uint64_t kReadOctets = 4 << 20;

// On the clock, and of the CPU.
struct Spent {
  double wall_ms = 0, cpu_ms = 0;
};
class Watch {
 public:
  Spent spent() const { return {now(CLOCK_MONOTONIC) - wall_, now(CLOCK_PROCESS_CPUTIME_ID) - cpu_}; }

 private:
  static double now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
  }
  double wall_ = now(CLOCK_MONOTONIC), cpu_ = now(CLOCK_PROCESS_CPUTIME_ID);
};

class Bench {
 public:
  Bench(const std::string& directory, int64_t mails, size_t octets)
      : real_({.log = {.path = "/dev/null"}}),
        world_(real_.world()),
        loop_(poller_),
        mails_(mails),
        octets_(octets) {
    std::filesystem::remove_all(directory);
    store::StoreOptions options;
    options.directory = directory;
    store_ = Store::open(world_, options);
  }

  void run() {
    store_->execute_now([this](Transaction& tx) { furnish(tx); });
    loop_.run(fill());
    const store::UidRanges all{{{1}, {INT64_MAX}}};
    store::UidRanges every_other;
    for (int64_t uid = 1; uid <= mails_; uid += 2) every_other.push_back({{uid}, {uid}});
    timed("flags of all", [&](Transaction& tx) {
      change_flags(tx, kAccount, inbox_, all, {store::FlagChange::add, store::kSeen});
    });
    timed("flags of every other", [&](Transaction& tx) {
      change_flags(tx, kAccount, inbox_, every_other, {store::FlagChange::add, store::kFlagged});
    });
    timed("copy of all", [&](Transaction& tx) { copy_mails(tx, inbox_, all, kAccount, trash_); });
    timed("copy of every other",
          [&](Transaction& tx) { copy_mails(tx, inbox_, every_other, kAccount, junk_); });
    timed("list of all", [&](Transaction& tx) { list_mails(tx.db, inbox_); });
    timed("summaries put", [&](Transaction& tx) { put_summaries(tx); });
    timed("summaries: subjects", [&](Transaction& tx) { find_summaries(tx.db, ids_, {.subject = true}); });
    timed("summaries: texts", [&](Transaction& tx) { find_summary_texts(tx.db, ids_); });
    timed("texts", [&](Transaction& tx) {
      read_search_texts(tx.db, ids_, true, true, [](const store::FoundSearchText&) { return true; });
    });
    for (int i = 0; i < 3; ++i) loop_.run(read_all());
    timed("expunge of copies", [&](Transaction& tx) { expunge(tx, kAccount, trash_, all); });
    timed("expunge of the last", [&](Transaction& tx) {
      expunge(tx, kAccount, junk_, all);
      expunge(tx, kAccount, inbox_, all);
    });
    loop_.run(store_->close());
  }

 private:
  void furnish(Transaction& tx) {
    tx.db.execute(
        "INSERT INTO account (id, address, display_name, password, scram, disabled, quota_octets, "
        "used_octets, "
        "used_messages, modseq, inbox, created_at) VALUES (1, 'a@example.test', '', '', '', 0, 0, 0, 0, 0, "
        "0, 0)");
    store::create_default_mailboxes(tx, kAccount);
    inbox_ = *store::find_mailbox(tx.db, kAccount, "INBOX");
    trash_ = *store::find_mailbox(tx.db, kAccount, "Trash");
    junk_ = *store::find_mailbox(tx.db, kAccount, "Junk");
  }

  rt::Task<void> fill() {
    constexpr int64_t kAtOnce = 500;
    for (int64_t done = 0; done < mails_; done += kAtOnce) {
      store::NewBlobs blobs;
      std::vector<MessageId> ids;
      for (int64_t i = done; i < std::min(mails_, done + kAtOnce); ++i) {
        std::string bytes = std::to_string(i) + "\r\n\r\n";
        bytes.resize(octets_, 'x');
        std::string hash = store::sha256(bytes);
        blobs.push_back({std::move(bytes), std::move(hash), {}});
        ids.push_back(MessageId{store_->new_id()});
      }
      ids_.insert(ids_.end(), ids.begin(), ids.end());
      auto work = [](Transaction& tx, const store::NewBlobs& stored, MailboxId inbox,
                     const std::vector<MessageId>& ids_of) {
        for (size_t i = 0; i < stored.size(); ++i) {
          store::MessageRecord message;
          message.id = ids_of[i];
          message.prefix = std::string(300, 'p');
          message.hash = stored[i].hash;
          message.size_octets = stored[i].bytes.size();
          message.received_at = tx.now;
          insert_message(tx, message, stored[i]);
          append(tx, kAccount, inbox, message, 0);
        }
      };
      co_await store_->commit(std::move(blobs), work, inbox_, std::move(ids));
    }
  }

  void put_summaries(Transaction& tx) {
    for (MessageId id : ids_) {
      store::Summary summary{.message = id, .base_subject = "subject " + std::to_string(id.value)};
      summary.texts.envelope = std::string(400, 'e');
      summary.texts.body_structure = std::string(300, 's');
      summary.texts.preview = std::string(200, 'p');
      put_summary(tx, summary, {id, std::string(300, 'h'), std::string(octets_, 'b')});
    }
  }

  rt::Task<void> read_all() {
    Watch watch;
    uint64_t octets = 0;
    for (size_t at = 0; at < ids_.size();) {
      std::vector<MessageId> some(ids_.begin() + static_cast<ptrdiff_t>(at), ids_.end());
      std::vector<store::MessageBytes> read = co_await store_->messages(std::move(some), kReadOctets);
      for (const store::MessageBytes& message : read) octets += message.bytes.size();
      at += read.size();
    }
    Spent spent = watch.spent();
    printf("%-22s %8.1f ms, CPU %8.1f ms: %.0f MB per CPU second\n", "messages read", spent.wall_ms,
           spent.cpu_ms, static_cast<double>(octets) / spent.cpu_ms * 1e-3);
  }

  void timed(const char* name, const std::function<void(Transaction&)>& work) {
    Watch whole;
    Spent inside;
    store_->execute_now([&](Transaction& tx) {
      Watch watch;
      work(tx);
      inside = watch.spent();
    });
    Spent all = whole.spent();
    printf("%-22s %8.1f ms, CPU %8.1f ms; commit %.1f ms, CPU %.1f ms\n", name, inside.wall_ms, inside.cpu_ms,
           all.wall_ms - inside.wall_ms, all.cpu_ms - inside.cpu_ms);
    fflush(stdout);
  }

  os::RealWorld real_;
  io::World world_;
  os::EpollPoller poller_;
  rt::Loop loop_;
  std::unique_ptr<Store> store_;
  const int64_t mails_;
  const size_t octets_;
  MailboxId inbox_, trash_, junk_;
  std::vector<MessageId> ids_;
};

}  // namespace
}  // namespace pabal

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: mailbox_bench DIRECTORY [mails] [octets of each]\n");
    return 2;
  }
  std::string directory = std::string(argv[1]) + "/store";
  pabal::Bench(directory, argc > 2 ? atoll(argv[2]) : 10'000,
               argc > 3 ? strtoull(argv[3], nullptr, 10) : 4096)
      .run();
  std::filesystem::remove_all(directory);
}
