#include "store/feed.h"

#include <algorithm>
#include <unordered_map>

#include "base/verify.h"

namespace pabal::store {

namespace {

constexpr size_t kChangesAtOnce = 256;
// Changes and mails that one call looks at: some 50 ms.
constexpr int64_t kStepsMax = 50'000;

// Behind the newest change; nullopt: from there nobody can go on to it.
std::optional<FeedPoint> reachable_end(Database& db, AccountId account, const FeedPoint& from) {
  Statement select = db.prepare("SELECT modseq, feed_horizon, feed_nameless FROM account WHERE id = ?");
  if (!select.bind(account.value).step()) return std::nullopt;
  const FeedPoint end = behind(ModSeq{select.number(0)});
  const FeedPoint begin = behind(ModSeq{std::max(select.number(1), select.number(2))});
  return from < begin || from > end ? std::nullopt : std::optional(end);
}

Change read_change(const Statement& row) {
  return {{row.number(0)},
          {row.number(1)},
          {row.number(2)},
          {row.number(3)},
          static_cast<ChangeKind>(row.number(4)),
          {row.number(5)},
          unpack_names(row.view(6))};
}

FeedPoint point_of(const Change& change, int64_t passed) {
  return {change.modseq, change.mailbox, change.first, passed};
}

// What has become of one object.
enum class Fate { made, updated, gone };

// Of the mailbox that a change names; nullopt: to objects of this type it is nothing.
std::optional<Fate> fate_of_mailbox(ObjectType type, ChangeKind kind) {
  if (type == ObjectType::mailbox && kind == ChangeKind::mailbox_made) return Fate::made;
  if (type == ObjectType::mailbox && kind == ChangeKind::mailbox_removed) return Fate::gone;
  const bool is_its =
      (type == ObjectType::mailbox && (is_of_mails(kind) || kind == ChangeKind::mailbox ||
                                       kind == ChangeKind::rights || kind == ChangeKind::subscription)) ||
      (type == ObjectType::subscription && kind == ChangeKind::subscription) ||
      (type == ObjectType::annotation && kind == ChangeKind::annotation) ||
      (type == ObjectType::shared && kind == ChangeKind::shared);
  return is_its ? std::optional(Fate::updated) : std::nullopt;
}

// Of the message that a change names, or of its thread.
std::optional<Fate> fate_of_message(ChangeKind kind, const Name& name) {
  if (kind == ChangeKind::added) return name.elsewhere ? Fate::updated : Fate::made;
  if (kind == ChangeKind::expunged) return name.elsewhere ? Fate::updated : Fate::gone;
  return std::nullopt;
}
std::optional<Fate> fate_of_thread(ChangeKind kind, const Name& name) {
  if (!name.thread || (kind != ChangeKind::threads && name.elsewhere)) return std::nullopt;
  if (name.thread_elsewhere) return Fate::updated;
  return kind == ChangeKind::expunged ? Fate::gone : Fate::made;
}

// Follows each object from where a piece begins to where it ends.
class Digest {
 public:
  Digest(Database& db, ObjectType type, size_t ids_max) : db_(db), type_(type), ids_max_(ids_max) {}

  // All of the change, or what was not passed of it. Returns how much is passed now;
  // nullopt: all of it.
  std::optional<int64_t> take(const Change& change, int64_t passed) {
    if (steps_ >= kStepsMax) return passed;
    ++steps_;
    if (type_ == ObjectType::email && is_of_mails(change.kind) && change.names.empty())
      return take_mails(change, passed);
    if (type_ == ObjectType::email || type_ == ObjectType::thread) return take_names(change, passed);
    std::optional<Fate> fate = fate_of_mailbox(type_, change.kind);
    if (!fate || (type_ == ObjectType::mailbox && !change.mailbox)) return std::nullopt;
    if (!meet(change.mailbox.value, *fate)) return passed;
    if (!is_of_mails(change.kind)) objects_[place_[change.mailbox.value]].counts_only = false;
    return std::nullopt;
  }

  ObjectChanges finish(const FeedPoint& next, bool more) const {
    ObjectChanges out{.next = next, .more = more};
    for (const Object& object : objects_) {
      if (!object.before && object.after) out.created.push_back(object.id);
      if (object.before && !object.after) out.destroyed.push_back(object.id);
      if (!object.before || !object.after) continue;
      out.updated.push_back(object.id);
      out.counts_only = out.counts_only && object.counts_only;
    }
    return out;
  }

