#include "serve/imap/arrival.h"

#include "store/hash.h"

namespace pabal::serve::imap {

std::expected<NewArrival, Outcome> make_arrival(wire::AppendMessage message, MessageId id, Time now,
                                                uint64_t octets_max) {
  if (message.octets.empty()) return std::unexpected(no("", "an empty message cannot be kept"));
  if (message.octets.size() > octets_max)
    return std::unexpected(no("TOOBIG", "a message can have " + std::to_string(octets_max) + " octets"));
  NewArrival made;
  Arrival& arrival = made.arrival;
  arrival.flags = reading::split_flags(message.flags);
  if (!arrival.flags.unknown.empty())
    return std::unexpected(bad("there is no system flag " + arrival.flags.unknown));
  arrival.internal_date = message.internal_date;
  arrival.record.id = id;
  arrival.record.hash = store::sha256(message.octets);
  arrival.record.size_octets = message.octets.size();
  arrival.record.body = message.literal8 ? store::BodyType::binary : store::BodyType::eight_bit;
  // What stands in for a Date field that is missing (RFC 5256 §2.2).
  arrival.record.received_at = arrival.internal_date.value_or(now);
  made.blob = {.bytes = std::move(message.octets), .hash = arrival.record.hash, .location = {}};
  return made;
}

Uid keep(store::Transaction& tx, const Place& place, const Arrival& arrival, const store::NewBlob& stored) {
  if (!store::has_room(tx.db, place.owner, static_cast<int64_t>(arrival.record.size_octets)))
    throw Refusal{no("OVERQUOTA", "there is no room for this in the account")};
  uint64_t flags = arrival.flags.system & reading::allowed_bits(place.rights);
  MailboxId mailbox = place.mailbox->id;
  if (place.rights.has('w') && !arrival.flags.keywords.empty()) {
    auto keywords = store::keyword_bits(tx, place.owner, mailbox, arrival.flags.keywords);
    if (!keywords) {
      throw Refusal{no("LIMIT", "a mailbox can have " + std::to_string(store::kKeywordsMax) + " keywords")};
    }
    flags |= *keywords;
  }
  store::insert_message(tx, arrival.record, stored);
  return store::append(tx, place.owner, mailbox, arrival.record, flags, arrival.internal_date, place.reader);
}

Outcome try_create(Outcome refusal) {
  if (refusal.code == "NONEXISTENT") refusal.code = "TRYCREATE";
  return refusal;
}

}  // namespace pabal::serve::imap
