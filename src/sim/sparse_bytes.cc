#include "sim/sparse_bytes.h"

#include <algorithm>
#include <cstring>

namespace pabal::sim {

SparseBytes& SparseBytes::operator=(const SparseBytes& other) {
  if (this == &other) return *this;
  size_ = other.size_;
  pages_.clear();
  pages_.resize(other.pages_.size());
  for (size_t i = 0; i < pages_.size(); ++i) {
    if (other.pages_[i]) pages_[i] = std::make_unique<Page>(*other.pages_[i]);
  }
  return *this;
}

size_t SparseBytes::read(uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return 0;
  size_t want = static_cast<size_t>(std::min<uint64_t>(into.size(), size_ - offset));
  for (size_t done = 0; done < want;) {
    size_t at = (offset + done) % kPage;
    size_t n = std::min(want - done, kPage - at);
    const auto& page = pages_[(offset + done) / kPage];
    if (page) {
      memcpy(into.data() + done, page->data() + at, n);
    } else {
      memset(into.data() + done, 0, n);
    }
    done += n;
  }
  return want;
}

void SparseBytes::write(uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  while (!bytes.empty()) {
    size_t at = offset % kPage;
    size_t n = std::min(bytes.size(), kPage - at);
    auto& page = pages_[offset / kPage];
    auto is_zero = [](char c) { return c == 0; };
    if (!page && !std::ranges::all_of(bytes.substr(0, n), is_zero)) page = std::make_unique<Page>(Page{});
    if (page) memcpy(page->data() + at, bytes.data(), n);
    bytes.remove_prefix(n);
    offset += n;
  }
}

void SparseBytes::resize(uint64_t size) {
  // What lies behind the end is zeros again when the file grows.
  if (size < size_ && size % kPage != 0) {
    auto& page = pages_[size / kPage];
    if (page) std::fill(page->begin() + static_cast<std::ptrdiff_t>(size % kPage), page->end(), '\0');
  }
  pages_.resize(static_cast<size_t>((size + kPage - 1) / kPage));
  size_ = size;
}

}  // namespace pabal::sim
