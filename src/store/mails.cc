// The mails of a mailbox: putting in, listing, flags, copying, removing. Clients
// do this to 100,000 at once, so statements are for ranges, not for mails.
#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/deliveries.h"
#include "store/mailboxes.h"
#include "store/private_seen.h"
#include "store/removal.h"
#include "store/tally.h"

namespace pabal::store {

namespace {

constexpr int64_t kUidMax = 0xFFFFFFFF;  // RFC 9051 §2.3.1.1
// Ranges that are nearer to each other are read by one statement, with what is between.
constexpr int64_t kGapMax = 32;

constexpr uint64_t kKeywordBits = ~((uint64_t{1} << kFirstKeywordBit) - 1);

int64_t to_sql(uint64_t flags) {
  return std::bit_cast<int64_t>(flags);
}

constexpr std::string_view kMailColumns =
    "SELECT uid, message, modseq, flags, size_octets, internal_date, saved_at FROM mail WHERE mail.mailbox = "
    "? ";
// As one reader sees them: ~kSeen is -2.
constexpr std::string_view kReadersMailColumns =
    "SELECT mail.uid, message, CASE WHEN own.modseq > mail.modseq THEN own.modseq ELSE mail.modseq END, "
    "CASE own.seen WHEN 1 THEN flags | 1 WHEN 0 THEN flags & -2 ELSE flags END, size_octets, internal_date, "
    "saved_at FROM mail LEFT JOIN private_seen AS own ON own.mailbox = mail.mailbox AND own.uid = mail.uid "
    "AND own.reader = ? WHERE mail.mailbox = ? ";
static_assert(kSeen == 1);

Statement select_mails(Database& db, MailboxId mailbox, AccountId reader, std::string_view which) {
  std::string sql(reader ? kReadersMailColumns : kMailColumns);
  Statement select = db.prepare(sql.append(which).append(" ORDER BY mail.uid"));
  if (reader) select.bind(reader.value);
  select.bind(mailbox.value);
  return select;
}

Mail read_mail(MailboxId mailbox, const Statement& row) {
  Time internal_date{row.number(5)};
  return {mailbox,
          {row.number(0)},
          {row.number(1)},
          {row.number(2)},
          static_cast<uint64_t>(row.number(3)),
          static_cast<uint64_t>(row.number(4)),
          internal_date,
          row.number(6) == 0 ? internal_date : Time{row.number(6)}};
}

// Ranges over neighbouring mails: between first and last is no mail that was not taken.
class Neighbours {
 public:
  // With each mail that is looked at, rising; gap: others lie before it that are not.
  void put(Uid uid, bool take, bool gap) {
    if (take && open_ && !gap) {
      ranges_.back().last = uid;
    } else if (take) {
      ranges_.push_back({uid, uid});
    }
    open_ = take;
  }
  const UidRanges& ranges() const { return ranges_; }

