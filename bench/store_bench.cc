// store_bench: durable local deliveries per second, without SMTP around them.
// usage: store_bench DIRECTORY [seconds per case]
//
// Every writer delivers one mail after another as intake does it: SHA-256 of
// the bytes, then message, mailbox and journey in one commit.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "journey/journey.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "rt/task_group.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal {
namespace {

using store::Store;
using store::Transaction;

constexpr int64_t kAccounts = 20;

struct Case {
  const char* name;
  int writers;
  size_t octets;
};

struct Run {
  Store& store;
  std::vector<MailboxId> inboxes;
  size_t octets;
  Instant until;
  uint64_t delivered = 0;
  std::vector<int64_t> latencies_us;
};

void make_accounts(Transaction& tx, std::vector<MailboxId>& inboxes) {
  for (int64_t id = 1; id <= kAccounts; ++id) {
    tx.db
        .prepare(
            "INSERT INTO account (id, address, display_name, password, scram, disabled, quota_octets, "
            "used_octets, used_messages, modseq, inbox, created_at) VALUES (?, ?, '', ?, '', 0, 0, 0, 0, 0, "
            "0, 0)")
        .bind(id * 1000)
        .bind("user" + std::to_string(id) + "@example.test")
        .bind(std::string(100, '$'))
        .run();
    store::create_default_mailboxes(tx, AccountId{id * 1000});
    inboxes.push_back(*store::find_mailbox(tx.db, AccountId{id * 1000}, "INBOX"));
  }
}

void write_records(Transaction& tx, const store::NewBlobs& blobs, store::MessageRecord message,
                   size_t account, MailboxId inbox) {
  const store::NewBlob& blob = blobs[0];
  message.received_at = tx.now;
  insert_message(tx, message, blob);
  Uid uid = append(tx, AccountId{static_cast<int64_t>(account + 1) * 1000}, inbox, message, 0);
  journey::record(tx, message.id,
                  {{tx.now,
                    "accepted",
                    {{"from", "<sender@example.test>"},
                     {"to", "user@example.test"},
                     {"by", "client.example.test [192.0.2.1]"},
                     {"protocol", "ESMTPS"},
                     {"tls", "TLSv1.3 TLS_AES_256_GCM_SHA384"},
                     {"size", std::to_string(blob.bytes.size())}}},
                   {tx.now,
                    "delivered",
                    {{"to", "user@example.test"},
                     {"mailbox", "user@example.test/INBOX"},
                     {"uid", std::to_string(uid.value)}}}});
}

rt::Task<void> writer(Run& run, size_t number) {
  std::string bytes(run.octets, static_cast<char>('a' + number % 26));
  for (uint64_t i = 0; rt::Loop::current().now() < run.until; ++i) {
    Instant start = rt::Loop::current().now();
    size_t account = (number + i) % kAccounts;
    store::MessageRecord message;
    message.id = MessageId{run.store.new_id()};
    message.reverse_path = "sender@example.test";
    message.prefix = std::string(300, 'p');
    message.hash = store::sha256(bytes);
    message.size_octets = bytes.size();
    store::NewBlobs blobs;
    blobs.push_back({bytes, message.hash, {}});
    co_await run.store.commit(std::move(blobs), write_records, message, account, run.inboxes[account]);
    ++run.delivered;
    run.latencies_us.push_back((rt::Loop::current().now() - start).count());
  }
}

rt::Task<void> all_writers(Run& run, int writers) {
  rt::TaskGroup group;
  for (int i = 0; i < writers; ++i) group.spawn(writer(run, static_cast<size_t>(i)));
  co_await group.join();
  co_await run.store.close();
}

double cpu_seconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

void measure(const Case& one, const std::string& directory, double seconds) {
  std::filesystem::remove_all(directory);
  os::RealWorld real({.log = {.path = "/dev/null"}});
  io::World world = real.world();
  os::EpollPoller poller;
  rt::Loop loop(poller);
  store::StoreOptions options;
  options.directory = directory;
  std::unique_ptr<Store> store = Store::open(world, options);
  Run run{*store, {}, one.octets, {}, 0, {}};
  store->execute_now([&](Transaction& tx) { make_accounts(tx, run.inboxes); });
  run.until = poller.now() + std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6));

  double cpu = cpu_seconds();
  Instant start = poller.now();
  loop.run(all_writers(run, one.writers));
  double took = static_cast<double>((poller.now() - start).count()) * 1e-6;
  cpu = cpu_seconds() - cpu;
  Store::Counters counters = store->counters();
  double delivered = static_cast<double>(run.delivered);
  std::ranges::sort(run.latencies_us);
  auto quantile = [&](double q) {
    size_t at = static_cast<size_t>(q * static_cast<double>(run.latencies_us.size() - 1));
    return static_cast<double>(run.latencies_us[at]) * 1e-3;
  };
  printf("%-16s %8.0f/s %7.1f us CPU each %6.1f units per commit  p50 %6.2f ms  p99 %7.2f ms  max %7.1f ms\n",
         one.name, delivered / took, cpu / delivered * 1e6,
         static_cast<double>(counters.units) / static_cast<double>(counters.commits), quantile(0.5),
         quantile(0.99), quantile(1));
  fflush(stdout);
  store.reset();
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace pabal

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: store_bench DIRECTORY [seconds per case]\n");
    return 2;
  }
  double seconds = argc > 2 ? atof(argv[2]) : 5;
  constexpr pabal::Case cases[] = {
      {"2 KiB x 64", 64, 2048},     {"2 KiB x 50", 50, 2048},   {"20 KiB x 64", 64, 20480},
      {"100 KiB x 64", 64, 102400}, {"2 KiB alone", 1, 2048},   {"20 KiB alone", 1, 20480},
      {"2 KiB x 10", 10, 2048},     {"20 KiB x 10", 10, 20480}, {"100 KiB alone", 1, 102400},
  };
  for (const pabal::Case& one : cases) {
    if (argc > 3 && std::string_view(one.name) != argv[3]) continue;
    pabal::measure(one, std::string(argv[1]) + "/store", seconds);
  }
}
