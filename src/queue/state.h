// States of one recipient on its way, and the legal ways between them
// (docs/queue-states.md has the same table for people; a test compares).
//
// Only `waiting` and `held` are written down. `claimed` is a waiting entry that
// an attempt has in hand, known in memory alone, so that a crash makes it
// waiting again. The ends have no row: reaching one removes it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace pabal::queue {

enum class State {
  waiting,    // due at a known time
  claimed,    // an attempt is under way
  held,       // stopped by the operator until released
  delivered,  // end: in a mailbox here
  relayed,    // end: the next server has taken it
  failed,     // end: given up, the sender is told
  expanded,   // end: replaced by the addresses behind an alias
  dropped,    // end: removed by the operator, nobody is told
};

inline constexpr std::array kStates = {State::waiting, State::claimed, State::held,     State::delivered,
                                       State::relayed, State::failed,  State::expanded, State::dropped};

std::string_view to_text(State state);
std::optional<State> parse_state(std::string_view text);

bool is_end(State state);
bool is_legal(State from, State to);

// Stops the process unless is_legal(from, to): a mail whose state is not
// understood must not be touched.
void verify_legal(State from, State to);

}  // namespace pabal::queue
