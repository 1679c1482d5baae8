#include "queue/records.h"

#include "base/bytes.h"

namespace pabal::queue {

namespace {

constexpr int kHeld = 1;  // in column state; 0 is waiting

enum NotifyBit : int { kNever = 1, kSuccess = 2, kFailure = 4, kDelay = 8 };

int to_bits(const proto::smtp::NotifySet& set) {
  return (set.never ? kNever : 0) | (set.success ? kSuccess : 0) | (set.failure ? kFailure : 0) |
         (set.delay ? kDelay : 0);
}

proto::smtp::NotifySet from_bits(int64_t bits) {
  return {(bits & kNever) != 0, (bits & kSuccess) != 0, (bits & kFailure) != 0, (bits & kDelay) != 0};
}

constexpr std::string_view kColumns =
    "SELECT id, message, local_part, domain, destination, orcpt_type, orcpt, notify, state, attempts,"
    " queued_at, due_at, delay_noticed, last_status, last_reason, last_mta, account FROM queue_entry ";

Entry read_entry(const store::Statement& row) {
  Entry entry;
  entry.id = {row.number(0)};
  entry.message = {row.number(1)};
  entry.forward_path = {row.text(2), row.text(3)};
  entry.destination = row.text(4);
  if (!row.is_null(5)) entry.orcpt = proto::smtp::Orcpt{row.text(5), row.text(6)};
  entry.notify = from_bits(row.number(7));
  entry.state = row.number(8) == kHeld ? State::held : State::waiting;
  entry.attempts = static_cast<int>(row.number(9));
  entry.queued_at = {row.number(10)};
  entry.due_at = {row.number(11)};
  entry.delay_noticed = row.number(12) != 0;
  entry.last_status = row.text(13);
  entry.last_reason = row.text(14);
  entry.last_mta = row.text(15);
  entry.account = {row.number(16)};
  return entry;
}

// What is written down of an entry that an attempt has in hand: waiting rows
// count as claimed, because only their claimant ends an attempt.
std::optional<State> state_in_hand(store::Transaction& tx, QueueEntryId id) {
  store::Statement select = tx.db.prepare("SELECT state FROM queue_entry WHERE id = ?");
  select.bind(id.value);
  if (!select.step()) return std::nullopt;
  return select.number(0) == kHeld ? State::held : State::claimed;
}

}  // namespace

std::string destination_of(const mail::Address& address) {
  return mail::to_ascii_domain(address.domain).value_or(to_lower(address.domain));
}

void insert(store::Transaction& tx, const NewEntry& entry) {
  std::optional<std::string> orcpt_type;
  std::optional<std::string> orcpt;
  if (entry.orcpt) {
    orcpt_type = entry.orcpt->addr_type;
    orcpt = entry.orcpt->address;
  }
  std::string destination = destination_of(entry.forward_path);
  store::Statement statement = tx.db.prepare(
      "INSERT INTO queue_entry (id, message, local_part, domain, destination, orcpt_type, orcpt, notify,"
      " state, attempts, queued_at, due_at, delay_noticed, last_status, last_reason, last_mta,"
      " account) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, 0, '', '', '', ?)");
  statement.bind(entry.id.value).bind(entry.message.value);
  statement.bind(entry.forward_path.local).bind(entry.forward_path.domain).bind(destination);
  statement.bind(orcpt_type).bind(orcpt).bind(to_bits(entry.notify));
  statement.bind(tx.now.ms).bind(tx.now.ms).bind(entry.account.value);
  statement.run();
}

std::optional<Entry> find(store::Database& db, QueueEntryId id) {
  store::Statement select = db.prepare(std::string(kColumns) + "WHERE id = ?");
  select.bind(id.value);
  if (!select.step()) return std::nullopt;
  return read_entry(select);
}

bool finish(store::Transaction& tx, QueueEntryId id, State end) {
  std::optional<State> from = state_in_hand(tx, id);
  if (!from) return false;
  verify_legal(*from, end);
  store::Statement statement = tx.db.prepare("DELETE FROM queue_entry WHERE id = ?");
  statement.bind(id.value);
  statement.run();
  return true;
}

bool delay(store::Transaction& tx, QueueEntryId id, const Delay& delay) {
  if (!state_in_hand(tx, id)) return false;
  store::Statement statement = tx.db.prepare(
      "UPDATE queue_entry SET attempts = attempts + 1, due_at = ?, last_status = ?, last_reason = ?,"
      " last_mta = ?, delay_noticed = CASE WHEN ? = 1 THEN 1 ELSE delay_noticed END WHERE id = ?");
  statement.bind(delay.due_at.ms).bind(delay.status).bind(delay.reason).bind(delay.remote_mta);
  statement.bind(delay.notice ? 1 : 0).bind(id.value);
  statement.run();
  return true;
}

void for_each_due(store::Database& db, Time now,
                  const std::function<bool(QueueEntryId, std::string_view)>& visit) {
  store::Statement select = db.prepare(
      "SELECT id, destination FROM queue_entry WHERE state = 0 AND due_at <= ? ORDER BY due_at, id");
  select.bind(now.ms);
  while (select.step()) {
    if (!visit({select.number(0)}, select.view(1))) return;
  }
}

std::optional<Time> next_due(store::Database& db, Time now) {
  store::Statement select =
      db.prepare("SELECT due_at FROM queue_entry WHERE state = 0 AND due_at > ? ORDER BY due_at LIMIT 1");
  select.bind(now.ms);
  if (!select.step()) return std::nullopt;
  return Time{select.number(0)};
}

}  // namespace pabal::queue
