#include "store/check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "store/check_bytes.h"
#include "store/counters.h"
#include "store/exposure.h"
#include "store/feed_check.h"
#include "store/leftovers.h"
#include "store/schema.h"
#include "store/segments.h"

namespace pabal::store {

namespace {

std::string mail_text(int64_t mailbox, int64_t uid) {
  return "mail " + std::to_string(uid) + " of mailbox " + std::to_string(mailbox);
}

class Checker {
 public:
  Checker(io::World& world, const std::string& directory, const Progress& progress)
      : disk_(world.disk), directory_(directory), progress_(progress) {}

  CheckResult run(const CheckOptions& options) {
    check_exposure();
    if (!open()) return std::move(result_);
    section("SQLite's own check", [this] { check_integrity(); });
    section("counting rows", [this] { count_rows(); });
    section("references of mails", [this] { check_mails(); });
    section("references of mailboxes", [this] { check_mailboxes(); });
    section("references of the queue", [this] { check_queue(); });
    section("messages without a mail", [this] { check_orphans(); });
    section("what hangs on others", [this] { check_leftovers(); });
    section("change feed", [this] { check_feeds(); });
    section("counters", [this] { check_counters(); });
    if (db_->in_transaction()) db_->execute("ROLLBACK");
    if (options.bytes) {
      ByteCheck check(
          disk_, directory_, *db_, [this](Finding finding) { add(std::move(finding)); }, progress_);
      result_.octets = check.run(result_.messages);
    }
    return std::move(result_);
  }

 private:
  void add(Finding finding) {
    if (result_.findings.size() < CheckResult::kFindingsMax) {
      result_.findings.push_back(std::move(finding));
    } else {
      ++result_.more_findings;
    }
  }

  void check_exposure() {
    for (const std::string& path : exposed_paths(disk_, directory_))
      add({Finding::exposure, path, "others on this machine can read it", {}});
  }

  // False if the database cannot even be looked at, which is a finding.
  bool open() {
    std::string path = database_path(directory_);
    if (!disk_.exists(path)) {
      if (!disk_.exists(segments_directory(directory_)))
        throw StoreError("there is no store in " + directory_);
      add({Finding::database, path, "the file is missing, although there are segments", {}});
      return false;
    }
    int version = 0;
    try {
      db_ = std::make_unique<Database>(path, Database::Options{true, disk_.sqlite_vfs()});
      version = schema_version(*db_);
    } catch (const StoreError& e) {
      add({Finding::database, path, e.what(), {}});
      return false;
    }
    if (version > kSchemaVersion) throw StoreError(too_new(version));
    if (version < kSchemaVersion) {
      throw StoreError("the store has schema version " + std::to_string(version) +
                       ", this program checks version " + std::to_string(kSchemaVersion) +
                       ": start the server once, it upgrades the store");
    }
    return true;
  }

  // All of them see one snapshot, unless an error of the disk ended it.
  void section(const char* name, const std::function<void()>& work) {
    progress_(name, 0, 0);
    try {
      if (!db_->in_transaction()) db_->execute("BEGIN");
      work();
    } catch (const StoreError& e) {
      add({Finding::database, name, e.what(), {}});
    }
  }

  void check_integrity() {
    Statement check = db_->prepare("PRAGMA integrity_check(100)");
    while (check.step()) {
      if (check.view(0) != "ok") add({Finding::database, database_path(directory_), check.text(0), {}});
    }
  }

  uint64_t count(const char* table) {
    Statement select = db_->prepare(std::string("SELECT count(*) FROM ") + table);
    select.step();
    return static_cast<uint64_t>(select.number(0));
  }

  void count_rows() {
    result_.accounts = count("account");
    result_.mailboxes = count("mailbox");
    result_.mails = count("mail");
    result_.queue_entries = count("queue_entry");
    result_.messages = count("message");
  }

  void check_mails() {
    Statement lost = db_->prepare(
        "SELECT mailbox, uid, message FROM mail WHERE message NOT IN (SELECT id FROM message) ORDER BY "
        "message");
    while (lost.step()) {
      MessageId message{lost.number(2)};
      add({Finding::reference, mail_text(lost.number(0), lost.number(1)),
           "its message " + std::to_string(message.value) + " is not there", affected_mails(*db_, message)});
    }
    Statement homeless =
        db_->prepare("SELECT mailbox, uid, message FROM mail WHERE mailbox NOT IN (SELECT id FROM mailbox)");
    while (homeless.step()) {
      add({Finding::reference,
           mail_text(homeless.number(0), homeless.number(1)),
           "there is no such mailbox",
           {{{homeless.number(2)}, "", "", {homeless.number(1)}, ""}}});
    }
  }

