// What a row of the change feed says of messages that came into an account or went out
// of it: which they are, and whether the account has them elsewhere. So the feed alone
// tells later what was made and what was destroyed, although the mails are gone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace pabal::store {

struct Name {
  MessageId message;
  bool elsewhere = false;         // the account had it before it came, or still has it after it went
  ThreadId thread = {};           // none: it had none yet
  bool thread_elsewhere = false;  // the same of other messages of the thread
  bool operator==(const Name&) const = default;
};
using Names = std::vector<Name>;

// A few octets for each whose message is not far from the one before.
std::string pack(const Names& names);
// Throws StoreError if these are no octets of pack().
Names unpack_names(std::string_view octets);

}  // namespace pabal::store
