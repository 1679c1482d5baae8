// Counters: what is written down beside the mails although it follows from
// them. `check` compares, `rebuild` repairs; both by the rules here.
//
// Sums (messages, octets) are made equal to the mails. What has to rise for ever
// (UIDNEXT, MODSEQ: RFC 9051 §2.3.1.1, RFC 7162 §3.1) is only ever raised, to
// what the mails and changes need at least.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

struct WrongCounter {
  enum Table { account, mailbox, mail } table = account;
  const char* column = "";
  AccountId owner;
  MailboxId box;     // unless table is account
  Uid uid;           // if table is mail
  std::string name;  // "alice@example.org INBOX", for people
  int64_t stored = 0;
  int64_t right = 0;  // for what rises: the least that it may be
};

// All that is wrong, as `db` sees it now. Throws StoreError.
std::vector<WrongCounter> compare_counters(Database& db);

// Compares again inside the transaction and writes what is wrong; returns it.
// `wrong` came from compare_counters: only these accounts are looked at, so that a running server waits for a
// moment only.
std::vector<WrongCounter> repair_counters(Transaction& tx, const std::vector<WrongCounter>& wrong);

}  // namespace pabal::store
