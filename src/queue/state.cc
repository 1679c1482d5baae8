#include "queue/state.h"

#include "base/verify.h"

namespace pabal::queue {

std::string_view to_text(State state) {
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::claimed:
      return "claimed";
    case State::held:
      return "held";
    case State::delivered:
      return "delivered";
    case State::relayed:
      return "relayed";
    case State::failed:
      return "failed";
    case State::expanded:
      return "expanded";
    case State::dropped:
      return "dropped";
  }
  return "?";
}

std::optional<State> parse_state(std::string_view text) {
  for (State state : kStates) {
    if (to_text(state) == text) return state;
  }
  return std::nullopt;
}

bool is_end(State state) {
  switch (state) {
    case State::waiting:
    case State::claimed:
    case State::held:
      return false;
    case State::delivered:
    case State::relayed:
    case State::failed:
    case State::expanded:
    case State::dropped:
      return true;
  }
  return false;
}

bool is_legal(State from, State to) {
  switch (from) {
    case State::waiting:
      return to == State::claimed || to == State::held || to == State::dropped;
    case State::claimed:
      return to != State::claimed;
    case State::held:
      // Held while an attempt was under way, the entry still takes the end that
      // the attempt had: what another server has taken is not sent again.
      return to == State::waiting || is_end(to);
    case State::delivered:
    case State::relayed:
    case State::failed:
    case State::expanded:
    case State::dropped:
      return false;
  }
  return false;
}

void verify_legal(State from, State to) {
  verify(is_legal(from, to), "a recipient goes only the ways of docs/queue-states.md");
}

}  // namespace pabal::queue
