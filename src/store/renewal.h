// Renewal: a store that was put back to what it was earlier would give the UIDs,
// MODSEQs and MAILBOXIDs of what has come since to other mails and mailboxes, and
// mail programs that saw the first would never ask for the second. So then the next
// UIDs (RFC 9051 §2.3.1.1), MODSEQs (RFC 7162 §3.1) and ids of mailboxes are above
// all that can have been given. Where that is not certain, every mailbox gets a new
// UIDVALIDITY too, and with it every mail a new unique-id (RFC 1939 §7).
//
// It happens when the store is opened: after `pabal store restore` and `pabal store
// renew`, and when the database is another file than the one that was last opened,
// as its copy is. A file system or machine that was put back as a whole looks as if
// nothing had happened: there the operator has to ask for it.
#pragma once

#include <string>

#include "io/world.h"
#include "store/store.h"

namespace pabal::store {

enum class Renewal {
  go_on,       // numbers above all that were given, under the UIDVALIDITY that was
  begin_anew,  // and a new UIDVALIDITY: nobody knows what was given
};

// In the data directory: there while a renewal is still to come.
std::string renewal_path(const std::string& directory);
// What the file there says: how to renew.
std::string_view renewal_text(Renewal renewal);

// While nobody has the store open. Both throw StoreError: there is no store, or
// somebody has it open.
void request_renewal(io::World& world, const std::string& directory);
// Takes a request back, and a copy for the store itself: it was moved here as it was last.
void cancel_renewal(io::World& world, const std::string& directory);

// By who opens the store, before anybody sees it.
void renew_if_put_back(io::World& world, Database& db, const std::string& directory);

}  // namespace pabal::store
