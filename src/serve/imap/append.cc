// APPEND (RFC 9051 §6.3.12), several messages at once (RFC 3502).
#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/arrival.h"
#include "serve/imap/message_url.h"
#include "serve/imap/notifier.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
constexpr size_t kUrlShownMax = 200;  // of one that is wrong

// The UIDs. Throws Refusal.
std::vector<NumberRange> keep_all(store::Transaction& tx, const store::NewBlobs& blobs, const Place& place,
                                  const std::vector<Arrival>& arrivals) {
  std::vector<NumberRange> uids;
  for (size_t i = 0; i < arrivals.size(); ++i)
    add_to(uids, static_cast<uint32_t>(keep(tx, place, arrivals[i], blobs[i]).value));
  return uids;
}
}  // namespace

rt::Task<Outcome> Session::on(wire::Append command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "i");
  if (!place) co_return try_create(std::move(place.error()));
  store::NewBlobs blobs;
  std::vector<Arrival> arrivals;
  for (wire::AppendMessage& message : command.messages) {
    std::expected<NewArrival, Outcome> arrival = co_await prepare(std::move(message));
    if (!arrival) co_return std::move(arrival.error());
    blobs.push_back(std::move(arrival->blob));
    arrivals.push_back(std::move(arrival->arrival));
  }

  const size_t count = arrivals.size();
  std::vector<NumberRange> uids;
  std::optional<Outcome> refused;
  try {
    uids = co_await service_.store.commit(std::move(blobs), keep_all, *place, std::move(arrivals));
  } catch (const Refusal& e) {
    refused = e.outcome;
  }
  if (refused) co_return std::move(*refused);
  service_.counters.appended += count;
  if (notify_) notify_->expect_arrivals(place->mailbox->id, uids);
  std::string uid_validity = std::to_string(place->mailbox->uid_validity.value);
  co_return ok("kept", "APPENDUID " + uid_validity + " " + wire::format_set(uids));
}

rt::Task<std::expected<NewArrival, Outcome>> Session::prepare(wire::AppendMessage message) {
  if (message.catenate) {
    std::expected<std::string, Outcome> joined = co_await join_parts(std::move(message.parts));
    if (!joined) co_return std::unexpected(std::move(joined.error()));
    message.octets = std::move(*joined);
  }
  MessageId id{service_.store.new_id()};
  co_return make_arrival(std::move(message), id, service_.world.clock.now(),
                         service_.options.message_octets_max);
}

// RFC 4469: the pieces one after the other.
rt::Task<std::expected<std::string, Outcome>> Session::join_parts(std::vector<wire::CatenatePart> parts) {
  std::string joined;
  size_t texts = 0;
  for (const wire::CatenatePart& part : parts) texts += part.url ? 0 : part.text.size();
  joined.reserve(std::min<uint64_t>(texts, service_.options.message_octets_max));
  UrlMessages messages(service_.reading, service_.options.message_octets_max);
  for (wire::CatenatePart& part : parts) {
    std::string octets = std::move(part.text);
    if (part.url) {
      std::string text = std::move(octets);
      std::optional<wire::Url> url = wire::parse_url(text);
      std::optional<std::string> found;
      // A URL of somebody else, or of another server, is none that can be joined here.
      bool ours = url && (url->user.empty() || url->user == account_->address);
      if (ours) found = co_await read_url(std::move(*url), *account_, messages);
      if (!found) {
        std::string quoted;
        wire::put_string(quoted, text.substr(0, kUrlShownMax));
        co_return std::unexpected(no("BADURL " + quoted, "there is nothing behind this URL"));
      }
      octets = std::move(*found);
    }
    if (joined.size() + octets.size() > service_.options.message_octets_max)
      co_return std::unexpected(no("TOOBIG", "the message would become too large"));
    joined += octets;
  }
  co_return joined;
}

}  // namespace pabal::serve::imap
