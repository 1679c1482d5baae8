// FileDisk: files of the system. What we make is ours alone: 0600, and 0700 for
// directories.
#pragma once

#include "io/disk.h"

namespace pabal::os {

class FileDisk final : public io::Disk {
 public:
  std::unique_ptr<io::File> open(const std::string& path, io::OpenMode mode, bool direct = false) override;
  bool exists(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void sync_directory(const std::string& directory) override;
  std::unique_ptr<io::FileLock> lock(const std::string& path) override;
  std::optional<int64_t> made_at(const std::string& path) override;
  io::Room room(const std::string& path) override;
  unsigned permissions(const std::string& path) override;
};

}  // namespace pabal::os
