#include "store/renewal.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/files.h"
#include "store/id_source.h"
#include "store/mailboxes.h"
#include "store/open.h"
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
// loss; the next ones begin behind them.
constexpr int64_t kUidsGivenMax = 1 << 24;
// Copies of one backup can each be put back, and none knows what was given after the
// other: so the next UIDs are not below four for each second since 2020 either.
constexpr int64_t kUidClockBegins = 1'577'836'800;
constexpr int64_t kUidsPerSecond = 4;
// Beyond it is no room for the next renewals.
constexpr int64_t kRenewedUidMax = UINT32_MAX / 2;

// False if 32 bits leave no room above what clients may have seen.
bool raise_uid_next(Transaction& tx, const Mailbox& mailbox) {
  const int64_t behind_all = mailbox.uid_next.value + kUidsGivenMax;
  const int64_t by_clock = (tx.now.ms / 1000 - kUidClockBegins) * kUidsPerSecond;
  for (int64_t next : {std::max(behind_all, by_clock), behind_all}) {
    if (next > kRenewedUidMax) continue;
    tx.db.prepare("UPDATE mailbox SET uidnext = ? WHERE id = ?").bind(next).bind(mailbox.id.value).run();
    return true;
  }
  return false;
}

// Mails keep their UIDs: a client that compares mails by UID and Message-ID sees that
// they are the same, also where UIDVALIDITY is another.
void renew_mailbox(Transaction& tx, AccountId account, const Mailbox& mailbox, ModSeq modseq,
                   Renewal renewal) {
  const bool above_all = raise_uid_next(tx, mailbox);
  if (renewal == Renewal::begin_anew || !above_all) {
    tx.db.prepare("UPDATE mailbox SET uidvalidity = ? WHERE id = ?")
        .bind(new_uid_validity(tx, account).value)
        .bind(mailbox.id.value)
        .run();
  }
  // Flags are what they were once: whoever asks what has changed must be told them (RFC 7162 §3.1).
  tx.db.prepare("UPDATE mail SET modseq = ? WHERE mailbox = ?")
      .bind(modseq.value)
      .bind(mailbox.id.value)
      .run();
  tx.db.prepare("UPDATE mailbox SET modseq = ? WHERE id = ?").bind(modseq.value).bind(mailbox.id.value).run();
  record_change(tx, account, {modseq, mailbox.id, {}, {}, ChangeKind::mailbox});
}

size_t renew_account(Transaction& tx, AccountId account, Renewal renewal) {
  raise_uid_validity(tx, account, tx.now.ms / 1000 + kAheadSeconds);
  const int64_t modseq_least = tx.now.ms * kChangesPerMillisecondMax;
  tx.db.prepare("UPDATE account SET modseq = ? WHERE id = ? AND modseq < ?")
      .bind(modseq_least)
      .bind(account.value)
      .bind(modseq_least)
      .run();
  const ModSeq modseq = next_modseq(tx, account);
  const std::vector<Mailbox> mailboxes = list_mailboxes(tx.db, account);
  for (const Mailbox& mailbox : mailboxes) renew_mailbox(tx, account, mailbox, modseq, renewal);
  return mailboxes.size();
}

size_t renew(Transaction& tx, Renewal renewal) {
  std::vector<AccountId> accounts;
  {
    Statement select = tx.db.prepare("SELECT id FROM account ORDER BY id");
    while (select.step()) accounts.push_back(AccountId{select.number(0)});
  }
  raise_new_accounts_uid_validity(tx, tx.now.ms / 1000 + kAheadSeconds);
  raise_mailbox_ids(tx, MailboxId{first_id_at(tx.now)});
  size_t mailboxes = 0;
  for (AccountId account : accounts) mailboxes += renew_account(tx, account, renewal);
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

// What a file that says nothing known asks for is what is safe anyhow.
Renewal requested_renewal(io::Disk& disk, const std::string& directory) {
  const std::string_view wanted = renewal_text(Renewal::go_on);
  std::unique_ptr<io::File> file = disk.open(renewal_path(directory), io::OpenMode::read);
  std::string text(wanted.size(), '\0');
  return file->read_at(0, text) == wanted.size() && text == wanted ? Renewal::go_on : Renewal::begin_anew;
}

void remove_request(io::Disk& disk, const std::string& directory) {
  disk.remove(renewal_path(directory));
  disk.sync_directory(directory);
}

}  // namespace

std::string renewal_path(const std::string& directory) {
  return directory + "/renew";
}

std::string_view renewal_text(Renewal renewal) {
  return renewal == Renewal::go_on ? "go on\n" : "begin anew\n";
}

void request_renewal(io::World& world, const std::string& directory) {
  try {
    if (!world.disk.exists(database_path(directory))) throw StoreError("there is no store in " + directory);
    std::unique_ptr<io::FileLock> lock = lock_closed_store(world.disk, directory);
    std::unique_ptr<io::File> request = world.disk.open(renewal_path(directory), io::OpenMode::create);
    request->truncate(0);
    request->write_at(0, renewal_text(Renewal::begin_anew));
    request->sync();
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
    const Renewal renewal = requested ? requested_renewal(world.disk, directory) : Renewal::begin_anew;
    size_t mailboxes = 0;
    Transaction tx(db, world.clock.now());
    transact(db, [&] {
      mailboxes = renew(tx, renewal);
      write_meta(db, kMadeAt, found);
    });
    world.log.warning(
        "store.renewed",
        {{"reason", requested ? "it was restored, or `pabal store renew` asked for it"
                              : "the database is a copy of the one that was opened last"},
         {"mailboxes", mailboxes},
         {"effect",
          renewal == Renewal::go_on
              ? "new mails have UIDs above all that were given: mail programs fetch them, and them alone"
              : "every mailbox has a new UIDVALIDITY: mail programs fetch their mails anew"}});
  } else if (known != found && !found.empty()) {
    transact(db, [&] { write_meta(db, kMadeAt, found); });
  }
  if (requested) remove_request(world.disk, directory);
}

}  // namespace pabal::store
