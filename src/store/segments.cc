#include "store/segments.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/verify.h"
#include "store/hash.h"
#include "store/segment_record.h"

namespace pabal::store {

namespace {

constexpr size_t kBufferOctets = 1 << 20;
constexpr uint64_t kOneReadOctetsMax = 64 << 10;

// Zeros on a page boundary, to be written directly.
class ZeroBlock {
 public:
  ZeroBlock() : data_(static_cast<char*>(std::aligned_alloc(kBlockOctets, kBufferOctets))) {
    if (data_ == nullptr) throw std::bad_alloc();
    memset(data_, 0, kBufferOctets);
  }
  ZeroBlock(const ZeroBlock&) = delete;
  ZeroBlock& operator=(const ZeroBlock&) = delete;
  ~ZeroBlock() { std::free(data_); }
  std::string_view view(size_t octets) const { return {data_, octets}; }

 private:
  char* data_;
};

// What is there of it. A string that grows by resize() is filled with zeros first,
// which costs as much as reading.
size_t append_from(io::File& file, uint64_t offset, size_t octets, std::string& out) {
  const size_t before = out.size();
  size_t read = 0;
  std::exception_ptr error;  // nothing may be thrown where the string is half made
  out.resize_and_overwrite(before + octets, [&](char* text, size_t) {
    try {
      read = file.read_at(offset, std::span(text + before, octets));
    } catch (...) {
      error = std::current_exception();
    }
    return before + read;
  });
  if (error) std::rethrow_exception(error);
  return read;
}

}  // namespace

SegmentWriter::SegmentWriter(io::Disk& disk, std::string directory, uint64_t segment_octets)
    : disk_(disk), directory_(std::move(directory)), segment_octets_(round_up(segment_octets, kBlockOctets)) {
  buffer_ = static_cast<char*>(std::aligned_alloc(kBlockOctets, kBufferOctets));
  if (buffer_ == nullptr) throw std::bad_alloc();
}

SegmentWriter::~SegmentWriter() {
  std::free(buffer_);
}

void SegmentWriter::open(int64_t last_segment, uint64_t last_end) {
  if (disk_.exists(spare_path())) disk_.remove(spare_path());
  std::vector<int64_t> there = list_segments(disk_, directory_);
  number_ = std::max(last_segment, there.empty() ? 0 : there.back());
  if (there.empty() || there.back() != number_) return;  // the next append begins one

  uint64_t end = scan_segment(disk_, directory_, number_, [](const FoundRecord&) {}).end;
  if (number_ == last_segment) end = std::max(end, last_end);
  file_ = disk_.open(segment_path(directory_, number_), io::OpenMode::read_write, true);
  size_ = file_->size() / kBlockOctets * kBlockOctets;
  end_ = round_up(end, kBlockOctets);
  if (end_ >= size_) file_ = nullptr;
}

BlobLocation SegmentWriter::append(std::string_view bytes, std::string_view hash) {
  try {
    uint64_t octets = record_octets(bytes.size());
    if (!file_ || end_ + used_ + octets > size_) begin_segment(octets);
    BlobLocation location{number_, end_ + used_};
    put(record_header(number_, bytes.size(), hash));
    put(bytes);
    put(std::string(octets - kHeaderOctets - bytes.size(), '\0'));
    return location;
  } catch (...) {
    give_up();
    throw;
  }
}

void SegmentWriter::sync() {
  try {
    flush();
    if (unsynced_) file_->sync();
    unsynced_ = false;
  } catch (...) {
    give_up();
    throw;
  }
}

void SegmentWriter::put(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t n = std::min(bytes.size(), kBufferOctets - used_);
    memcpy(buffer_ + used_, bytes.data(), n);
    used_ += n;
    bytes.remove_prefix(n);
    if (used_ == kBufferOctets) flush();
  }
}

void SegmentWriter::flush() {
  if (used_ == 0) return;
  size_t octets = round_up(used_, kBlockOctets);
  memset(buffer_ + used_, 0, octets - used_);
  file_->write_at(end_, std::string_view(buffer_, octets));
  unsynced_ = true;
  end_ += octets;
  used_ = 0;
}

void SegmentWriter::give_up() {
  file_ = nullptr;
  used_ = 0;
  unsynced_ = false;
}

void SegmentWriter::begin_segment(uint64_t at_least) {
  if (file_) {
    sync();
    filled_ = true;
    file_ = nullptr;
  }
  uint64_t wanted = std::max(segment_octets_, round_up(kBlockOctets + at_least, kBlockOctets));
  // The number is used up even if what follows fails: no two files ever had it.
  std::string path = segment_path(directory_, ++number_);
  bool spare = false;
  {
    std::lock_guard lock(spare_mutex_);
    spare = wanted == segment_octets_ && spare_ == Spare::ready;
    if (spare || spare_ == Spare::failed) spare_ = Spare::none;
  }
  if (spare) disk_.rename(spare_path(), path);
  std::unique_ptr<io::File> file = disk_.open(path, io::OpenMode::create, true);
  try {
    if (!spare) file->allocate(wanted);
    size_ = wanted;
    std::string header = segment_header(number_);
    memcpy(buffer_, header.data(), kBlockOctets);
    file->write_at(0, std::string_view(buffer_, kBlockOctets));
    file->sync();
    disk_.sync_directory(directory_);
  } catch (...) {
    // A disk that is full must not fill up with empty segments.
    file = nullptr;
    try {
      disk_.remove(path);
    } catch (const io::IoError&) {
      // The next start finds an empty segment, which is harmless.
    }
    throw;
  }
  file_ = std::move(file);
  end_ = kBlockOctets;
  used_ = 0;
}

