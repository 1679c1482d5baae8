// SimDisk: the disk of one simulated host, in memory. It remembers what was not
// synced: crash() keeps, drops or tears each unsynced write in sectors of 512
// octets and keeps or drops each name that was created, renamed or removed
// without sync_directory(), all by seed. Directories are subject to this too:
// who makes one syncs its parent.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.h"
#include "io/world.h"
#include "sim/faults.h"
#include "sim/name_table.h"
#include "sim/random.h"

namespace pabal::sim {

class SqliteVfs;

class SimDisk : public io::Disk {
 public:
  SimDisk(std::string host, FaultPlan& faults, Fingerprint& fingerprint, io::Clock& clock, uint64_t seed);
  ~SimDisk() override;

  std::unique_ptr<io::File> open(const std::string& path, io::OpenMode mode, bool direct = false) override;
  bool exists(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void sync_directory(const std::string& directory) override;
  std::unique_ptr<io::FileLock> lock(const std::string& path) override;
  std::optional<int64_t> made_at(const std::string&) override { return std::nullopt; }
  io::Room room(const std::string& path) override;
  unsigned permissions(const std::string&) override { return 0600; }
  const char* sqlite_vfs() override;

  // Power is lost: locks are gone, files opened before stay dead forever, and
  // everything throws until restart(). End what ran on the host before that.
  void crash();
  // The same for those that had files open, but what they wrote stays as it is.
  void kill();
  void restart() { on_ = true; }
  bool on() const { return on_; }
  // As if everything so far had been synced long ago.
  void sync_all() { names_.sync_all(); }
  // No space: whatever would grow a file or make a name throws IoFault::no_space.
  void set_full(bool full) { full_ = full; }
  // So many of a hundred syncs fail, and what they should have saved may be lost.
  void set_sync_failures(unsigned percent) { sync_failures_percent_ = percent; }
  // Bit rot on the platter.
  void flip_bit(const std::string& path, uint64_t offset, unsigned bit = 0);
  // False: a crash may still change what is in this file.
  bool is_synced(const std::string& path) const;
  // Its files, past faults and power; for checkers.
  std::vector<std::string> files(const std::string& directory) const;
  // The whole file as programs see it, past faults and power; for checkers.
  std::string contents(const std::string& path) const;

  // For files, locks and the VFS of this disk.
  // One operation begins; true if it must fail. What was cut off by a crash counts as failed.
  bool operation(std::string_view kind, std::string_view path);
  uint64_t power_cycle() const { return power_cycle_; }
  bool full() const { return full_; }
  bool sync_fails() { return sync_failures_percent_ > 0 && random_.chance(sync_failures_percent_); }
  void note(uint64_t offset, std::string_view bytes);  // into the fingerprint
  void release_lock(const std::string& path, uint64_t power_cycle);
  NameTable& names() { return names_; }
  SimRandom& random() { return random_; }
  io::Clock& clock() { return clock_; }

 private:
  void begin(std::string_view kind, const std::string& path);  // throws EIO if it must fail
  void require_space(std::string_view kind, const std::string& path) const;
  std::shared_ptr<Inode> create(const std::string& path);

  std::string host_;
  FaultPlan& faults_;
  Fingerprint& fingerprint_;
  io::Clock& clock_;
  SimRandom random_;
  NameTable names_;
  std::set<std::string> locked_;
  uint64_t power_cycle_ = 0;
  bool on_ = true;
  bool full_ = false;
  unsigned sync_failures_percent_ = 0;
  std::unique_ptr<SqliteVfs> vfs_;
};

}  // namespace pabal::sim
