// Backup and restore of a store that may be in use.
//
// A backup is one snapshot of the database and of each segment as much as that
// snapshot refers to. Bytes are synced before the records that name them are
// committed (store.h), so what a snapshot refers to is in the segments already.
//
//   DIR/manifest.json        names the rest; see manifest.h
//   DIR/pabal-N.db           the N-th backup's database
//   DIR/restored-N           there if it was restored: see Renewal
//   DIR/segments/...         taken over by the next backup, which adds what is
//                            new: segments only ever grow at their end
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/world.h"
#include "store/check.h"
#include "store/manifest.h"
#include "store/progress.h"
#include "store/renewal.h"

namespace pabal::store {

struct BackupResult {
  Manifest manifest;
  uint64_t copied_octets = 0;        // of segments
  uint64_t segments_copied = 0;      // new, or grown since the last backup
  std::vector<std::string> damaged;  // what could not be backed up because the store itself is damaged
};

// Returns when the backup is whole and synced; an interrupted one leaves the
// one before as it was. Throws StoreError.
BackupResult backup_store(io::World& world, const std::string& directory, const std::string& target,
                          const Progress& progress);

std::string restored_mark(const std::string& directory, uint64_t generation);

struct RestoreResult {
  Manifest manifest;
  std::vector<std::string> damaged;       // segments of the backup that are not as the manifest says
  std::optional<CheckResult> check;       // of what was restored; not for an older schema
  Renewal renewal = Renewal::begin_anew;  // what the store does when it is opened
};

// Into `directory`, which is not there, or empty. Every octet is compared with
// the manifest; the database gets its name when all else is there and synced. A
// damaged segment costs its mails alone, a damaged database refuses. An
// interrupted restore is begun anew by the next. Throws StoreError.
RestoreResult restore_store(io::World& world, const std::string& source, const std::string& directory,
                            const Progress& progress);

}  // namespace pabal::store
