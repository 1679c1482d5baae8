// Which mails of a POP3 server lie safe in one target already: a text file beside
// the target, one per server and user. It goes where the target goes, so that
// nothing is deleted on the server that this very target never got.
//
//   SIZE UNIQUE-ID     a line per mail; its last line may be cut off by a crash
//
// A unique-id that comes back with another size is another mail: some servers give
// them again (RFC 1939 §7 forbids it).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/disk.h"

namespace pabal::agent {

struct SeenId {
  std::string uid;
  uint64_t size_octets = 0;
  auto operator<=>(const SeenId&) const = default;
};

class SeenIds {
 public:
  // Reads `path` if it is there. This and what follows blocks and throws IoError.
  SeenIds(io::Disk& disk, std::string path);

  bool contains(const SeenId& id) const { return ids_.contains(id); }
  // Durable when it returns. The folder of the file is there by now.
  void add(SeenId id);
  // Forgets all others.
  void keep_only(const std::vector<SeenId>& present);

 private:
  void write_anew();

  io::Disk& disk_;
  std::string path_;
  std::set<SeenId> ids_;
  bool whole_ = true;  // the file ends with a line end
};

}  // namespace pabal::agent