  void check_mailboxes() {
    Statement homeless =
        db_->prepare("SELECT id, name, account FROM mailbox WHERE account NOT IN (SELECT id FROM account)");
    while (homeless.step()) {
      add({Finding::reference,
           "mailbox " + std::to_string(homeless.number(0)) + " (" + homeless.text(1) + ")",
           "there is no account " + std::to_string(homeless.number(2)),
           {}});
    }
    Statement inbox = db_->prepare(
        "SELECT address FROM account WHERE NOT EXISTS "
        "(SELECT 1 FROM mailbox WHERE mailbox.id = account.inbox AND mailbox.account = account.id)");
    while (inbox.step()) add({Finding::reference, inbox.text(0), "its INBOX is not there", {}});
  }

  void check_queue() {
    Statement lost =
        db_->prepare("SELECT id, message FROM queue_entry WHERE message NOT IN (SELECT id FROM message)");
    while (lost.step()) {
      MessageId message{lost.number(1)};
      add({Finding::reference, "queue entry " + std::to_string(lost.number(0)),
           "its message " + std::to_string(message.value) + " is not there", affected_mails(*db_, message)});
    }
  }

  // release_message removes a message in the transaction that takes its last
  // reference away, so there is never one without.
  void check_orphans() {
    Statement orphan = db_->prepare(
        "SELECT id FROM message WHERE NOT EXISTS (SELECT 1 FROM mail WHERE mail.message = message.id) "
        "AND NOT EXISTS (SELECT 1 FROM queue_entry WHERE queue_entry.message = message.id)");
    while (orphan.step()) {
      add({Finding::orphan,
           "message " + std::to_string(orphan.number(0)),
           "neither a mailbox nor the queue has it",
           {{{orphan.number(0)}, "", "", {}, ""}}});
    }
  }

  void check_leftovers() {
    for (const std::string& where : list_leftovers(*db_))
      add({Finding::leftover, where, "what it hangs on is gone", {}});
  }

  void check_feeds() {
    for (const BrokenFeed& broken : list_broken_feeds(*db_))
      add({Finding::leftover,
           "change feed of account " + std::to_string(broken.account.value),
           broken.what,
           {}});
  }

  void check_counters() {
    for (const WrongCounter& wrong : compare_counters(*db_)) {
      std::string uid = wrong.table == WrongCounter::mail ? " mail " + std::to_string(wrong.uid.value) : "";
      add({Finding::counter,
           wrong.name + uid,
           std::string(wrong.column) + " is " + std::to_string(wrong.stored) + ", by the mails " +
               std::to_string(wrong.right),
           {}});
    }
  }

  io::Disk& disk_;
  const std::string directory_;
  const Progress& progress_;
  std::unique_ptr<Database> db_;
  CheckResult result_;
};

}  // namespace

const char* to_text(Finding::Kind kind) {
  switch (kind) {
    case Finding::database:
      return "database";
    case Finding::bytes:
      return "bytes";
    case Finding::segment:
      return "segment";
    case Finding::reference:
      return "reference";
    case Finding::orphan:
      return "orphan";
    case Finding::counter:
      return "counter";
    case Finding::leftover:
      return "leftover";
    case Finding::exposure:
      return "exposure";
  }
  return "";
}

const char* advice(Finding::Kind kind) {
  switch (kind) {
    case Finding::database:
    case Finding::reference:
      return "stop the server; `pabal store restore` the newest backup, or get out what is readable with "
             "`pabal store salvage`";
    case Finding::bytes:
    case Finding::segment:
      return "these mails alone are damaged: take them from a backup; `pabal store salvage` writes what is "
             "left of them";
    case Finding::orphan:
      return "no mail is missing by this; `pabal store salvage` writes it to unknown";
    case Finding::counter:
      return "`pabal store rebuild` repairs it, beside the running server";
    case Finding::exposure:
      return "nothing is lost; close it by `chmod -R go=` of the data directory";
    case Finding::leftover:
      return "no mail is missing by this; `pabal store rebuild` removes it, beside the running server";
  }
  return "";
}

CheckResult check_store(io::World& world, const std::string& directory, const CheckOptions& options,
                        const Progress& progress) {
  try {
    return Checker(world, directory, progress).run(options);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store
