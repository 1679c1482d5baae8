// Names of mailboxes as a user sees them (RFC 2342): his own as they are, those
// of others below "Other Users/ADDRESS", a group's below "Shared/ADDRESS".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "directory/directory.h"
#include "serve/imap/rights.h"
#include "store/mailboxes.h"

namespace pabal::serve::imap {

inline constexpr char kDelimiter = '/';
inline constexpr std::string_view kOthersPrefix = "Other Users/";
inline constexpr std::string_view kSharedPrefix = "Shared/";

// What a name means to somebody.
struct Place {
  AccountId owner;
  std::string owner_address;
  std::string name;  // in the owner's tree; "" : the name of a namespace or account itself
  std::optional<store::Mailbox> mailbox;  // nullopt: there is none of this name (that he may know of)
  Rights rights;                          // on the mailbox; if there is none, on the closest one above it
  bool own = true;                        // in his own tree
};

// nullopt: outside of his own tree, and nothing that he may know of. `db` and the
// result belong to the same read.
std::optional<Place> find_place(store::Database& db, const directory::Account& reader, std::string_view name);

// The name by which `reader` sees another account's mailbox.
std::string shown_name(const directory::Account& reader, AccountId owner, std::string_view owner_address,
                       bool owner_is_shared, std::string_view name);

// Why a name cannot be that of a mailbox ("" if it can): empty levels, control
// characters, '%' or '*' (RFC 9051 §5.1, §6.3.4), too long.
std::string_view name_fault(std::string_view name);

}  // namespace pabal::serve::imap
