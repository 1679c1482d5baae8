// Who may do what in whose mailboxes, for `pabal acl`.
#pragma once

#include "directory/admin.h"
#include "store/sharing.h"

namespace pabal::directory {

// Access control lists (RFC 4314). `mailbox` is "alice@example.org/Projects", or
// an address alone: every mailbox that the account has.
struct SharedMailbox {
  std::string name;  // with the address before it
  std::vector<store::AclEntry> acl;
};
std::expected<std::vector<SharedMailbox>, Error> list_acls(store::Database& db, std::string_view mailbox);
struct AclChange {
  std::string identifier;  // as the ACLs have it
  Account owner;
  std::vector<MailboxId> mailboxes;
};
// identifier: an address or "anyone", with "-" before it for rights that are taken
// away; rights: letters of RFC 4314 §2.1, "" for none.
std::expected<AclChange, Error> set_acls(store::Transaction& tx, std::string_view mailbox,
                                         std::string_view identifier, std::string_view rights);

}  // namespace pabal::directory
