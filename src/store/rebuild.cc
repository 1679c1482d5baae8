#include "store/rebuild.h"

#include "store/feed_check.h"
#include "store/leftovers.h"
#include "store/open.h"

namespace pabal::store {

namespace {

constexpr int64_t kSummariesAtOnce = 1000;

// In steps, so that a running server waits for a moment only.
uint64_t discard_summaries(Database& db) {
  uint64_t discarded = 0;
  for (int64_t after = INT64_MIN;;) {
    db.execute("BEGIN IMMEDIATE");
    int64_t last = 0;
    {
      Statement select = db.prepare(
          "SELECT max(message), count(*) FROM (SELECT message FROM summary WHERE message > ? "
          "ORDER BY message LIMIT ?)");
      select.bind(after).bind(kSummariesAtOnce).step();
      last = select.number(0);
      if (select.number(1) == 0) last = INT64_MAX;
    }
    for (const char* sql : {"DELETE FROM summary_texts WHERE message > ? AND message <= ?",
                            "DELETE FROM header_text WHERE message > ? AND message <= ?",
                            "DELETE FROM body_text WHERE message > ? AND message <= ?",
                            "DELETE FROM summary WHERE message > ? AND message <= ?"})
      db.prepare(sql).bind(after).bind(last).run();
    discarded += static_cast<uint64_t>(db.changes());
    db.execute("COMMIT");
    if (last == INT64_MAX) return discarded;
    after = last;
  }
}

RebuildResult rebuild(io::World& world, Database& db) {
  RebuildResult result;
  // Looking at everything happens before the lock for writing is taken. What is
  // left open by an exception goes with the connection.
  db.execute("BEGIN");
  std::vector<WrongCounter> wrong = compare_counters(db);
  bool leftovers = !list_leftovers(db).empty();
  const std::vector<BrokenFeed> feeds = list_broken_feeds(db);
  db.execute("COMMIT");
  if (!wrong.empty() || leftovers || !feeds.empty()) {
    db.execute("BEGIN IMMEDIATE");
    Transaction tx(db, world.clock.now());
    result.repaired = repair_counters(tx, wrong);
    if (leftovers) result.leftovers = remove_leftovers(tx);
    mend_feeds(tx, feeds);
    result.feeds = feeds.size();
    db.execute("COMMIT");
  }
  result.summaries = discard_summaries(db);
  return result;
}

}  // namespace

RebuildResult rebuild_store(io::World& world, const std::string& directory) {
  try {
    std::unique_ptr<Database> db = open_database(world.disk, directory, false);
    return rebuild(world, *db);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store
