// What a client wants to hear of (RFC 5465 §5, §6): NOTIFY SET, made ready to be
// asked for one mailbox at a time. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/portable.h"
#include "proto/imap/command.h"
#include "serve/imap/outcome.h"

namespace pabal::serve::imap {

// Or-ed.
enum NotifyEvent : unsigned {
  kMessages = 1,  // MessageNew and MessageExpunge: one does not come without the other
  kFlags = 2,
  kNames = 4,
  kSubscriptions = 8,
  kMetadata = 16,
  kServerMetadata = 32,
};

class NotifyProgram {
 public:
  // Why it cannot be: BAD, or NO [BADEVENT (...)].
  static std::expected<NotifyProgram, Outcome> make(const proto::imap::Notify& command);

  // Of a mailbox that is not selected.
  unsigned events_of(std::string_view name, bool own, bool subscribed) const;
  // It was named, by itself or with what is above it: not only by its kind.
  bool names(std::string_view name) const;

  // Of any mailbox.
  unsigned events() const { return events_; }
  // Other accounts' mailboxes may be among those that are meant.
  bool beyond_own() const { return !named_.empty() || !subtrees_.empty() || subscribed_.events != 0; }

  struct Selected {
    unsigned events = 0;
    bool delayed = false;  // MessageExpunge waits for a command
    std::vector<proto::imap::FetchItem> items;
  };
  const Selected& selected() const { return selected_; }

 private:
  struct Wish {
    unsigned events = 0;
    bool none = false;  // nothing, whatever the others say
    void add(const Wish& other) {
      events |= other.events;
      none |= other.none;
    }
  };
  using Wishes = std::unordered_map<std::string, Wish>;
  Wish in_subtrees(std::string_view name) const;

  unsigned events_ = 0;
  Selected selected_;
  Wish personal_, subscribed_;
  Wishes named_, subtrees_;
};

}  // namespace pabal::serve::imap

template <>
inline constexpr bool pabal::kPortable<pabal::serve::imap::NotifyProgram> = true;
