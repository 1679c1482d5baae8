// Exposure: mail and password hashes that others on this machine can read. What we
// make is its owner's alone; a directory that was there before, or files that were
// copied, may be open.
#pragma once

#include <string>
#include <vector>

#include "io/disk.h"

namespace pabal::store {

// What of the data directory others may read or change; none if they cannot enter
// it. Throws IoError.
std::vector<std::string> exposed_paths(io::Disk& disk, const std::string& directory);

// How to close it, for people.
std::string exposure_remedy(const std::string& directory);

}  // namespace pabal::store
