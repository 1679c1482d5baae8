// Opening the database of a store from outside of the server that may be
// running on it.
#pragma once

#include <memory>
#include <string>

#include "io/disk.h"
#include "store/sqlite.h"

namespace pabal::store {

// Throws StoreError if a program newer than this one made the database.
void refuse_newer_schema(io::Disk& disk, const std::string& path);

// Throws StoreError: there is no store, or its schema is not the present one.
std::unique_ptr<Database> open_database(io::Disk& disk, const std::string& directory, bool read_only);

// Against a server that starts meanwhile. Throws StoreError if one is running, and IoError.
std::unique_ptr<io::FileLock> lock_closed_store(io::Disk& disk, const std::string& directory);

}  // namespace pabal::store
