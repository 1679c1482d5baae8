// Inode: one simulated file: what programs see, what is on stable storage, and
// the writes in between, each of which a crash keeps, drops or tears.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/random.h"
#include "sim/sparse_bytes.h"

namespace pabal::sim {

class Inode {
 public:
  // A torn write keeps or drops each of its sectors: no smaller piece breaks.
  static constexpr size_t kSector = 512;

  uint64_t size() const { return seen_.size(); }
  size_t read(uint64_t offset, std::span<char> into) const { return seen_.read(offset, into); }
  void write(uint64_t offset, std::string_view bytes);
  void resize(uint64_t size);

  void sync();
  // The sync failed: chance says which writes made it. The kernel has forgotten
  // them all, so that a later sync saves none of them.
  void fail_sync(SimRandom& random);
  // Power is lost: what is seen becomes what is stable.
  void crash(SimRandom& random);
  // Bit rot, in what is seen and what is stable.
  void flip_bit(uint64_t offset, unsigned bit);

  size_t unsynced() const { return pending_.size(); }

 private:
  struct Change {
    bool is_resize;
    uint64_t at;  // offset, or the new size
    std::string bytes;
  };
  void settle(SimRandom& random);
  void apply_torn(const Change& change, SimRandom& random);

  SparseBytes seen_;
  SparseBytes stable_;
  std::vector<Change> pending_;
};

}  // namespace pabal::sim
