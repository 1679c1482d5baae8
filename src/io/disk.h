// Disk: files. Calls block and run on an Executor's thread (or, in the
// simulator, on the loop). Everything throws IoError when the disk says no.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/error.h"

namespace pabal::io {

class File {
 public:
  virtual ~File() = default;
  // Octets read; fewer than asked only at the end of the file.
  virtual size_t read_at(uint64_t offset, std::span<char> into) = 0;
  virtual void write_at(uint64_t offset, std::string_view bytes) = 0;
  // Returns when what was written is on stable storage (fdatasync). After it
  // threw, nothing is known of any unsynced write: do not try again, give up the file.
  virtual void sync() = 0;
  virtual uint64_t size() = 0;
  virtual void truncate(uint64_t size) = 0;
  // Reserves space up to `size` octets and extends the file to it.
  virtual void allocate(uint64_t size) = 0;
};

// Held until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct Room {
  uint64_t free_octets = 0;  // that we can still take
  uint64_t octets = 0;       // in all
};

enum class OpenMode {
  read,        // must exist
  read_write,  // must exist
  create,      // made when missing
};

class Disk {
 public:
  virtual ~Disk() = default;
  // direct: past the page cache; then offsets, sizes and addresses are
  // multiples of 4096. Falls back to buffered where the file system has none.
  virtual std::unique_ptr<File> open(const std::string& path, OpenMode mode, bool direct = false) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual std::vector<std::string> list(const std::string& directory) = 0;  // names, sorted
  virtual void make_directory(const std::string& path) = 0;                 // with parents; fine if there
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove(const std::string& path) = 0;
  // Makes names in `directory` durable (created, renamed, removed files).
  virtual void sync_directory(const std::string& directory) = 0;
  // Exclusive among processes; nullptr when somebody else holds it.
  virtual std::unique_ptr<FileLock> lock(const std::string& path) = 0;
  // When the file was made, in nanoseconds, where the file system tells: a copy of
  // it, or one that was put back from a backup, was made at another time.
  virtual std::optional<int64_t> made_at(const std::string& path) = 0;
  // Of the file system in which `path` lies.
  virtual Room room(const std::string& path) = 0;
  // Who may do what, as chmod(2) has it: 0600 is the owner alone.
  virtual unsigned permissions(const std::string& path) = 0;
  // The SQLite VFS that works on this disk; nullptr for SQLite's own.
  virtual const char* sqlite_vfs() { return nullptr; }
};

}  // namespace pabal::io
