#include "journey/event_json.h"

#include <boost/json.hpp>

#include "base/log.h"

namespace pabal::journey {

namespace json = boost::json;

// By hand: this is part of every delivery.
std::string to_json(const std::vector<Event>& events) {
  std::string out = "[";
  for (const Event& event : events) {
    if (out.size() > 1) out += ',';
    out += "{\"at\":" + std::to_string(event.at.ms) + ",\"kind\":\"" + json_escape(event.kind) + "\"";
    out += ",\"facts\":[";
    bool first = true;
    for (const auto& [name, value] : event.facts) {
      out += first ? "[\"" : ",[\"";
      first = false;
      out += json_escape(name);
      out += "\",\"";
      out += json_escape(value);
      out += "\"]";
    }
    out += "]}";
  }
  return out += ']';
}

static std::string text_of(const json::value& value) {
  const json::string* text = value.if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::vector<Event> from_json(std::string_view text) {
  std::vector<Event> events;
  json::error_code error;
  json::value document = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !document.is_array()) return events;
  for (const json::value& item : document.get_array()) {
    const json::object* object = item.if_object();
    if (object == nullptr) continue;
    Event event;
    if (const json::value* at = object->if_contains("at"); at != nullptr && at->is_int64())
      event.at = Time{at->get_int64()};
    if (const json::value* kind = object->if_contains("kind")) event.kind = text_of(*kind);
    const json::value* facts = object->if_contains("facts");
    if (facts != nullptr && facts->is_array()) {
      for (const json::value& fact : facts->get_array()) {
        const json::array* pair = fact.if_array();
        if (pair == nullptr || pair->size() != 2) continue;
        event.facts.emplace_back(text_of(pair->at(0)), text_of(pair->at(1)));
      }
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace pabal::journey