 private:
  struct Object {
    int64_t id;
    bool before, after;  // whether it is there
    bool counts_only = true;
  };

  // False: there is no room for another one.
  bool meet(int64_t id, Fate fate) {
    auto [place, fresh] = place_.try_emplace(id, objects_.size());
    if (fresh) {
      if (objects_.size() >= ids_max_) {
        place_.erase(place);
        return false;
      }
      objects_.push_back({id, fate != Fate::made, true});
    }
    Object& object = objects_[place->second];
    // What was made again is another one, whatever else has happened to it.
    if (fate == Fate::made && !fresh) object.counts_only = false;
    object.after = fate != Fate::gone;
    return true;
  }

  std::optional<int64_t> take_names(const Change& change, int64_t passed) {
    for (auto i = static_cast<size_t>(passed); i < change.names.size(); ++i) {
      const Name& name = change.names[i];
      std::optional<Fate> fate =
          type_ == ObjectType::email ? fate_of_message(change.kind, name) : fate_of_thread(change.kind, name);
      const int64_t id = type_ == ObjectType::email ? name.message.value : name.thread.value;
      if (fate && !meet(id, *fate)) return static_cast<int64_t>(i);
      ++steps_;
    }
    return std::nullopt;
  }

  // Mails that are not there any more are named where they went.
  std::optional<int64_t> take_mails(const Change& change, int64_t passed) {
    Statement select =
        db_.prepare("SELECT uid, message FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid");
    select.bind(change.mailbox.value).bind(change.first.value + passed).bind(change.last.value);
    while (select.step()) {
      if (++steps_ > kStepsMax || !meet(select.number(1), Fate::updated))
        return select.number(0) - change.first.value;
    }
    return std::nullopt;
  }

  Database& db_;
  const ObjectType type_;
  const size_t ids_max_;
  int64_t steps_ = 0;
  std::vector<Object> objects_;
  std::unordered_map<int64_t, size_t> place_;  // by id, in objects_
};

}  // namespace

FeedPoint behind(ModSeq modseq) {
  return {.modseq = {modseq.value + 1}};
}

std::expected<FeedPiece, CannotCalculate> read_feed(Database& db, AccountId account, const FeedPoint& from,
                                                    size_t changes_max, AccountId reader) {
  std::optional<FeedPoint> end = reachable_end(db, account, from);
  if (!end) return std::unexpected(CannotCalculate{});
  FeedPiece piece{.changes = {}, .next = *end};
  Statement select = db.prepare(
      "SELECT modseq, mailbox, uid, uid_last, kind, reader, names FROM change WHERE account = ? "
      "AND (modseq, mailbox, uid) >= (?, ?, ?) AND (reader = 0 OR reader = ?) ORDER BY modseq, mailbox, uid");
  select.bind(account.value).bind(from.modseq.value).bind(from.mailbox.value).bind(from.uid.value);
  select.bind(reader.value);
  while (select.step()) {
    Change change = read_change(select);
    if (piece.changes.size() == changes_max) {
      piece.next = point_of(change, 0);
      piece.more = true;
      break;
    }
    piece.changes.push_back(std::move(change));
  }
  return piece;
}

std::expected<ObjectChanges, CannotCalculate> changes_of(Database& db, AccountId account, ObjectType type,
                                                         const FeedPoint& from, size_t ids_max,
                                                         AccountId reader) {
  verify(ids_max > 0, "a piece of the feed holds something");
  Digest digest(db, type, ids_max);
  for (FeedPoint at = from;;) {
    std::expected<FeedPiece, CannotCalculate> piece = read_feed(db, account, at, kChangesAtOnce, reader);
    if (!piece) return std::unexpected(piece.error());
    for (const Change& change : piece->changes) {
      const bool is_begun = point_of(change, at.passed) == at;
      std::optional<int64_t> passed = digest.take(change, is_begun ? at.passed : 0);
      if (passed) return digest.finish(point_of(change, *passed), true);
    }
    if (!piece->more) return digest.finish(piece->next, false);
    at = piece->next;
  }
}

}  // namespace pabal::store
