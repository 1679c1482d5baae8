#include "journey/journey.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "journey/event_json.h"
#include "mail/address.h"
#include "store/id_source.h"

namespace pabal::journey {

namespace {

constexpr size_t kTraceIdOctets = 13;  // 65 bits for 64

// Crockford's base 32: no letter that looks like another sign.
constexpr std::string_view kSigns = "0123456789abcdefghjkmnpqrstvwxyz";

bool is_address_octet(char c) {
  return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.@\"").find(c) != std::string_view::npos;
}

// `address` stands in `text` as a whole, not as the end of a longer one. Both lower case.
bool names_address(std::string_view text, std::string_view address) {
  for (size_t at = text.find(address); at != std::string_view::npos; at = text.find(address, at + 1)) {
    size_t end = at + address.size();
    if ((at == 0 || !is_address_octet(text[at - 1])) && (end == text.size() || !is_address_octet(text[end])))
      return true;
  }
  return false;
}

// As the events have it, where it is an address; folded in any case.
std::string as_written(std::string_view address) {
  auto parsed = mail::parse_address(trim(address), true);
  return to_lower(parsed ? mail::to_string(*parsed) : std::string(trim(address)));
}

// As somebody may have said it who does not quote what needs it; folded.
std::string unquoted(std::string_view address) {
  auto parsed = mail::parse_address(trim(address), true);
  return to_lower(parsed ? parsed->local + '@' + parsed->domain : std::string(trim(address)));
}

// A LIKE pattern (with ESCAPE '!') for texts that have `text` inside.
std::string pattern_for(std::string_view text) {
  std::string out = "%";
  for (char c : text) {
    if (c == '%' || c == '_' || c == '!') out += '!';
    out += c;
  }
  return out + '%';
}

}  // namespace

std::string trace_id(MessageId id) {
  std::string out(kTraceIdOctets, '0');
  uint64_t value = static_cast<uint64_t>(id.value);
  for (size_t i = kTraceIdOctets; i > 0; --i) {
    out[i - 1] = kSigns[value % 32];
    value /= 32;
  }
  return out;
}

std::optional<MessageId> parse_trace_id(std::string_view text) {
  if (text.size() != kTraceIdOctets) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    c = to_lower(c);
    if (c == 'o') c = '0';
    if (c == 'i' || c == 'l') c = '1';
    size_t digit = kSigns.find(c);
    if (digit == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  if (value == 0 || value > INT64_MAX) return std::nullopt;
  return MessageId{static_cast<int64_t>(value)};
}

bool names(const Event& event, std::string_view address) {
  const std::string forms[] = {as_written(address), unquoted(address), to_lower(trim(address))};
  for (const auto& [name, value] : event.facts) {
    if (name != "from" && name != "to" && name != "account") continue;
    std::string folded = to_lower(value);
    for (const std::string& form : forms) {
      if (names_address(folded, form)) return true;
    }
  }
  return false;
}

void record(store::Transaction& tx, MessageId message, const std::vector<Event>& events) {
  if (events.empty()) return;
  tx.db
      .prepare(
          "INSERT INTO journey (message, seq, at, events) VALUES (?, "
          "(SELECT coalesce(max(seq), 0) + 1 FROM journey WHERE message = ?), ?, ?)")
      .bind(message.value)
      .bind(message.value)
      .bind(events.back().at.ms)
      .bind(to_json(events))
      .run();
}

std::vector<Event> read(store::Database& db, MessageId message) {
  store::Statement select = db.prepare("SELECT events FROM journey WHERE message = ? ORDER BY seq");
  select.bind(message.value);
  std::vector<Event> events;
  while (select.step()) std::ranges::move(from_json(select.view(0)), std::back_inserter(events));
  return events;
}

std::vector<MessageId> newest(store::Database& db, size_t max) {
  store::Statement select = db.prepare("SELECT DISTINCT message FROM journey ORDER BY message DESC LIMIT ?");
  select.bind(static_cast<int64_t>(max));
  std::vector<MessageId> found;
  while (select.step()) found.push_back(MessageId{select.number(0)});
  return found;
}

std::vector<MessageId> find_by_address(store::Database& db, std::string_view address, size_t max) {
  std::string folded = as_written(address);
  std::vector<MessageId> found;
  if (folded.empty()) return found;
  store::Statement select = db.prepare(
      "SELECT message, events FROM journey WHERE lower(events) LIKE ? ESCAPE '!' "
      "ORDER BY message DESC, seq DESC");
  select.bind(pattern_for(json_escape(folded)));
  while (found.size() < max && select.step()) {
    MessageId message{select.number(0)};
    if (!found.empty() && found.back() == message) continue;
    std::vector<Event> events = from_json(select.view(1));
    if (std::ranges::any_of(events, [&](const Event& event) { return names(event, folded); }))
      found.push_back(message);
  }
  return found;
}

size_t prune(store::Transaction& tx, Time before) {
  std::vector<int64_t> ended;
  {
    // The id tells when a message came, so that only old ones are looked at.
    store::Statement select = tx.db.prepare(
        "SELECT message FROM journey WHERE message < ? GROUP BY message HAVING max(at) < ? "
        "AND NOT EXISTS (SELECT 1 FROM queue_entry WHERE queue_entry.message = journey.message) LIMIT ?");
    select.bind(store::first_id_at(before)).bind(before.ms).bind(static_cast<int64_t>(kPruneMax));
    while (select.step()) ended.push_back(select.number(0));
  }
  for (int64_t message : ended) {
    tx.db.prepare("DELETE FROM journey WHERE message = ?").bind(message).run();
  }
  return ended.size();
}

}  // namespace pabal::journey
