// APPEND (RFC 9051 §6.3.12), several messages at once (RFC 3502), put together
// from pieces of others (RFC 4469).
#include "proto/imap/response.h"
#include "serve/imap/flags.h"
#include "serve/imap/notifier.h"
#include "serve/imap/session.h"
#include "store/hash.h"

namespace pabal::serve::imap {

namespace {

// One message made ready to be committed.
struct Arrival {
  store::MessageRecord record;
  std::string octets;
  FlagNames flags;
  std::optional<Time> internal_date;
};

store::MessageRecord record_of(const std::string& octets, MessageId id, Time now) {
  store::MessageRecord record;
  record.id = id;
  record.hash = store::sha256(octets);
  record.size_octets = octets.size();
  record.body = store::BodyType::eight_bit;
  record.received_at = now;
  return record;
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Append command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "i");
  if (!place) {
    Outcome refusal = place.error();
    if (refusal.code == "NONEXISTENT") refusal.code = "TRYCREATE";
    co_return refusal;
  }
  std::vector<Arrival> arrivals;
  uint64_t octets = 0;
  Time now = service_.world.clock.now();
  for (wire::AppendMessage& message : command.messages) {
    Arrival& arrival = arrivals.emplace_back();
    if (message.catenate) {
      std::expected<std::string, Outcome> joined = co_await join_parts(std::move(message.parts));
      if (!joined) co_return std::move(joined.error());
      arrival.octets = std::move(*joined);
    } else {
      arrival.octets = std::move(message.octets);
    }
    if (arrival.octets.empty()) co_return no("", "an empty message cannot be kept");
    if (arrival.octets.size() > service_.options.message_octets_max)
      co_return no("TOOBIG",
                   "a message can have " + std::to_string(service_.options.message_octets_max) + " octets");
    arrival.flags = split_flags(message.flags);
    if (!arrival.flags.unknown.empty()) co_return bad("there is no system flag " + arrival.flags.unknown);
    arrival.internal_date = message.internal_date;
    arrival.record = record_of(arrival.octets, MessageId{service_.store.new_id()}, now);
    octets += arrival.octets.size();
  }

  store::Unit unit;
  for (const Arrival& arrival : arrivals) unit.blobs.push_back({arrival.octets, arrival.record.hash, {}});
  bool over_quota = false, too_many_keywords = false;
  std::vector<NumberRange> uids;
  AccountId owner = place->owner;
  MailboxId mailbox = place->mailbox->id;
  Rights rights = place->rights;
  unit.work = [&](store::Transaction& tx, std::vector<store::NewBlob>& blobs) {
    uids.clear();
    std::optional<store::Usage> usage = store::usage(tx.db, owner);
    over_quota = usage && usage->quota_octets != 0 && usage->octets + octets > usage->quota_octets;
    if (over_quota) return;
    for (size_t i = 0; i < arrivals.size(); ++i) {
      Arrival& arrival = arrivals[i];
      uint64_t flags = arrival.flags.system & allowed_bits(rights);
      if (rights.has('w')) {
        std::optional<uint64_t> keywords = store::keyword_bits(tx, owner, mailbox, arrival.flags.keywords);
        too_many_keywords = !keywords;
        if (too_many_keywords) throw store::StoreError("too many keywords");
        flags |= *keywords;
      }
      store::insert_message(tx, arrival.record, blobs[i]);
      Uid uid = store::append(tx, owner, mailbox, arrival.record, flags, arrival.internal_date);
      wire::add_to(uids, static_cast<uint32_t>(uid.value));
    }
  };
  try {
    co_await service_.store.commit(std::move(unit));
  } catch (const store::StoreError&) {
    if (!too_many_keywords) throw;
  }
  if (too_many_keywords)
    co_return no("LIMIT", "a mailbox can have " + std::to_string(store::kKeywordsMax) + " keywords");
  if (over_quota) co_return no("OVERQUOTA", "there is no room for this in the account");
  service_.counters.appended += arrivals.size();
  if (notify_) notify_->expect_arrivals(mailbox, uids);
  co_return ok("kept", "APPENDUID " + std::to_string(place->mailbox->uid_validity.value) + " " +
                           wire::format_set(uids));
}

}  // namespace pabal::serve::imap
