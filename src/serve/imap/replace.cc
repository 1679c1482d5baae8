// REPLACE and UID REPLACE (RFC 8508): the new message comes and the old one goes in
// one commit.
#include "proto/imap/response.h"
#include "serve/imap/arrival.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

struct ReplaceWork {
  AccountId owner;
  MailboxId mailbox;
  store::UidRanges old;
  Place place;
  Arrival arrival;
};

// Throws Refusal.
Uid replace(store::Transaction& tx, const store::NewBlobs& blobs, const ReplaceWork& work) {
  if (store::expunge(tx, work.owner, work.mailbox, work.old).empty())
    throw Refusal{no("EXPUNGEISSUED", "the message to replace is gone")};
  return keep(tx, work.place, work.arrival, blobs[0]);
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Replace command) {
  wire::SequenceSet one{.ranges = {{command.number, command.number}}};
  const std::optional<store::UidRanges> named = uids_named(one, command.uid);
  if (!named || named->empty()) co_return bad("there is no such message to replace");
  if (!selected_->rights.has('t') || !selected_->rights.has('e'))
    co_return no("NOPERM", "you may not delete in this mailbox");
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "i");
  if (!place) co_return try_create(std::move(place.error()));
  std::expected<NewArrival, Outcome> arrival = co_await prepare(std::move(command.message));
  if (!arrival) co_return std::move(arrival.error());

  const reading::View& view = *selected_->view;
  ReplaceWork work{.owner = view.owner(),
                   .mailbox = view.id(),
                   .old = *named,
                   .place = *place,
                   .arrival = std::move(arrival->arrival)};
  store::NewBlobs blobs;
  blobs.push_back(std::move(arrival->blob));
  Uid uid;
  std::optional<Outcome> refused;
  try {
    uid = co_await service_.store.commit(std::move(blobs), replace, std::move(work));
  } catch (const Refusal& e) {
    refused = e.outcome;
  }
  if (refused) co_return std::move(*refused);
  ++service_.counters.appended;
  out().append("* OK [APPENDUID ").append(std::to_string(place->mailbox->uid_validity.value)).append(" ");
  wire::put_number(out(), static_cast<uint64_t>(uid.value));
  out() += "] kept\r\n";
  co_await sync({});
  co_return ok("replaced");
}

}  // namespace pabal::serve::imap
