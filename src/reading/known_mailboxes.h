// Mailboxes that were named lately, by owner and name: a command that names one reads
// nothing then. What changes in a mailbox makes its counts old; what changes about the
// mailbox itself (its name, its rights, whether it is there) lets it go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/mailboxes.h"
#include "store/store.h"

namespace pabal::reading {

// Which of it the command needs.
enum class Needs {
  itself,  // that it is there, its ids and its UIDVALIDITY
  counts,  // all that its row says, as it is now
};

// On one loop.
class KnownMailboxes {
 public:
  explicit KnownMailboxes(size_t max) : max_(max) {}

  // nullopt: it has to be read.
  std::optional<store::Mailbox> find(AccountId owner, std::string_view name, Needs needs) const;
  // It was read at `since` (of now()) or later; kept unless something has changed meanwhile.
  void put(const store::Mailbox& mailbox, uint64_t since);

  // How often something somewhere has changed so far.
  uint64_t now() const { return now_; }
  void changed(const std::vector<store::MailboxChange>& changes);

 private:
  struct Entry {
    store::Mailbox mailbox;
    bool old = false;  // its counts are
  };
  using Account = std::map<std::string, Entry, std::less<>>;  // by name
  void changed(const store::MailboxChange& change);

  const size_t max_;
  size_t count_ = 0;
  uint64_t now_ = 0;
  std::unordered_map<AccountId, Account> accounts_;
};

}  // namespace pabal::reading
