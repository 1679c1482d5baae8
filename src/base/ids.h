// Strong ids: a MessageId cannot be passed where an AccountId is wanted.
#pragma once

#include <cstdint>
#include <functional>

namespace pabal {

template <class Tag>
struct Id {
  int64_t value = 0;
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return value != 0; }
};

using AccountId = Id<struct AccountTag>;
using DomainId = Id<struct DomainTag>;
using MailboxId = Id<struct MailboxTag>;
using MessageId = Id<struct MessageTag>;        // one accepted mail; also names its journey
using ThreadId = Id<struct ThreadTag>;          // RFC 8474 §5.2: messages that belong together
using QueueEntryId = Id<struct QueueEntryTag>;  // one recipient that is still to be reached

using Uid = Id<struct UidTag>;                  // RFC 9051 §2.3.1.1
using UidValidity = Id<struct UidValidityTag>;  // RFC 9051 §2.3.1.1
using ModSeq = Id<struct ModSeqTag>;            // RFC 7162 §3.1

}  // namespace pabal

template <class Tag>
struct std::hash<pabal::Id<Tag>> {
  size_t operator()(pabal::Id<Tag> id) const noexcept { return std::hash<int64_t>()(id.value); }
};
