// Salvage: everything readable out of a damaged store, as Maildir folders and a
// list of what is damaged. Works on the bytes themselves (survey.h, segments.h),
// whatever state the database is in, and changes nothing in the store.
//
//   DIR/ACCOUNT/MAILBOX/{cur,new,tmp}   mails whose place is known
//   DIR/queue/{cur,new,tmp}             mails that wait for other servers;
//                                       their recipients stand in the report
//   DIR/unknown/{cur,new,tmp}           whole mails that nothing names any more
//   DIR/damaged/ID                      what is left of a mail that is not whole
//   DIR/report.json                     counts; what is damaged, mail by mail
#pragma once

#include <cstdint>
#include <string>

#include "io/world.h"
#include "store/progress.h"

namespace pabal::store {

struct SalvageResult {
  uint64_t written = 0;       // mails in ACCOUNT/MAILBOX
  uint64_t queued = 0;        // mails in queue
  uint64_t unknown = 0;       // mails in unknown
  uint64_t damaged = 0;       // mails that are not whole, or lost
  uint64_t bad_pages = 0;     // of the database
  uint64_t unreferenced = 0;  // records in segments that were deleted mails; left out
  bool database_found = false;
};

// `target`: a directory that is not there, or empty. Throws StoreError: the
// store is in use or not there, `target` is not empty, it cannot be written.
SalvageResult salvage_store(io::World& world, const std::string& directory, const std::string& target,
                            const Progress& progress);

}  // namespace pabal::store
