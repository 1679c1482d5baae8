#include "app/journey_text.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "base/bytes.h"
#include "base/local_time.h"
#include "console/console.h"

namespace pabal::app {

namespace {

bool is_end(std::string_view kind) {
  auto state = queue::parse_state(kind);
  return state && queue::is_end(*state);
}

std::string_view fact(const journey::Event& event, std::string_view name) {
  for (const auto& [key, value] : event.facts) {
    if (key == name) return value;
  }
  return "";
}

// Where each recipient's copy ended, by recipient, in the order of the timeline.
std::vector<std::pair<std::string, std::string>> ends(const std::vector<journey::Event>& events) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const journey::Event& event : events) {
    if (!is_end(event.kind)) continue;
    std::string text = event.kind;
    for (const char* name : {"mailbox", "mta", "status", "reason", "reply"}) {
      std::string_view value = fact(event, name);
      if (!value.empty()) text += ", " + printable(value);
    }
    out.emplace_back(std::string(fact(event, "to")), text);
  }
  return out;
}

std::string waiting_text(const queue::Listed& listed, Time now) {
  const queue::Entry& entry = listed.entry;
  std::string out(queue::to_text(entry.state));
  if (entry.state == queue::State::waiting) {
    out += entry.due_at <= now ? ", due now"
                               : ", next attempt at " + to_local_text(entry.due_at) + " (in " +
                                     human_duration(entry.due_at - now) + ")";
  }
  if (entry.attempts > 0) {
    out += ", after " + std::to_string(entry.attempts) + (entry.attempts == 1 ? " attempt: " : " attempts: ");
    if (!entry.last_mta.empty()) out += printable(entry.last_mta) + " said ";
    out += printable(entry.last_status + ' ' + entry.last_reason);
  }
  return out;
}

// Facts that are times were written down for programs.
std::string shown_fact(std::string_view name, std::string_view value) {
  tm parts{};
  std::string text(value);
  if (name != "next" || strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return text;
  return to_local_text({static_cast<int64_t>(timegm(&parts)) * 1000});
}

}  // namespace

std::string fact_of(const std::vector<journey::Event>& events, std::string_view name) {
  for (const journey::Event& event : events) {
    if (std::string_view value = fact(event, name); !value.empty()) return std::string(value);
  }
  return "";
}

std::string event_text(const journey::Event& event, Time start) {
  std::string time = local_time(event.at).clock;
  std::string since = event.at == start ? "" : "+" + human_duration(event.at - start);
  since.resize(std::max<size_t>(since.size(), 10), ' ');
  std::string out = "  " + time + "  " + since + "  " + event.kind + '\n';
  size_t width = 0;
  for (const auto& [name, value] : event.facts) width = std::max(width, name.size());
  for (const auto& [name, value] : event.facts) {
    std::string padded = name;
    padded.resize(width + 2, ' ');
    std::string shown = shown_fact(name, value);
    std::vector<std::string_view> lines = split(trim(shown), '\n');
    if (lines.size() == 1) {
      out += std::string(28, ' ') + padded + printable(lines[0], 2000) + '\n';
      continue;
    }
    out += std::string(28, ' ') + name + '\n';
    for (std::string_view line : lines) out += std::string(30, ' ') + printable(trim(line), 2000) + '\n';
  }
  return out;
}

std::string journey_text(const Journey& journey, Time now) {
  const auto& events = journey.events;
  const bool refused = !journey.message;
  std::string out = refused ? "Refused\n" : "Mail " + journey::trace_id(journey.message) + '\n';
  if (events.empty()) return out + "  Nothing is known of it any more.\n";
  Time start = events.front().at;
  std::string day;
  for (const journey::Event& event : events) {
    LocalTime local = local_time(event.at);
    std::string date = local.date + ' ' + local.offset;
    if (date != day) out += '\n' + date + '\n';
    day = date;
    out += event_text(event, start);
  }
  if (refused) return out;
  out += "\nWhere it is now\n";
  for (const auto& [to, text] : ends(events)) out += "  " + printable(to) + "  " + text + '\n';
  for (const queue::Listed& listed : journey.waiting) {
    out += "  " + printable(mail::to_string(listed.entry.forward_path)) + "  " + waiting_text(listed, now) +
           '\n';
  }
  return out;
}

std::string journey_status(const Journey& journey) {
  if (!journey.message) return journey.events.empty() ? "unknown" : journey.events.front().kind;
  std::set<std::string> states;
  for (const queue::Listed& listed : journey.waiting)
    states.insert(std::string(queue::to_text(listed.entry.state)));
  if (states.empty()) {
    for (const journey::Event& event : journey.events) {
      if (is_end(event.kind)) states.insert(event.kind);
    }
  }
  return states.empty() ? "unknown" : join({states.begin(), states.end()}, ", ");
}

std::string journey_json(const Journey& journey) {
  std::vector<std::string> events, waiting;
  for (const journey::Event& event : journey.events) {
    std::vector<std::string> facts;
    for (const auto& [name, value] : event.facts) {
      facts.push_back(json_object({{"name", json_string(name)}, {"value", json_string(value)}}));
    }
    events.push_back(json_object({{"at", json_string(to_rfc3339(event.at))},
                                  {"kind", json_string(event.kind)},
                                  {"facts", json_array(facts)}}));
  }
  for (const queue::Listed& listed : journey.waiting) {
    const queue::Entry& entry = listed.entry;
    waiting.push_back(json_object({{"entry", json_string(std::to_string(entry.id.value))},
                                   {"to", json_string(mail::to_string(entry.forward_path))},
                                   {"state", json_string(queue::to_text(entry.state))},
                                   {"attempts", std::to_string(entry.attempts)},
                                   {"due_at", json_string(to_rfc3339(entry.due_at))},
                                   {"last_status", json_string(entry.last_status)},
                                   {"last_reason", json_string(entry.last_reason)},
                                   {"last_mta", json_string(entry.last_mta)}}));
  }
  return json_object({{"id", json_string(journey.message ? journey::trace_id(journey.message) : "")},
                      {"status", json_string(journey_status(journey))},
                      {"events", json_array(events)},
                      {"waiting", json_array(waiting)}});
}

}  // namespace pabal::app
