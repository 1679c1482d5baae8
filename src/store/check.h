// Check: is everything in a store what it should be? SQLite's own check, then
// references and counters in one snapshot, then the bytes of every message
// against their SHA-256. Changes nothing; a server may be running.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "io/world.h"
#include "store/progress.h"

namespace pabal::store {

// A mail that a finding concerns: in a mailbox, or waiting for a recipient.
struct AffectedMail {
  MessageId message;
  std::string account, mailbox;
  Uid uid;
  std::string recipient;  // of a queue entry; then the three above are empty
};

struct Finding {
  enum Kind {
    database,   // SQLite finds fault with its file
    bytes,      // of a message are missing or not what was received
    segment,    // a file of message bytes is missing
    reference,  // a row names another that is not there
    orphan,     // a message that nobody refers to
    counter,    // a number that follows from others is wrong
    leftover,   // a row that hangs on something that is gone
    exposure,   // others on this machine can read it
  } kind = database;
  std::string where;  // "message 123", "alice@example.org INBOX"
  std::string what;
  std::vector<AffectedMail> mails;
};
const char* to_text(Finding::Kind kind);
// What to do about it, for people.
const char* advice(Finding::Kind kind);

struct CheckOptions {
  bool bytes = true;  // false: the bytes are not read
};

struct CheckResult {
  static constexpr size_t kFindingsMax = 10'000;
  std::vector<Finding> findings;
  uint64_t more_findings = 0;  // that are not listed
  uint64_t accounts = 0, mailboxes = 0, mails = 0, messages = 0, queue_entries = 0;
  uint64_t octets = 0;  // that were compared with their hash
};

// Throws StoreError: there is no store in `directory`, or it has another schema version.
CheckResult check_store(io::World& world, const std::string& directory, const CheckOptions& options,
                        const Progress& progress);

}  // namespace pabal::store
