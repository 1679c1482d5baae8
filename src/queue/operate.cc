#include "queue/operate.h"

#include "journey/journey.h"
#include "queue/records.h"
#include "store/messages.h"

namespace pabal::queue {

namespace {

std::vector<QueueEntryId> select_ids(store::Database& db, const Selection& selection) {
  std::string sql = "SELECT id FROM queue_entry WHERE id > 0";
  if (selection.entry) sql += " AND id = ?";
  if (selection.message) sql += " AND message = ?";
  if (!selection.destination.empty()) sql += " AND destination = ?";
  if (selection.state) sql += " AND state = ?";
  store::Statement select = db.prepare(sql + " ORDER BY queued_at, id");
  std::string destination = destination_of({"", selection.destination});
  if (selection.entry) select.bind(selection.entry->value);
  if (selection.message) select.bind(selection.message->value);
  if (!selection.destination.empty()) select.bind(destination);
  if (selection.state) select.bind(*selection.state == State::held ? 1 : 0);
  std::vector<QueueEntryId> ids;
  while (select.step()) ids.push_back({select.number(0)});
  return ids;
}

template <class Change>
size_t change(store::Transaction& tx, Selection selection, State only, const char* kind, Change apply) {
  if (selection.state && *selection.state != only) return 0;
  selection.state = only;
  size_t changed = 0;
  for (QueueEntryId id : select_ids(tx.db, selection)) {
    Entry entry = *find(tx.db, id);
    apply(entry);
    journey::record(
        tx, entry.message,
        {{tx.now, kind, {{"to", proto::smtp::path_text(entry.forward_path)}, {"by", "operator"}}}});
    ++changed;
  }
  return changed;
}

void set_state(store::Transaction& tx, const Entry& entry, State to) {
  verify_legal(entry.state, to);
  store::Statement statement = tx.db.prepare("UPDATE queue_entry SET state = ?, due_at = ? WHERE id = ?");
  statement.bind(to == State::held ? 1 : 0).bind(to == State::held ? entry.due_at.ms : tx.now.ms);
  statement.bind(entry.id.value);
  statement.run();
}

}  // namespace

std::vector<Listed> list(store::Database& db, const Selection& selection, size_t max) {
  std::vector<Listed> out;
  for (QueueEntryId id : select_ids(db, selection)) {
    if (out.size() == max) break;
    Listed listed;
    listed.entry = *find(db, id);
    if (auto message = store::find_message(db, listed.entry.message)) {
      listed.reverse_path = message->reverse_path;
      listed.size_octets = message->size_octets + message->prefix.size();
    }
    out.push_back(std::move(listed));
  }
  return out;
}

size_t retry(store::Transaction& tx, const Selection& selection) {
  return change(tx, selection, State::waiting, "retried", [&](const Entry& entry) {
    store::Statement statement = tx.db.prepare("UPDATE queue_entry SET due_at = ? WHERE id = ?");
    statement.bind(tx.now.ms).bind(entry.id.value);
    statement.run();
  });
}

size_t hold(store::Transaction& tx, const Selection& selection) {
  return change(tx, selection, State::waiting, "held",
                [&](const Entry& entry) { set_state(tx, entry, State::held); });
}

size_t unhold(store::Transaction& tx, const Selection& selection) {
  return change(tx, selection, State::held, "released",
                [&](const Entry& entry) { set_state(tx, entry, State::waiting); });
}

size_t drop(store::Transaction& tx, const Selection& selection) {
  size_t dropped = 0;
  for (State state : {State::waiting, State::held}) {
    dropped += change(tx, selection, state, "dropped", [&](const Entry& entry) {
      verify_legal(entry.state, State::dropped);
      store::Statement statement = tx.db.prepare("DELETE FROM queue_entry WHERE id = ?");
      statement.bind(entry.id.value);
      statement.run();
      store::release_message(tx, entry.message);
    });
  }
  return dropped;
}

Counts count(store::Database& db) {
  store::Statement select =
      db.prepare("SELECT state, COUNT(*), MIN(queued_at) FROM queue_entry GROUP BY state");
  Counts counts;
  while (select.step()) {
    const bool held = select.number(0) == 1;
    (held ? counts.held : counts.waiting) = static_cast<uint64_t>(select.number(1));
    if (!held) counts.oldest = Time{select.number(2)};
  }
  return counts;
}

}  // namespace pabal::queue
