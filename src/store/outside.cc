#include "store/outside.h"

#include "rt/offload.h"

namespace pabal::store {

namespace {

// A server that runs looks twice a second, one that starts reads everything anew.
constexpr int64_t kKept = 10'000;
constexpr uint64_t kCacheOctets = 64 << 10;

int64_t last_outside_change(Database& db) {
  Statement select = db.prepare("SELECT coalesce(max(id), 0) FROM outside_change");
  select.step();
  return select.number(0);
}

std::string directory_version(Database& db) {
  Statement select = db.prepare("SELECT value FROM meta WHERE key = 'directory_version'");
  return select.step() ? select.text(0) : std::string();
}

}  // namespace

void record_outside(Transaction& tx) {
  if (tx.changes.empty()) return;
  int64_t id = last_outside_change(tx.db);
  for (const MailboxChange& change : tx.changes) {
    tx.db.prepare("INSERT INTO outside_change (id, account, mailbox) VALUES (?, ?, ?)")
        .bind(++id)
        .bind(change.account.value)
        .bind(change.mailbox.value)
        .run();
  }
  tx.db.prepare("DELETE FROM outside_change WHERE id <= ?").bind(id - kKept).run();
}

// What is newer than `last`, if there is another data version.
Outside::News Outside::Connection::read(int64_t data_version, int64_t last) {
  if (db && db->broken()) db = nullptr;
  if (!db) {
    db = std::make_unique<Database>(path, Database::Options{true, vfs, kCacheOctets});
    data_version = -1;  // another connection counts anew
  }
  News news;
  {
    // Changes with each commit of any other connection.
    Statement pragma = db->prepare("PRAGMA data_version");
    pragma.step();
    news.data_version = pragma.number(0);
  }
  if (news.data_version == data_version) return news;
  news.directory_version = directory_version(*db);
  news.last = last;
  Statement select = db->prepare("SELECT id, account, mailbox FROM outside_change WHERE id > ? ORDER BY id");
  select.bind(last);
  while (select.step()) {
    news.last = select.number(0);
    news.changes.push_back({AccountId{select.number(1)}, MailboxId{select.number(2)}});
  }
  return news;
}

Outside::Outside(io::World& world, Store& store, const std::string& directory)
    : world_(world),
      store_(store),
      connection_(std::make_shared<Connection>(database_path(directory), world.disk.sqlite_vfs(), nullptr)) {
  seen_ = connection_->read(-1, INT64_MAX);
  seen_.last = last_outside_change(*connection_->db);
}

rt::Task<void> Outside::look() {
  // Nobody else uses the connection, and it lives as long as somebody waits here.
  auto read = [connection = connection_, known = seen_.data_version, last = seen_.last] {
    return connection->read(known, last);
  };
  News news = co_await rt::Offload<decltype(read)>(world_.blocking, std::move(read));
  if (news.data_version == seen_.data_version) co_return;
  bool directory = news.directory_version != seen_.directory_version;
  if (directory || !news.changes.empty()) {
    auto tell = [](Transaction& tx, bool of_directory, const std::vector<MailboxChange>& changes) {
      tx.directory_changed = of_directory;
      tx.changes = changes;
    };
    co_await store_.write(tell, directory, news.changes);
  }
  seen_ = std::move(news);
}

}  // namespace pabal::store
