// Names of mailboxes as a user sees them (RFC 2342): his own as they are, those
// of others below "Other Users/ADDRESS", a group's below "Shared/ADDRESS".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "directory/directory.h"
#include "reading/places.h"
#include "store/mailboxes.h"

namespace pabal::serve::imap {

inline constexpr char kDelimiter = '/';
inline constexpr std::string_view kOthersPrefix = "Other Users/";
inline constexpr std::string_view kSharedPrefix = "Shared/";
inline constexpr size_t kLevelsMax = 64;
// Octets of a name with the namespace and the address (RFC 5321 §4.5.3.1) before it.
inline constexpr size_t kShownNameMax = store::kMailboxNameMax + 12 + 322;

// What a name means to somebody.
struct Place {
  AccountId owner;
  std::string owner_address;
  std::string name;  // in the owner's tree; "" : the name of a namespace or account itself
  std::optional<store::Mailbox> mailbox;  // nullopt: there is none of this name (that he may know of)
  reading::Rights rights;                 // on the mailbox; if there is none, on the closest one above it
  bool own = true;                        // in his own tree
  AccountId reader;                       // he, where \Seen is each reader's own (store/private_seen.h)
};

// "inbox" and what is below it with INBOX in capitals (RFC 9051 §5.1).
std::string canonical_name(std::string_view name);

// "Other Users", "Shared", and an account's name below them: no mailbox can have these.
bool is_namespace_root(std::string_view name);

// nullopt: outside of his own tree, and nothing that he may know of. `db` and the
// result belong to the same read.
std::optional<Place> find_place(store::Database& db, const directory::Account& reader, std::string_view name);

// As he writes it.
std::string shown_name(const reading::SeenMailbox& seen);

// The rights of `identifier` on a mailbox have changed. Who may read a folder of a
// group is subscribed to it, since programs show what is subscribed; who may no
// longer is not.
void follow_rights(store::Transaction& tx, MailboxId mailbox, std::string_view identifier);

// Why a name cannot be that of a mailbox ("" if it can): empty levels, control
// characters, '%' or '*' (RFC 9051 §5.1, §6.3.4), too long or too deep.
std::string_view name_fault(std::string_view name);

}  // namespace pabal::serve::imap
