// A message that a client puts into a mailbox (APPEND, REPLACE), made ready to be
// committed.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "proto/imap/command.h"
#include "reading/flag_names.h"
#include "serve/imap/names.h"
#include "serve/imap/outcome.h"
#include "store/messages.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;

struct Arrival {
  store::MessageRecord record;
  reading::FlagNames flags;
  std::optional<Time> internal_date;
};
// With its octets, which the store wants by themselves.
struct NewArrival {
  store::NewBlob blob;
  Arrival arrival;
};

// `message.octets` is all of it, also of one that was put together.
std::expected<NewArrival, Outcome> make_arrival(wire::AppendMessage message, MessageId id, Time now,
                                                uint64_t octets_max);

// Thrown from a unit of work: nothing of it happens, and this is answered.
struct Refusal {
  Outcome outcome;
};

// Puts it where `place` says, with the flags that one may set there. Throws Refusal.
Uid keep(store::Transaction& tx, const Place& place, const Arrival& arrival, const store::NewBlob& stored);

// RFC 9051 §6.3.12: a client that names no mailbox is told that it could make it.
Outcome try_create(Outcome refusal);

}  // namespace pabal::serve::imap
