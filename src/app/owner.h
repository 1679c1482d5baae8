// With whose rights a command works. The data directory belongs to the user that
// the server runs as, and so must every file in it: what root puts there the
// server could not open. So root acts as that user.
#pragma once

#include <string>

#include "app/config.h"

namespace pabal::app {

// What root keeps of its rights.
enum class Keep {
  nothing,
  files,      // reaches every file all the same: a backup that root made, or a folder for one
  low_ports,  // listens on ports below 1024
};

struct OwnerOptions {
  Keep keep = Keep::nothing;
  bool make = false;  // the directory, if it is not there
};

// From here on the whole process acts as the owner of `directory`; of one that is
// not there, as whoever the folder above it or the config file belongs to. For
// good: before the first thread, after the last file that only the caller may
// read. Does nothing when the owner is root. Throws CommandError: for somebody
// else than root and the owner, with what to do.
void act_as_owner(const std::string& directory, const std::string& config_file, OwnerOptions options = {});

// Throws CommandError unless this process may read every file of the store or
// backup in `directory`, and, if asked, write it: what is not allowed is not damaged.
void require_access(const std::string& directory, bool writing);

// "pabal", or the number of a user that has no name.
std::string user_name(unsigned user);

}  // namespace pabal::app
