#include "store/renewal.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/files.h"
#include "store/id_source.h"
#include "store/mailboxes.h"
#include "store/open.h"
#include "store/private_seen.h"
#include "store/uid_validity.h"

namespace pabal::store {

namespace {

constexpr std::string_view kMadeAt = "database_made_at";  // in meta; see io::Disk::made_at

// UIDVALIDITYs may be ahead of the clock by as many as were given faster than one a
// second: new ones begin so far ahead of it. 12 days.
constexpr int64_t kAheadSeconds = 1 << 20;
// Commits are not so many, whatever one account does.
constexpr int64_t kChangesPerMillisecondMax = 256;

std::string read_meta(Database& db, std::string_view key) {
  Statement select = db.prepare("SELECT value FROM meta WHERE key = ?");
  return select.bind(key).step() ? select.text(0) : "";
}

void write_meta(Database& db, std::string_view key, std::string_view value) {
  db.prepare(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .bind(key)
      .bind(value)
      .run();
}

// "" where the file system does not tell.
std::string made_at(io::Disk& disk, const std::string& directory) {
  std::optional<int64_t> at = disk.made_at(database_path(directory));
  return at ? std::to_string(*at) : "";
}

// UIDs that one mailbox can have given between the state that was put back and its
// loss; the new ones begin behind them.
constexpr int64_t kUidsGivenMax = 1 << 20;
// One state can be put back twice, and nothing of what was given in between is known
// then: so new UIDs are not below the seconds since 2020 either.
constexpr int64_t kUidClockBegins = 1'577'836'800;
// Beyond it is no room for the next renewals.
constexpr int64_t kRenewedUidMax = UINT32_MAX / 2;

// How far to raise the UIDs of this mailbox; 0: there is no room.
int64_t uid_shift(Transaction& tx, const Mailbox& mailbox) {
  Statement select = tx.db.prepare("SELECT coalesce(min(uid), ?) FROM mail WHERE mailbox = ?");
  select.bind(mailbox.uid_next.value).bind(mailbox.id.value).step();
  const int64_t lowest = select.number(0);
  const int64_t behind_all = mailbox.uid_next.value + kUidsGivenMax - lowest;
  const int64_t by_clock = tx.now.ms / 1000 - kUidClockBegins - lowest;
  for (int64_t shift : {std::max(behind_all, by_clock), behind_all}) {
    if (mailbox.uid_next.value + shift <= kRenewedUidMax) return shift;
  }
  return 0;
}

// New UIDs too, above all that a client can have seen: a client that goes on with its
// UIDs although UIDVALIDITY has changed takes no mail for another.
void renew_uids(Transaction& tx, const Mailbox& mailbox) {
  const int64_t shift = uid_shift(tx, mailbox);
  if (shift == 0) return;  // RFC 9051 §2.3.1.1: the new UIDVALIDITY says it
  tx.db.prepare("UPDATE mail SET uid = uid + ? WHERE mailbox = ?").bind(shift).bind(mailbox.id.value).run();
  shift_private_seen(tx, mailbox.id, shift);
  tx.db.prepare("UPDATE mailbox SET uidnext = uidnext + ?1, first_recent = first_recent + ?1 WHERE id = ?2")
      .bind(shift)
      .bind(mailbox.id.value)
      .run();
}

size_t renew_account(Transaction& tx, AccountId account) {
  raise_uid_validity(tx, account, tx.now.ms / 1000 + kAheadSeconds);
  const int64_t modseq_least = tx.now.ms * kChangesPerMillisecondMax;
  tx.db.prepare("UPDATE account SET modseq = ? WHERE id = ? AND modseq < ?")
      .bind(modseq_least)
      .bind(account.value)
      .bind(modseq_least)
      .run();
  const ModSeq modseq = next_modseq(tx, account);
  const std::vector<Mailbox> mailboxes = list_mailboxes(tx.db, account);
  for (const Mailbox& mailbox : mailboxes) {
    renew_uids(tx, mailbox);
    tx.db.prepare("UPDATE mailbox SET uidvalidity = ?, modseq = ? WHERE id = ?")
        .bind(new_uid_validity(tx, account).value)
        .bind(modseq.value)
        .bind(mailbox.id.value)
        .run();
    record_change(tx, account, {modseq, mailbox.id, {}, {}, ChangeKind::mailbox});
  }
  return mailboxes.size();
}

size_t renew(Transaction& tx) {
  std::vector<AccountId> accounts;
  {
    Statement select = tx.db.prepare("SELECT id FROM account ORDER BY id");
    while (select.step()) accounts.push_back(AccountId{select.number(0)});
  }
  raise_new_accounts_uid_validity(tx, tx.now.ms / 1000 + kAheadSeconds);
  raise_mailbox_ids(tx, MailboxId{first_id_at(tx.now)});
  size_t mailboxes = 0;
  for (AccountId account : accounts) mailboxes += renew_account(tx, account);
  return mailboxes;
}

// In one transaction, rolled back with what throws.
template <class Work>
void transact(Database& db, Work work) {
  db.execute("BEGIN IMMEDIATE");
  try {
    work();
    db.execute("COMMIT");
  } catch (...) {
    if (db.in_transaction() && !db.broken()) db.execute("ROLLBACK");
    throw;
  }
}

void remove_request(io::Disk& disk, const std::string& directory) {
  disk.remove(renewal_path(directory));
  disk.sync_directory(directory);
}

}  // namespace

std::string renewal_path(const std::string& directory) {
  return directory + "/renew";
}

void request_renewal(io::World& world, const std::string& directory) {
  try {
    if (!world.disk.exists(database_path(directory))) throw StoreError("there is no store in " + directory);
    std::unique_ptr<io::FileLock> lock = lock_closed_store(world.disk, directory);
    world.disk.open(renewal_path(directory), io::OpenMode::create)->sync();
    world.disk.sync_directory(directory);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

void cancel_renewal(io::World& world, const std::string& directory) {
  try {
    std::string path = database_path(directory);
    if (!world.disk.exists(path)) throw StoreError("there is no store in " + directory);
    std::unique_ptr<io::FileLock> lock = lock_closed_store(world.disk, directory);
    refuse_newer_schema(world.disk, path);
    Database db(path, {false, world.disk.sqlite_vfs()});
    write_meta(db, kMadeAt, made_at(world.disk, directory));
    if (world.disk.exists(renewal_path(directory))) remove_request(world.disk, directory);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

void renew_if_put_back(io::World& world, Database& db, const std::string& directory) {
  const bool requested = world.disk.exists(renewal_path(directory));
  const std::string known = read_meta(db, kMadeAt), found = made_at(world.disk, directory);
  const bool copied = !known.empty() && !found.empty() && known != found;
  if (requested || copied) {
    size_t mailboxes = 0;
    Transaction tx(db, world.clock.now());
    transact(db, [&] {
      mailboxes = renew(tx);
      write_meta(db, kMadeAt, found);
    });
    world.log.warning(
        "store.renewed",
        {{"reason", requested ? "it was restored, or `pabal store renew` asked for it"
                              : "the database is a copy of the one that was opened last"},
         {"mailboxes", mailboxes},
         {"effect", "every mailbox has a new UIDVALIDITY: mail programs fetch their mails anew"}});
  } else if (known != found && !found.empty()) {
    transact(db, [&] { write_meta(db, kMadeAt, found); });
  }
  if (requested) remove_request(world.disk, directory);
}

}  // namespace pabal::store
