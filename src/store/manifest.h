// Manifest: what a backup consists of, as JSON in its directory. It is replaced
// whole, by renaming, after everything that it names is synced: so a directory
// holds the backup that its manifest names, whatever else lies there.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/disk.h"

namespace pabal::store {

struct BackupSegment {
  int64_t number = 0;
  std::string file;          // below the backup's directory
  uint64_t octets = 0;       // size of the store's file
  uint64_t used_octets = 0;  // so much of it is in the backup
  std::string sha256;        // of these, 64 hexadecimal digits
};

struct Manifest {
  int schema_version = 0;
  Time at;                  // of the snapshot
  uint64_t generation = 0;  // the how-manieth backup into this directory
  uint64_t messages = 0, mails = 0, queue_entries = 0;
  std::string database_file;  // below the backup's directory
  uint64_t database_octets = 0;
  std::string database_sha256;
  std::vector<BackupSegment> segments;  // by number
};

inline constexpr uint64_t kManifestOctetsMax = 64 << 20;

std::string to_json(const Manifest& manifest);
// The error is a sentence. Names of files that would lead elsewhere are refused.
std::expected<Manifest, std::string> parse_manifest(std::string_view json);

// nullopt if there is none in `directory`. Throws StoreError if it is damaged, IoError.
std::optional<Manifest> read_manifest(io::Disk& disk, const std::string& directory);
// Synced when it returns. Throws IoError.
void write_manifest(io::Disk& disk, const std::string& directory, const Manifest& manifest);

}  // namespace pabal::store
