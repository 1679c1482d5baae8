#include "store/renewal.h"

#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/feed_trim.h"
#include "store/files.h"
#include "store/id_source.h"
#include "store/mailboxes.h"
#include "store/open.h"
#include "store/private_seen.h"
#include "store/uid_validity.h"

namespace pabal::store {

namespace {

constexpr std::string_view kMadeAt = "database_made_at";  // in meta; see io::Disk::made_at
constexpr std::string_view kGoOn = "go on from ";         // milliseconds since 1970

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

struct Request {
  Renewal renewal = Renewal::begin_anew;
  Time made;  // what was put back
};

// UIDs that one mailbox can have given between the state that was put back and its
// loss; the next ones begin behind them.
constexpr int64_t kUidsGivenMax = 1 << 24;
// Copies of one backup can each be put back, and none knows what was given after the
// other: so what comes after each begins so many higher for each second in between.
constexpr int64_t kUidsPerSecond = 256;
// Beyond it is no room for the next renewals.
constexpr int64_t kRenewedUidMax = UINT32_MAX / 2;

// All mails with UIDs above those that clients may have seen; false if 32 bits have no room.
bool raise_uids(Transaction& tx, AccountId account, const Mailbox& mailbox, ModSeq modseq, Time made) {
  const int64_t age_ms = tx.now.ms - made.ms;
  const int64_t first = mailbox.uid_next.value + kUidsGivenMax + age_ms * kUidsPerSecond / 1000;
  int64_t lowest = mailbox.uid_next.value;
  {
    Statement select = tx.db.prepare("SELECT coalesce(min(uid), ?) FROM mail WHERE mailbox = ?");
    if (select.bind(lowest).bind(mailbox.id.value).step()) lowest = select.number(0);
  }
  const int64_t by = first - lowest;
  if (age_ms < 0 || mailbox.uid_next.value + by > kRenewedUidMax) return false;
  tx.db.prepare("UPDATE mail SET uid = uid + ? WHERE mailbox = ?").bind(by).bind(mailbox.id.value).run();
  shift_private_seen(tx, mailbox.id, by);
  tx.db.prepare("UPDATE mailbox SET uidnext = uidnext + ?1, first_recent = first_recent + ?1 WHERE id = ?2")
      .bind(by)
      .bind(mailbox.id.value)
      .run();
  // Who was here before the loss asks what is gone since (RFC 7162 §3.2.5.1).
  record_change(tx, account, {modseq, mailbox.id, Uid{1}, Uid{first - 1}, ChangeKind::expunged});
  return true;
}

// Under another UIDVALIDITY mails keep their UIDs, and the next are above all: a client
// that compares mails by UID and Message-ID sees that they are the same.
void begin_anew(Transaction& tx, AccountId account, const Mailbox& mailbox) {
  const int64_t behind_all = mailbox.uid_next.value + kUidsGivenMax;
  const int64_t next = behind_all <= kRenewedUidMax ? behind_all : mailbox.uid_next.value;
  tx.db.prepare("UPDATE mailbox SET uidvalidity = ?, uidnext = ? WHERE id = ?")
      .bind(new_uid_validity(tx, account).value)
      .bind(next)
      .bind(mailbox.id.value)
      .run();
}

void renew_mailbox(Transaction& tx, AccountId account, const Mailbox& mailbox, ModSeq modseq,
                   const Request& request) {
  const bool goes_on =
      request.renewal == Renewal::go_on && raise_uids(tx, account, mailbox, modseq, request.made);
  if (!goes_on) begin_anew(tx, account, mailbox);
  // Flags are what they were once: whoever asks what has changed must be told them (RFC 7162 §3.1).
  tx.db.prepare("UPDATE mail SET modseq = ? WHERE mailbox = ?")
      .bind(modseq.value)
      .bind(mailbox.id.value)
      .run();
  tx.db.prepare("UPDATE mailbox SET modseq = ? WHERE id = ?").bind(modseq.value).bind(mailbox.id.value).run();
  record_change(tx, account, {modseq, mailbox.id, {}, {}, ChangeKind::mailbox});
}

size_t renew_account(Transaction& tx, AccountId account, const Request& request) {
  raise_uid_validity(tx, account, tx.now.ms / 1000 + kAheadSeconds);
  const int64_t modseq_least = tx.now.ms * kChangesPerMillisecondMax;
  tx.db.prepare("UPDATE account SET modseq = ? WHERE id = ? AND modseq < ?")
      .bind(modseq_least)
      .bind(account.value)
      .bind(modseq_least)
      .run();
  // Of what came after the state that was put back the feed knows nothing.
  forget_feed(tx, account);
  const ModSeq modseq = next_modseq(tx, account);
  const std::vector<Mailbox> mailboxes = list_mailboxes(tx.db, account);
  for (const Mailbox& mailbox : mailboxes) renew_mailbox(tx, account, mailbox, modseq, request);
  return mailboxes.size();
}

size_t renew(Transaction& tx, const Request& request) {
  std::vector<AccountId> accounts;
  {
    Statement select = tx.db.prepare("SELECT id FROM account ORDER BY id");
    while (select.step()) accounts.push_back(AccountId{select.number(0)});
  }
  raise_new_accounts_uid_validity(tx, tx.now.ms / 1000 + kAheadSeconds);
  raise_mailbox_ids(tx, MailboxId{first_id_at(tx.now)});
  size_t mailboxes = 0;
  for (AccountId account : accounts) mailboxes += renew_account(tx, account, request);
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
Request read_request(io::Disk& disk, const std::string& directory) {
  std::unique_ptr<io::File> file = disk.open(renewal_path(directory), io::OpenMode::read);
  std::string text(100, '\0');
  text.resize(file->read_at(0, text));
  std::string_view rest = text;
  if (!rest.starts_with(kGoOn) || !rest.ends_with('\n')) return {};
  rest.remove_prefix(kGoOn.size());
  rest.remove_suffix(1);
  Request request{Renewal::go_on, {}};
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), request.made.ms);
  if (error != std::errc() || end != rest.data() + rest.size()) return {};
  return request;
}

void remove_request(io::Disk& disk, const std::string& directory) {
  disk.remove(renewal_path(directory));
  disk.sync_directory(directory);
}

}  // namespace

std::string renewal_path(const std::string& directory) {
  return directory + "/renew";
}

std::string renewal_text(Renewal renewal, Time made) {
  if (renewal == Renewal::begin_anew) return "begin anew\n";
  return std::string(kGoOn) + std::to_string(made.ms) + '\n';
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
    const Request request = requested ? read_request(world.disk, directory) : Request{};
    size_t mailboxes = 0;
    Transaction tx(db, world.clock.now());
    transact(db, [&] {
      mailboxes = renew(tx, request);
      write_meta(db, kMadeAt, found);
    });
    world.log.warning(
        "store.renewed",
        {{"reason", requested ? "it was restored, or `pabal store renew` asked for it"
                              : "the database is a copy of the one that was opened last"},
         {"mailboxes", mailboxes},
         {"effect",
          request.renewal == Renewal::go_on
              ? "every mail has a new UID, above all that were given: mail programs fetch their mails anew"
              : "every mailbox has a new UIDVALIDITY: mail programs fetch their mails anew"}});
  } else if (known != found && !found.empty()) {
    transact(db, [&] { write_meta(db, kMadeAt, found); });
  }
  if (requested) remove_request(world.disk, directory);
}

}  // namespace pabal::store
