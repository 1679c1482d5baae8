// One recipient of one message that is still to be reached.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "mail/address.h"
#include "proto/smtp/command.h"
#include "queue/state.h"

namespace pabal::queue {

struct NewEntry {
  QueueEntryId id;  // by Queue::new_id
  MessageId message;
  mail::Address forward_path;               // where it goes now (after aliases)
  std::optional<proto::smtp::Orcpt> orcpt;  // what the sender wrote
  proto::smtp::NotifySet notify;
  AccountId account;  // not 0: this one alone of those that forward_path leads to
};

struct Entry {
  QueueEntryId id;
  MessageId message;
  mail::Address forward_path;
  std::string destination;  // the domain as A-labels, or an address literal
  std::optional<proto::smtp::Orcpt> orcpt;
  proto::smtp::NotifySet notify;
  AccountId account;             // as in NewEntry
  State state = State::waiting;  // as written down: waiting or held
  int attempts = 0;              // that have ended
  Time queued_at;
  Time due_at;  // not before this time
  bool delay_noticed = false;
  // Of the last attempt; empty before the first has ended.
  std::string last_status;  // "4.4.1"
  std::string last_reason;  // for people
  std::string last_mta;     // host name of the server that said so
};

// The domain as the queue groups by: A-labels in lower case; what has none
// stays as it is and fails at routing.
std::string destination_of(const mail::Address& address);

}  // namespace pabal::queue
