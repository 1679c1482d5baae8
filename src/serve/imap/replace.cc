// REPLACE and UID REPLACE (RFC 8508): the new message comes and the old one goes in
// one commit.
#include "proto/imap/response.h"
#include "serve/imap/arrival.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Replace command) {
  wire::SequenceSet one{.ranges = {{command.number, command.number}}};
  std::optional<std::vector<NumberRange>> numbers = numbers_of(one, command.uid);
  if (!numbers || numbers->empty()) co_return bad("there is no such message to replace");
  if (!selected_->rights.has('t') || !selected_->rights.has('e'))
    co_return no("NOPERM", "you may not delete in this mailbox");
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "i");
  if (!place) co_return try_create(std::move(place.error()));
  std::expected<Arrival, Outcome> arrival = co_await prepare(std::move(command.message));
  if (!arrival) co_return std::move(arrival.error());

  store::UidRanges old = uids_of(*numbers);
  const View& view = *selected_->view;
  store::Unit unit;
  unit.blobs.push_back(arrival->blob());
  Uid uid;
  unit.work = [&](store::Transaction& tx, std::vector<store::NewBlob>& blobs) {
    if (store::expunge(tx, view.owner(), view.id(), old).empty())
      throw Refusal{no("EXPUNGEISSUED", "the message to replace is gone")};
    check_room(tx, place->owner, arrival->octets.size());
    uid = keep(tx, *place, *arrival, blobs[0]);
  };
  std::optional<Outcome> refused;
  try {
    co_await service_.store.commit(std::move(unit));
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
