// Threads: which messages belong together when they are shown (RFC 8474 §5.2, RFC
// 8621 §3). A message joins the thread of the oldest one that has a Message-ID in
// common with it (its own, or one that it refers to) and the same base subject; if
// there is none, it begins one. That is decided once and kept: who was told of a
// thread may rely on it.
#pragma once

#include <vector>

#include "store/summaries.h"

namespace pabal::store {

// Does nothing if the message has a thread or is gone. `summary` has its subject
// and its references.
void give_thread(Transaction& tx, const Summary& summary);
void remove_thread(Transaction& tx, MessageId message);

struct FoundThread {
  MessageId message;
  ThreadId thread;
};
// Of these messages, which are rising; what has none yet is left out.
std::vector<FoundThread> find_threads(Database& db, const std::vector<MessageId>& messages);

}  // namespace pabal::store