bool SegmentWriter::claim_spare_work() {
  std::lock_guard lock(spare_mutex_);
  if (!file_ || spare_ != Spare::none || end_ < size_ / 2) return false;
  spare_ = Spare::claimed;
  return true;
}

void SegmentWriter::prepare_spare() {
  try {
    std::unique_ptr<io::File> file = disk_.open(spare_path(), io::OpenMode::create, true);
    file->allocate(segment_octets_);
    ZeroBlock zeros;
    for (uint64_t at = 0; at < segment_octets_; at += kBufferOctets) {
      file->write_at(at, zeros.view(std::min<uint64_t>(kBufferOctets, segment_octets_ - at)));
    }
    file->sync();
    std::lock_guard lock(spare_mutex_);
    spare_ = Spare::ready;
  } catch (...) {
    {
      std::lock_guard lock(spare_mutex_);
      spare_ = Spare::failed;  // tried again with the next segment
    }
    try {
      disk_.remove(spare_path());
    } catch (const io::IoError&) {
      // It is removed at the next start.
    }
    throw;
  }
}

StoreError SegmentReader::damaged(BlobLocation at, const char* how) const {
  return StoreError("segment " + segment_path(directory_, at.segment) + " at " + std::to_string(at.offset) +
                    ": " + how);
}

void SegmentReader::read(BlobLocation at, uint64_t size_octets, const BytesProof& proof, ByteRange range,
                         std::string& out) {
  range = range.within(0, size_octets);
  if (range.octets == 0) return;
  if (range.octets == size_octets) return read_whole(at, size_octets, proof, out);
  if (proof.has_blocks(size_octets) && read_blocks(at, size_octets, proof, range, out)) return;
  // Of a row that is older, or whose checksums are damaged, or the bytes are.
  std::string whole;
  read_whole(at, size_octets, proof, whole);
  out.append(whole, range.begin, range.octets);
}

// False, with nothing appended: they do not fit their checksums.
bool SegmentReader::read_blocks(BlobLocation at, uint64_t size_octets, const BytesProof& proof,
                                ByteRange range, std::string& out) {
  const uint64_t first = range.begin / kChecksumBlockOctets;
  const uint64_t begin = first * kChecksumBlockOctets;
  const uint64_t end = std::min(round_up(range.begin + range.octets, kChecksumBlockOctets), size_octets);
  const size_t before = out.size();
  try {
    if (append_from(*file(at.segment), at.offset + kHeaderOctets + begin, end - begin, out) != end - begin)
      throw damaged(at, "the file ends too early");
  } catch (const io::IoError& e) {
    throw damaged(at, e.what());
  }
  if (!proof.fits_blocks(first, std::string_view(out).substr(before))) {
    out.resize(before);
    return false;
  }
  out.resize(before + (range.begin - begin) + range.octets);
  out.erase(before, range.begin - begin);
  return true;
}

void SegmentReader::read_whole(BlobLocation at, uint64_t size_octets, const BytesProof& proof,
                               std::string& out) {
  const size_t begin = out.size();
  // The header first: a size that a damaged row states is not asked memory for.
  // What is small comes with it.
  const bool small = size_octets <= kOneReadOctetsMax;
  try {
    std::shared_ptr<io::File> from = file(at.segment);
    auto read = [&](uint64_t offset, size_t octets) {
      if (append_from(*from, offset, octets, out) != octets) throw damaged(at, "the file ends too early");
    };
    read(at.offset, kHeaderOctets + (small ? static_cast<size_t>(size_octets) : 0));
    std::optional<RecordHeader> found = parse_record_header(std::string_view(out).substr(begin), at.segment);
    if (!found || found->length != size_octets || found->hash != proof.hash)
      throw damaged(at, "there is no record of this message");
    if (small) {
      out.erase(begin, kHeaderOctets);
    } else {
      out.resize(begin);
      read(at.offset + kHeaderOctets, static_cast<size_t>(size_octets));
    }
  } catch (const io::IoError& e) {
    throw damaged(at, e.what());
  }
  if (!proof.fits(std::string_view(out).substr(begin)))
    throw damaged(at, "the bytes are damaged (their SHA-256 is wrong)");
}

std::shared_ptr<io::File> SegmentReader::file(int64_t number) {
  {
    std::lock_guard lock(mutex_);
    auto found = std::ranges::find(open_, number, &Open::number);
    if (found != open_.end()) {
      open_.splice(open_.begin(), open_, found);
      return found->file;
    }
  }
  std::shared_ptr<io::File> opened = disk_.open(segment_path(directory_, number), io::OpenMode::read);
  std::lock_guard lock(mutex_);
  if (std::ranges::find(open_, number, &Open::number) == open_.end()) open_.push_front({number, opened});
  if (open_.size() > open_max_) open_.pop_back();
  return opened;
}

void SegmentReader::forget(int64_t number) {
  std::lock_guard lock(mutex_);
  std::erase_if(open_, [&](const Open& open) { return open.number == number; });
}

}  // namespace pabal::store
