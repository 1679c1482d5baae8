#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "store/hash.h"
#include "store/segment_record.h"
#include "store/segments.h"

namespace pabal::store {

namespace {

constexpr std::string_view kSuffix = ".seg";

// Reads a file through a window, so that a scan asks the disk seldom.
class Window {
 public:
  Window(io::File& file, uint64_t size) : file_(file), size_(size) {}

  // Up to `octets` at `offset`; fewer at the end of the file. Until the next call.
  std::string_view at(uint64_t offset, size_t octets) {
    if (offset >= size_) return {};
    octets = static_cast<size_t>(std::min<uint64_t>(octets, size_ - offset));
    if (offset < start_ || offset + octets > start_ + buffer_.size()) {
      start_ = offset;
      buffer_.resize(std::max(octets, kWindowOctets));
      buffer_.resize(file_.read_at(offset, buffer_));
    }
    return std::string_view(buffer_).substr(offset - start_, octets);
  }

 private:
  static constexpr size_t kWindowOctets = 1 << 20;
  io::File& file_;
  const uint64_t size_;
  uint64_t start_ = 0;
  std::string buffer_;
};

// Where the first record header behind `at` and before `end` begins, else `end`.
uint64_t next_header(Window& window, uint64_t at, uint64_t end, int64_t number) {
  const std::string rest(window.at(at, static_cast<size_t>(end - at)));
  if (rest.find_first_not_of('\0') == std::string::npos) return end;
  for (size_t i = kRecordAlignment; i + kRecordAlignment <= rest.size(); i += kRecordAlignment) {
    if (!may_begin_record(std::string_view(rest).substr(i))) continue;
    if (parse_record_header(window.at(at + i, kHeaderOctets), number)) return at + i;
  }
  return end;
}

}  // namespace

std::string segment_path(const std::string& directory, int64_t number) {
  char name[32];
  snprintf(name, sizeof name, "/%08lld.seg", static_cast<long long>(number));
  return directory + name;
}

std::vector<int64_t> list_segments(io::Disk& disk, const std::string& directory) {
  std::vector<int64_t> numbers;
  for (const std::string& name : disk.list(directory)) {
    if (!name.ends_with(kSuffix)) continue;
    std::optional<uint64_t> number =
        parse_uint(std::string_view(name).substr(0, name.size() - kSuffix.size()));
    if (number && *number <= INT32_MAX) numbers.push_back(static_cast<int64_t>(*number));
  }
  std::ranges::sort(numbers);
  return numbers;
}

SegmentScan scan_segment(io::Disk& disk, const std::string& directory, int64_t number,
                         const std::function<void(FoundRecord)>& on_record) {
  std::unique_ptr<io::File> file = disk.open(segment_path(directory, number), io::OpenMode::read);
  return scan_segment(*file, number, on_record);
}

SegmentScan scan_segment(io::File& file, int64_t number, const std::function<void(FoundRecord)>& on_record) {
  const uint64_t size = file.size();
  Window window(file, size);
  SegmentScan scan;
  scan.end = kBlockOctets;
  uint64_t at = kBlockOctets;
  while (at < size) {
    std::optional<RecordHeader> header = parse_record_header(window.at(at, kHeaderOctets), number);
    if (header && header->length <= size - at - kHeaderOctets) {
      std::string hash(header->hash);
      uint64_t length = header->length;
      std::string_view bytes = window.at(at + kHeaderOctets, static_cast<size_t>(length));
      if (bytes.size() == length && sha256(bytes) == hash) {
        on_record({at, std::string(bytes)});
        at += record_octets(length);
        scan.end = at;
        continue;
      }
    }
    // Not a record: the end of a batch, or damage. The next batch begins at a
    // block, the next record of a damaged batch before that.
    uint64_t next = next_header(window, at, (at / kBlockOctets + 1) * kBlockOctets, number);
    std::string_view skipped = window.at(at, static_cast<size_t>(next - at));
    if (skipped.find_first_not_of('\0') != std::string_view::npos) scan.damaged_octets += skipped.size();
    at = next;
  }
  return scan;
}

}  // namespace pabal::store
