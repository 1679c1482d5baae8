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

#include "base/time.h"
#include "io/world.h"
#include "store/store.h"

namespace pabal::store {

enum class Renewal {
  // Under the UIDVALIDITY that was all mails get new UIDs, above all that can have been
  // given: to clients the old ones are expunged. A mail that was moved or expunged after
  // the backup would else be back under a UID that clients know to be gone for ever.
  go_on,
  begin_anew,  // a new UIDVALIDITY: nobody knows what was given
};

// So old a backup may be to go on from: UIDs are set aside for each second since then.
constexpr int64_t kGoOnDaysMax = 21;

// In the data directory: there while a renewal is still to come.
std::string renewal_path(const std::string& directory);
// What the file there says: how to renew, and when what was put back was made.
std::string renewal_text(Renewal renewal, Time made = {});

// While nobody has the store open. Both throw StoreError: there is no store, or
// somebody has it open.
void request_renewal(io::World& world, const std::string& directory);
// Takes a request back, and a copy for the store itself: it was moved here as it was last.
void cancel_renewal(io::World& world, const std::string& directory);

// By who opens the store, before anybody sees it.
void renew_if_put_back(io::World& world, Database& db, const std::string& directory);

}  // namespace pabal::store
