// Which mails of a POP3 server have been fetched already, by their unique ids:
// one text file per server and user.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/disk.h"

namespace pabal::app::agent {

class SeenIds {
 public:
  // Reads `path` if it is there. Blocks. Throws IoError.
  SeenIds(io::Disk& disk, std::string path);

  bool contains(const std::string& uid) const { return ids_.contains(uid); }
  void insert(std::string uid) { ids_.insert(std::move(uid)); }
  // Forgets those that the server no longer has.
  void keep_only(const std::vector<std::string>& present);
  // Replaces the file as a whole, durably. Blocks. Throws IoError.
  void save();

 private:
  io::Disk& disk_;
  std::string path_;
  std::set<std::string> ids_;
};

}  // namespace pabal::app::agent
