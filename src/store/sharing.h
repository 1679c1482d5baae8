// Access control lists (RFC 4314) and annotations (RFC 5464) of mailboxes.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

// Rights as letters, in the order "lrswipkxtea" (RFC 4314 §2.1). identifier: an
// account's address, "anyone", or one of these with "-" before it (negative rights).
struct AclEntry {
  std::string identifier, rights;
};
inline constexpr size_t kAclEntriesMax = 200;  // of one mailbox

// Identifier that stands for everybody (RFC 4314 §2).
inline constexpr std::string_view kAnyone = "anyone";
// What an ACL gives to the account of this address: what it and "anyone" have, less
// what their negative entries take (RFC 4314 §2).
bool has_right(const std::vector<AclEntry>& acl, std::string_view address, char right);

std::vector<AclEntry> list_acl(Database& db, MailboxId mailbox);
// "" removes the entry. no_mailbox: it has been removed since somebody looked it up.
enum class AclError { too_many, no_mailbox };
std::expected<void, AclError> set_acl(Transaction& tx, MailboxId mailbox, std::string_view identifier,
                                      std::string_view rights);
// As the account of a change of rights: everybody's.
inline constexpr AccountId kEverybody{};
// The ACL of a mailbox has changed for `account`, or for kEverybody: whoever watches
// the mailbox or reads as that account is told to look again, and the feeds of both have it.
void record_acl(Transaction& tx, AccountId owner, MailboxId mailbox, AccountId account);
// Of an account that is about to be removed: what others have granted to its address.
void remove_acls_of(Transaction& tx, std::string_view address);
// Mailboxes of other accounts on which one of `identifiers` has an entry.
std::vector<MailboxId> list_shared_mailboxes(Database& db, AccountId reader,
                                             const std::vector<std::string>& identifiers);

// An annotation: shared ("/shared/comment") or one account's own ("/private/comment").
struct Annotation {
  std::string entry;  // lower-case
  std::string value;
};
inline constexpr size_t kAnnotationOctetsMax = 64 * 1024;
inline constexpr size_t kAnnotationsMax = 100;  // of one mailbox (or server) and owner

// mailbox 0: of the server, as `account` sees it. Entries that begin with
// "/private/" belong to `reader`, others to the mailbox.
std::vector<Annotation> list_annotations(Database& db, MailboxId mailbox, AccountId reader);
// no_mailbox: it, or the reader's account, has been removed since somebody looked it up.
enum class AnnotationError { too_large, too_many, over_quota, no_mailbox };
std::expected<void, AnnotationError> set_annotation(Transaction& tx, MailboxId mailbox, AccountId reader,
                                                    std::string_view entry,
                                                    const std::optional<std::string>& value);

// Before a mailbox goes: with its annotations, which count no more.
void remove_annotations(Transaction& tx, MailboxId mailbox);

// Access key of a mailbox for URLAUTH (RFC 4467 §4): made at first use; reset makes another.
std::string url_auth_key(Transaction& tx, MailboxId mailbox, std::string_view fresh);
void reset_url_auth_key(Transaction& tx, MailboxId mailbox);
std::optional<std::string> find_url_auth_key(Database& db, MailboxId mailbox);

}  // namespace pabal::store
