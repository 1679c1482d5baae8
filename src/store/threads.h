// Threads: which messages belong together when they are shown (RFC 8474 §5.2, RFC
// 8621 §3). A message joins the thread of the oldest one that has a Message-ID in
// common with it (its own, or one that it refers to) and the same base subject; if
// there is none, it begins one. That is decided once and kept: who was told of a
// thread may rely on it.
#pragma once

#include <map>
#include <vector>

#include "store/holdings.h"
#include "store/names.h"
#include "store/summaries.h"

namespace pabal::store {

// Gives messages their threads, and tells the feed of every account that has them.
class ThreadGiving {
 public:
  explicit ThreadGiving(Transaction& tx) : tx_(tx) {}

  // Does nothing if the message has a thread or is gone. `summary` has its subject
  // and its references.
  void give(const Summary& summary);
  // Once, when all are given: an account hears of many messages in one change.
  void tell();

 private:
  struct Told {
    Holdings holdings;
    Names names;
  };
  Transaction& tx_;
  std::map<AccountId, Told> accounts_;
};

// All of these, one after the other.
void give_threads(Transaction& tx, const std::vector<Summary>& summaries);
void remove_thread(Transaction& tx, MessageId message);

struct FoundThread {
  MessageId message;
  ThreadId thread;
};
// Of these messages, which are rising; what has none yet is left out.
std::vector<FoundThread> find_threads(Database& db, const std::vector<MessageId>& messages);

}  // namespace pabal::store
