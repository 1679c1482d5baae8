#include "store/forgiving_file.h"

#include <algorithm>

#include "base/verify.h"
#include "store/segment_record.h"

namespace pabal::store {

size_t ForgivingFile::read_at(uint64_t offset, std::span<char> into) {
  try {
    return file_->read_at(offset, into);
  } catch (const io::IoError&) {
    // Block by block, below.
  }
  size_t got = 0;
  while (got < into.size()) {
    size_t octets =
        std::min(into.size() - got, kBlockOctets - static_cast<size_t>((offset + got) % kBlockOctets));
    std::span<char> block = into.subspan(got, octets);
    try {
      size_t n = file_->read_at(offset + got, block);
      got += n;
      if (n < octets) break;
    } catch (const io::IoError&) {
      std::ranges::fill(block, '\0');
      unreadable_octets_ += octets;
      got += octets;
    }
  }
  return got;
}

void ForgivingFile::write_at(uint64_t, std::string_view) {
  verify(false, "a damaged file is not written");
}
void ForgivingFile::sync() {
  verify(false, "a damaged file is not written");
}
void ForgivingFile::truncate(uint64_t) {
  verify(false, "a damaged file is not written");
}
void ForgivingFile::allocate(uint64_t) {
  verify(false, "a damaged file is not written");
}

}  // namespace pabal::store
