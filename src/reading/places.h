// Whose mailboxes somebody sees: his own, and those of others and of groups on which he
// has rights (RFC 4314). How a protocol names them is its own affair.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "directory/directory.h"
#include "reading/rights.h"
#include "store/mailboxes.h"

namespace pabal::reading {

struct Owner {
  AccountId id;
  std::string address;
  bool group = false;
};
// nullopt: there is none, or its account is disabled and nobody reads there.
std::optional<Owner> find_owner(store::Database& db, std::string_view address, bool group);
std::optional<Owner> find_owner(store::Database& db, AccountId id);

// Of `address` on a mailbox by its name in the owner's tree; if it is not there, on the closest
// one above it.
Rights find_rights(store::Database& db, std::string_view address, AccountId owner, std::string name);

// A mailbox as one reader sees it.
struct SeenMailbox {
  store::Mailbox mailbox;
  Rights rights;
  bool own = true;   // in his own tree
  Owner owner = {};  // unless it is his own
  AccountId reader;  // he, where \Seen is each reader's own (store/private_seen.h)
};
// nullopt: there is none, or he has no right on it at all.
std::optional<SeenMailbox> see_mailbox(store::Database& db, const directory::Account& reader,
                                       MailboxId mailbox);
// His own, and those of others that he may look up ("l").
std::vector<SeenMailbox> see_mailboxes(store::Database& db, const directory::Account& reader);

}  // namespace pabal::reading
