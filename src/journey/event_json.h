// Events as they stand in the table: compact JSON, so that an operator can read
// it with sqlite3.
//
//   [{"at":1763700000000,"kind":"accepted","facts":[["from","<a@b>"],["to","<c@d>"]]}]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "journey/journey.h"

namespace pabal::journey {

std::string to_json(const std::vector<Event>& events);

// What is not in the form above is left out: a journey is for looking, and half
// of one is better than none.
std::vector<Event> from_json(std::string_view text);

}  // namespace pabal::journey
