// What several parts of the store do with files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "io/disk.h"
#include "store/hash.h"

namespace pabal::store {

// Makes the directory if it is not there; it will be there after a crash.
void make_durable_directory(io::Disk& disk, const std::string& path);

// An empty file that others cannot read: where SQLite makes one itself, the umask decides.
void make_private_file(io::Disk& disk, const std::string& path);

// [from, to) of `source` to the same place of `target`, all of it into `hash`.
// Without `target` it is only hashed. Throws IoError, also when `source` ends before `to`.
void copy_octets(io::File& source, io::File* target, uint64_t from, uint64_t to, Sha256& hash);

}  // namespace pabal::store
