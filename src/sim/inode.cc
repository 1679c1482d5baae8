#include "sim/inode.h"

#include <algorithm>

namespace pabal::sim {

void Inode::write(uint64_t offset, std::string_view bytes) {
  seen_.write(offset, bytes);
  pending_.push_back({false, offset, std::string(bytes)});
}

void Inode::resize(uint64_t size) {
  if (size == seen_.size()) return;
  seen_.resize(size);
  pending_.push_back({true, size, {}});
}

void Inode::sync() {
  for (const Change& change : pending_) {
    if (change.is_resize) {
      stable_.resize(change.at);
    } else {
      stable_.write(change.at, change.bytes);
    }
  }
  pending_.clear();
}

void Inode::fail_sync(SimRandom& random) {
  settle(random);
}

void Inode::crash(SimRandom& random) {
  settle(random);
  seen_ = stable_;
}

void Inode::settle(SimRandom& random) {
  for (const Change& change : pending_) {
    uint64_t fate = random.below(3);
    if (fate == 0) continue;
    if (change.is_resize) {
      stable_.resize(change.at);
    } else if (fate == 1) {
      stable_.write(change.at, change.bytes);
    } else {
      apply_torn(change, random);
    }
  }
  pending_.clear();
}

void Inode::apply_torn(const Change& change, SimRandom& random) {
  std::string_view rest = change.bytes;
  uint64_t at = change.at;
  while (!rest.empty()) {
    size_t n = std::min(rest.size(), kSector - static_cast<size_t>(at % kSector));
    if (random.chance(50)) stable_.write(at, rest.substr(0, n));
    rest.remove_prefix(n);
    at += n;
  }
}

void Inode::flip_bit(uint64_t offset, unsigned bit) {
  for (SparseBytes* copy : {&seen_, &stable_}) {
    char c;
    if (copy->read(offset, std::span(&c, 1)) == 0) continue;
    c = static_cast<char>(c ^ (1 << (bit % 8)));
    copy->write(offset, std::string_view(&c, 1));
  }
}

}  // namespace pabal::sim
