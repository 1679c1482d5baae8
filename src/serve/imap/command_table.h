// What is true of each command: where it is allowed, and whether message numbers
// may change while it is answered (RFC 9051 §5.5, §7.5.1).
#pragma once

#include "proto/imap/command.h"

namespace pabal::serve::imap {

enum class State : unsigned char { not_authenticated = 1, authenticated = 2, selected = 4 };

struct CommandFacts {
  unsigned states;  // of State, or-ed
  // Untagged EXPUNGE would renumber what the client still refers to by number.
  enum Expunge : unsigned char { always, uid_form_only, never } expunge = always;
  bool changes_mailbox = false;  // refused after EXAMINE
  bool tells_changes = true;     // of others, before its tagged response
};

const CommandFacts& facts_of(const proto::imap::Command& command);

// Whether this command, as it was written, lets message numbers change. A UID SEARCH
// that names numbers does not (RFC 7162 §3.2.10.2).
bool may_expunge(const proto::imap::Command& command);

}  // namespace pabal::serve::imap
