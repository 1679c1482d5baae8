#include "store/names.h"

#include <bit>

#include "store/sqlite.h"

namespace pabal::store {

namespace {

// In the octet that begins an entry; then the distance from the message before.
enum Bit : uint64_t { kElsewhere = 1, kThreadElsewhere = 2, kOwnThread = 4, kOtherThread = 8 };

// Small for what is near 0 on either side. Distances wrap around: so every one has room.
uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
int64_t unzigzag(uint64_t value) {
  return std::bit_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}
int64_t distance(int64_t from, int64_t to) {
  return std::bit_cast<int64_t>(static_cast<uint64_t>(to) - static_cast<uint64_t>(from));
}
int64_t walk(int64_t from, int64_t distance) {
  return std::bit_cast<int64_t>(static_cast<uint64_t>(from) + static_cast<uint64_t>(distance));
}

// Seven bits in each octet, the lowest first; the last one is below 128.
void put(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

class Octets {
 public:
  explicit Octets(std::string_view octets) : octets_(octets) {}
  bool at_end() const { return octets_.empty(); }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !octets_.empty(); shift += 7) {
      const auto octet = static_cast<uint8_t>(octets_.front());
      octets_.remove_prefix(1);
      value |= uint64_t{octet & 127U} << shift;
      if (octet < 128) return value;
    }
    throw StoreError("a row of the change feed is damaged: `pabal store rebuild` begins that feed anew");
  }

 private:
  std::string_view octets_;
};

}  // namespace

std::string pack(const Names& names) {
  std::string out;
  int64_t last = 0;
  for (const Name& name : names) {
    const bool own = name.thread && name.thread.value == name.message.value;
    const bool other = name.thread && !own;
    put(out, (name.elsewhere ? kElsewhere : 0) | (name.thread_elsewhere ? kThreadElsewhere : 0) |
                 (own ? kOwnThread : 0) | (other ? kOtherThread : 0));
    put(out, zigzag(distance(last, name.message.value)));
    if (other) put(out, zigzag(distance(name.message.value, name.thread.value)));
    last = name.message.value;
  }
  return out;
}

Names unpack_names(std::string_view packed) {
  Names names;
  Octets octets(packed);
  for (int64_t last = 0; !octets.at_end();) {
    const uint64_t bits = octets.number();
    last = walk(last, unzigzag(octets.number()));
    Name name{.message = {last},
              .elsewhere = (bits & kElsewhere) != 0,
              .thread = {},
              .thread_elsewhere = (bits & kThreadElsewhere) != 0};
    if (bits & kOwnThread) name.thread = ThreadId{last};
    if (bits & kOtherThread) name.thread = ThreadId{walk(last, unzigzag(octets.number()))};
    names.push_back(name);
  }
  return names;
}

}  // namespace pabal::store
