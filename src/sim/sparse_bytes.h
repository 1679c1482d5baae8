// SparseBytes: the contents of a simulated file. Pages that hold only zeros
// take no memory, so a preallocated segment costs what was written into it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace pabal::sim {

class SparseBytes {
 public:
  SparseBytes() = default;
  SparseBytes(const SparseBytes& other) { *this = other; }
  SparseBytes& operator=(const SparseBytes& other);

  uint64_t size() const { return size_; }
  // Octets copied: fewer than asked only at the end.
  size_t read(uint64_t offset, std::span<char> into) const;
  void write(uint64_t offset, std::string_view bytes);
  void resize(uint64_t size);

 private:
  static constexpr size_t kPage = 4096;
  using Page = std::array<char, kPage>;
  std::vector<std::unique_ptr<Page>> pages_;
  uint64_t size_ = 0;
};

}  // namespace pabal::sim
