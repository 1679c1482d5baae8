// Holdings: what an account has of a message or of a thread, asked when mails come into
// it or go, so that the change feed can say it (names.h).
//
// A message may lie in the mailboxes of thousands, and a thread may have as many
// messages: an account's own are found in steps as many as it has mailboxes, and those
// of a thread are counted once.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/mailboxes.h"
#include "store/names.h"

namespace pabal::store {

// A mail that is about to go.
struct Leaving {
  Uid uid;
  MessageId message;
  bool others = true;     // its message may have other mails, of whomever
  ThreadId thread = {};   // of its message
  bool followers = true;  // others may have joined the thread that it has begun
};

// Of one account within one command: what comes and goes meanwhile it is told.
class Holdings {
 public:
  Holdings(Database& db, AccountId account) : db_(db), account_(account) {}

  // A message before it comes in.
  Name coming(MessageId message);
  // A mail before it goes from `mailbox`, with all mails there from `first` up to it.
  Name going(const Leaving& mail, MailboxId mailbox, Uid first);
  // A message that the account has, when its thread has just been stored.
  Name told(MessageId message, ThreadId thread);

 private:
  struct Going {
    MailboxId mailbox;
    Uid first, last;
  };
  bool has(MessageId message, const Going& but);
  void read_mailboxes();
  int64_t& count_in_thread(ThreadId thread);

  Database& db_;
  const AccountId account_;
  std::vector<MailboxId> mailboxes_;  // rising; empty: not read yet
  std::unordered_set<MessageId> came_;
  std::unordered_map<ThreadId, int64_t> threads_;  // messages of each that the account has now
};

}  // namespace pabal::store
