// ForgivingFile reads past places that the disk does not give any more: they
// are zeros, in blocks of 4096 octets, and counted.
#pragma once

#include <memory>

#include "io/disk.h"

namespace pabal::store {

class ForgivingFile final : public io::File {
 public:
  explicit ForgivingFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}

  size_t read_at(uint64_t offset, std::span<char> into) override;
  uint64_t size() override { return file_->size(); }
  uint64_t unreadable_octets() const { return unreadable_octets_; }

  // For reading only.
  void write_at(uint64_t, std::string_view) override;
  void sync() override;
  void truncate(uint64_t) override;
  void allocate(uint64_t) override;

 private:
  std::unique_ptr<io::File> file_;
  uint64_t unreadable_octets_ = 0;
};

}  // namespace pabal::store