 private:
  UidRanges ranges_;
  bool open_ = false;
};

// Calls look(row, gap) with the row of each of `uids` that is there, by rising UID;
// gap: as Neighbours wants to know.
template <class Look>
void look_at_mails(Database& db, MailboxId mailbox, const UidRanges& uids, AccountId reader, Look look) {
  for (size_t begin = 0, end = 0; begin < uids.size(); begin = end) {
    for (end = begin + 1; end < uids.size(); ++end) {
      if (uids[end].first.value - uids[end - 1].last.value > kGapMax) break;
    }
    Statement select = select_mails(db, mailbox, reader, "AND mail.uid BETWEEN ? AND ?");
    select.bind(uids[begin].first.value).bind(uids[end - 1].last.value);
    size_t range = begin;
    bool gap = true;
    while (select.step()) {
      Uid uid{select.number(0)};
      while (uid > uids[range].last) ++range;
      const bool asked = uid >= uids[range].first;
      if (asked) look(select, gap);
      gap = !asked;
    }
  }
}

// Those that `choose` takes.
template <class Choose>
UidRanges choose_mails(Database& db, MailboxId mailbox, const UidRanges& uids, AccountId reader,
                       Choose choose) {
  Neighbours taken;
  look_at_mails(db, mailbox, uids, reader,
                [&](const Statement& row, bool gap) { taken.put(Uid{row.number(0)}, choose(row), gap); });
  return taken.ranges();
}

// UIDs for mails that come into a mailbox, which counts them. Returns the first.
Uid take_uids(Transaction& tx, AccountId account, MailboxId mailbox, ModSeq modseq, const Tally& come) {
  count(tx, mailbox, come, modseq, come.messages);
  Statement select = tx.db.prepare("SELECT uidnext FROM mailbox WHERE id = ? AND account = ?");
  if (!select.bind(mailbox.value).bind(account.value).step())
    throw StoreError("mailbox " + std::to_string(mailbox.value) + " does not exist any more");
  if (select.number(0) > kUidMax)
    throw StoreError("mailbox " + std::to_string(mailbox.value) + " has no UIDs left");
  return Uid{select.number(0) - come.messages};
}

void insert_mail(Transaction& tx, const Mail& mail) {
  tx.db
      .prepare(
          "INSERT INTO mail (mailbox, uid, message, modseq, flags, size_octets, internal_date, saved_at) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(mail.mailbox.value)
      .bind(mail.uid.value)
      .bind(mail.message.value)
      .bind(mail.modseq.value)
      .bind(to_sql(mail.flags))
      .bind(static_cast<int64_t>(mail.size_octets))
      .bind(mail.internal_date.ms)
      .bind(mail.saved_at.ms)
      .run();
}

void update_flags(Transaction& tx, MailboxId mailbox, const UidRange& range, uint64_t keep, uint64_t set,
                  ModSeq modseq) {
  tx.db
      .prepare(
          "UPDATE mail SET flags = (flags & ?) | ?, modseq = ? WHERE mailbox = ? AND uid BETWEEN ? AND ?")
      .bind(to_sql(keep))
      .bind(to_sql(set))
      .bind(modseq.value)
      .bind(mailbox.value)
      .bind(range.first.value)
      .bind(range.last.value)
      .run();
}

// What the keywords of one mailbox are in another.
class KeywordMap {
 public:
  // `used`: the flags that are to be copied. Makes those that are missing, as far as there is room.
  KeywordMap(Transaction& tx, const Mailbox& from, AccountId to_account, MailboxId to, uint64_t used) {
    for (size_t i = 0; i < from.keywords.size(); ++i) {
      uint64_t bit = uint64_t{1} << (kFirstKeywordBit + i);
      if ((used & bit) == 0) continue;
      uint64_t other = from.id == to ? bit : keyword_bits(tx, to_account, to, {from.keywords[i]}).value_or(0);
      same_ = same_ && (other == bit || other == 0);
      pairs_.emplace_back(bit, other);
      if (other != 0) kept_ |= bit;
    }
  }

  bool same() const { return same_; }      // the same bits, or none
  uint64_t kept() const { return kept_; }  // then what of the flags is left
  uint64_t of(uint64_t flags) const {
    uint64_t out = flags & ~kKeywordBits;
    for (auto [bit, other] : pairs_) {
      if (flags & bit) out |= other;
    }
    return out;
  }

 private:
  std::vector<std::pair<uint64_t, uint64_t>> pairs_;
  bool same_ = true;
  uint64_t kept_ = ~kKeywordBits;
};

// Behind each other in one statement; the flags are those of `keep`. row_number()
// costs more than the rest, so that it is for ranges with gaps only.
void copy_range(Transaction& tx, MailboxId from, const UidRange& range, bool gaps, uint64_t keep,
                MailboxId to, Uid& next, ModSeq modseq) {
  constexpr const char* kWithGaps =
      "INSERT INTO mail (mailbox, uid, message, modseq, flags, size_octets, internal_date, saved_at) "
      "SELECT ?, ? + row_number() OVER (ORDER BY uid), message, ?, flags & ?, size_octets, internal_date, ? "
      "FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid";
  constexpr const char* kWithoutGaps =
      "INSERT INTO mail (mailbox, uid, message, modseq, flags, size_octets, internal_date, saved_at) "
      "SELECT ?, ? + uid, message, ?, flags & ?, size_octets, internal_date, ? "
      "FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid";
  tx.db.prepare(gaps ? kWithGaps : kWithoutGaps)
      .bind(to.value)
      .bind(gaps ? next.value - 1 : next.value - range.first.value)
      .bind(modseq.value)
      .bind(to_sql(keep))
      .bind(tx.now.ms)
      .bind(from.value)
      .bind(range.first.value)
      .bind(range.last.value)
      .run();
  next.value += tx.db.changes();
}

// Copies from another account are as long as this one sees them (deliveries.h).
// counted: what they count as so far.
void measure_again(Transaction& tx, AccountId account, MailboxId mailbox, const UidRange& copies,
                   const Tally& counted) {
  tx.db
      .prepare(
          "UPDATE mail SET size_octets = (SELECT message.size_octets + length(message.prefix) + "
          "coalesce((SELECT length(fields) FROM delivery WHERE message = mail.message AND account = ?), 0) "
          "FROM message WHERE id = mail.message) WHERE mailbox = ? AND uid BETWEEN ? AND ? "
          "AND EXISTS (SELECT 1 FROM message WHERE id = mail.message AND deliveries = 1)")
      .bind(account.value)
      .bind(mailbox.value)
      .bind(copies.first.value)
      .bind(copies.last.value)
      .run();
  if (tx.db.changes() == 0) return;
  const Tally more = tally(tx.db, mailbox, copies) - counted;
  count(tx, mailbox, more);
  tx.db.prepare("UPDATE account SET used_octets = used_octets + ? WHERE id = ?")
      .bind(more.octets)
      .bind(account.value)
      .run();
}

// What is about to come into `account` as `all`, in as many changes as it takes.
std::vector<Change> name_arrivals(Database& db, AccountId account, const Change& all, MailboxId from,
                                  const UidRanges& uids) {
  Holdings holdings(db, account);
  std::vector<Change> changes;
  Uid next = all.first;
  auto name = [&](const Statement& row, bool) {
    if (changes.empty() || changes.back().names.size() == kNamesPerChange) {
      changes.push_back(all);
      changes.back().first = next;
    }
    changes.back().names.push_back(holdings.coming(MessageId{row.number(1)}));
    changes.back().last = next;
    ++next.value;
  };
  look_at_mails(db, from, uids, {}, name);
  return changes;
}

}  // namespace

void add_to(UidRanges& ranges, Uid uid) {
  if (!ranges.empty() && ranges.back().last.value + 1 == uid.value) {
    ranges.back().last = uid;
  } else {
    ranges.push_back({uid, uid});
  }
}

Uid append(Transaction& tx, AccountId account, MailboxId mailbox, const MessageRecord& message,
           uint64_t flags, std::optional<Time> internal_date, AccountId reader) {
  const uint64_t own = reader ? flags & kSeen : 0;
  int64_t octets = static_cast<int64_t>(message.size_octets + message.prefix.size());
  if (message.deliveries) octets += static_cast<int64_t>(delivery_fields(tx.db, message.id, account).size());
  ModSeq modseq = next_modseq(tx, account, octets, 1);
  Tally come;
  come.add(flags & ~own, octets);
  Uid uid = take_uids(tx, account, mailbox, modseq, come);
  const Name name = Holdings(tx.db, account).coming(message.id);
  insert_mail(tx, {mailbox, uid, message.id, modseq, flags & ~own, static_cast<uint64_t>(octets),
                   internal_date.value_or(message.received_at), tx.now});
  if (own != 0) set_private_seen(tx, mailbox, reader, {{uid, uid}}, true, modseq);
  record_change(tx, account, {modseq, mailbox, uid, uid, ChangeKind::added, {}, {name}});
  return uid;
}

std::vector<Mail> list_mails(Database& db, MailboxId mailbox, AccountId reader) {
  Statement select = select_mails(db, mailbox, reader, "");
  std::vector<Mail> mails;
  while (select.step()) mails.push_back(read_mail(mailbox, select));
  return mails;
}

std::vector<Mail> list_mails(Database& db, MailboxId mailbox, const UidRanges& uids, AccountId reader) {
  std::vector<Mail> mails;
  look_at_mails(db, mailbox, uids, reader,
                [&](const Statement& row, bool) { mails.push_back(read_mail(mailbox, row)); });
  return mails;
}

FlagsChanged change_flags(Transaction& tx, AccountId account, MailboxId mailbox, const UidRanges& uids,
                          const FlagChange& change, AccountId reader) {
  const uint64_t may = change.flags & change.mask;
  const uint64_t keep = change.mode == FlagChange::replace  ? ~change.mask
                        : change.mode == FlagChange::remove ? ~may
                                                            : ~uint64_t{0};
  const uint64_t set = change.mode == FlagChange::remove ? 0 : may;
  const uint64_t own = reader ? uint64_t{kSeen} : 0;  // what is the reader's alone
  FlagsChanged result;
  Tally before, after;  // of what is everybody's
  Neighbours changed, shared, seen, seen_alone;
  look_at_mails(tx.db, mailbox, uids, reader, [&](const Statement& row, bool gap) {
    const Uid uid{row.number(0)};
    const auto flags = static_cast<uint64_t>(row.number(3));
    uint64_t differs = ((flags & keep) | set) ^ flags;
    if (change.unchanged_since && row.number(2) > change.unchanged_since->value) {
      result.modified.push_back(uid);
      differs = 0;
    }
    changed.put(uid, differs != 0, gap);
    before.add(flags | own, row.number(4));
    after.add((flags ^ differs) | own, row.number(4));
    if (!reader) return;
    shared.put(uid, (differs & ~own) != 0, gap);
    seen.put(uid, (differs & own) != 0, gap);
    seen_alone.put(uid, differs == own, gap);
  });
  result.changed = changed.ranges();
  if (result.changed.empty()) return result;
  result.modseq = next_modseq(tx, account);
  for (const UidRange& range : reader ? shared.ranges() : result.changed) {
    update_flags(tx, mailbox, range, keep | own, set & ~own, result.modseq);
    record_change(tx, account, {result.modseq, mailbox, range.first, range.last, ChangeKind::flags});
  }
  if (reader) set_private_seen(tx, mailbox, reader, seen.ranges(), (set & own) != 0, result.modseq);
  for (const UidRange& range : seen_alone.ranges())
    record_change(tx, account, {result.modseq, mailbox, range.first, range.last, ChangeKind::flags, reader});
  count(tx, mailbox, after - before, result.modseq);
  return result;
}

Copied copy_mails(Transaction& tx, MailboxId from, const UidRanges& uids, AccountId to_account, MailboxId to,
                  uint64_t mask, bool check_quota, CopiedSeen seen) {
  Copied result;
  // Where \Seen is somebody's own it is not in the flags that are copied.
  const bool apart = (seen.from || seen.to) && !seen.all;
  const uint64_t copied = apart ? mask & ~uint64_t{kSeen} : mask;
  UidRanges seen_places;  // of those that have it, from 0
  uint64_t flags = 0;
  Tally come;
  UidRanges ranges = choose_mails(tx.db, from, uids, seen.from, [&](const Statement& row) {
    add_to(result.from, Uid{row.number(0)});
    const uint64_t of_mail = static_cast<uint64_t>(row.number(3)) & mask;
    if (apart && (of_mail & kSeen) != 0) add_to(seen_places, Uid{static_cast<int64_t>(result.messages)});
    flags |= of_mail;
    come.add(of_mail, row.number(4));
    ++result.messages;
    return true;
  });
  if (result.messages == 0) return result;
  if (check_quota && !has_room(tx.db, to_account, come.octets)) return {.over_quota = true};

  const Mailbox source = find_mailbox(tx.db, from).value();
  KeywordMap keywords(tx, source, to_account, to, flags);
  ModSeq modseq = next_modseq(tx, to_account, come.octets, come.messages);
  Uid first = take_uids(tx, to_account, to, modseq, come);
  result.to = {{first, Uid{first.value + come.messages - 1}}};
  std::vector<Change> arrivals{{modseq, to, first, result.to[0].last, ChangeKind::added}};
  if (source.account != to_account) arrivals = name_arrivals(tx.db, to_account, arrivals[0], from, ranges);
  if (keywords.same()) {
    Uid next = first;
    auto without_gaps = result.from.begin();
    for (const UidRange& range : ranges) {
      while (without_gaps->first < range.first) ++without_gaps;
      copy_range(tx, from, range, *without_gaps != range, keywords.kept() & copied, to, next, modseq);
    }
  } else {
    Uid next = first;
    for (Mail mail : list_mails(tx.db, from, uids)) {
      mail.mailbox = to;
      mail.uid = Uid{next.value++};
      mail.modseq = modseq;
      mail.flags = keywords.of(mail.flags & copied);
      mail.saved_at = tx.now;
      insert_mail(tx, mail);
    }
  }
  for (UidRange& range : seen_places)
    range = {{first.value + range.first.value}, {first.value + range.last.value}};
  if (seen.all) copy_private_seen(tx, from, result.from, to, first, modseq);
  if (seen.to) {
    set_private_seen(tx, to, seen.to, seen_places, true, modseq);
  } else {
    for (const UidRange& range : seen_places) update_flags(tx, to, range, ~uint64_t{0}, kSeen, modseq);
  }
  Tally counted = come;
  if (seen.from || seen.to) {  // who copies sees other flags than there are for all
    counted = tally(tx.db, to, result.to[0]);
    count(tx, to, counted - come);
  }
  if (source.account != to_account) measure_again(tx, to_account, to, result.to[0], counted);
  for (const Change& arrival : arrivals) record_change(tx, to_account, arrival);
  return result;
}

UidRanges expunge(Transaction& tx, AccountId account, MailboxId mailbox, const UidRanges& uids,
                  bool only_deleted) {
  Tally gone;
  UidRanges ranges = choose_mails(tx.db, mailbox, uids, {}, [&](const Statement& row) {
    if (only_deleted && (row.number(3) & kDeleted) == 0) return false;
    gone.add(static_cast<uint64_t>(row.number(3)), row.number(4));
    return true;
  });
  if (ranges.empty()) return ranges;
  const auto [modseq, group] = advance(tx, account, -gone.octets, -gone.messages);
  if (group) forget_private_seen(tx, mailbox, ranges);
  Holdings holdings(tx.db, account);
  for (const UidRange& range : ranges) remove_mails(tx, account, mailbox, range, modseq, holdings);
  count(tx, mailbox, Tally{} - gone, modseq);
  return ranges;
}

}  // namespace pabal::store
