// A mail's journey for people and for programs, as `pabal track` and the demo
// print it.
#pragma once

#include <string>
#include <vector>

#include "journey/journey.h"
#include "queue/operate.h"

namespace pabal::app {

struct Journey {
  MessageId message;  // none: what was refused, its one event
  std::vector<journey::Event> events;
  std::vector<queue::Listed> waiting;  // recipients that are still to be reached
};

// One event with its facts, times relative to `start`; ends with a newline.
std::string event_text(const journey::Event& event, Time start);

// The whole timeline, then where each recipient's copy is now.
std::string journey_text(const Journey& journey, Time now);

std::string journey_json(const Journey& journey);

// The value of the first fact `name` of the first event that has it; "" for none.
std::string fact_of(const std::vector<journey::Event>& events, std::string_view name);

// "waiting", "relayed"...: what is left to do, or else how it ended for all
// recipients together ("delivered, failed").
std::string journey_status(const Journey& journey);

}  // namespace pabal::app
