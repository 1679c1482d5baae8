// Segments: append-only files of message bytes. A record is a header (magic,
// segment number, length, SHA-256) and the bytes; records of one batch lie close
// together, every batch begins at a multiple of 4096 octets, and what lies
// behind a segment's last record is zeros or the remains of a batch whose sync
// was never confirmed. So a segment is read back without any index.
//
//   segments/00000007.seg   in use or full
//   segments/spare          the next one while it is being filled with zeros:
//                           writing over written blocks syncs twice as fast
//                           as into reserved ones
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/disk.h"
#include "store/hash.h"
#include "store/store.h"

namespace pabal::store {

std::string segment_path(const std::string& directory, int64_t number);
// Numbers of the segments in `directory`, rising.
std::vector<int64_t> list_segments(io::Disk& disk, const std::string& directory);

// One record found by reading a segment from its beginning.
struct FoundRecord {
  uint64_t offset = 0;
  std::string bytes;
};
struct SegmentScan {
  uint64_t end = 0;             // behind the last good record
  uint64_t damaged_octets = 0;  // that are neither records nor zeros
};
// Every record whose hash is right, in order; damaged places are stepped over.
// Throws IoError.
SegmentScan scan_segment(io::Disk& disk, const std::string& directory, int64_t number,
                         const std::function<void(FoundRecord)>& on_record);
// The same over a file that is open.
SegmentScan scan_segment(io::File& file, int64_t number, const std::function<void(FoundRecord)>& on_record);

// The writing side. Used by one thread at a time, except prepare_spare().
class SegmentWriter {
 public:
  SegmentWriter(io::Disk& disk, std::string directory, uint64_t segment_octets);
  ~SegmentWriter();

  // Removes what an earlier process left half done, and finds where to go on: behind the last good record and
  // behind `last_end`, the end of the last record in segment `last_segment` that the database knows of.
  void open(int64_t last_segment, uint64_t last_end);

  // Writes one blob; it may be read after the next sync(). Both throw IoError;
  // then the segment is given up, and everything since the last sync() counts
  // as not written.
  BlobLocation append(std::string_view bytes, std::string_view hash);
  void sync();

  // Not to be removed: it is being written. -1: none.
  int64_t current() const { return file_ ? number_ : -1; }
  // True once after a segment was filled.
  bool take_filled() { return std::exchange(filled_, false); }

  // True if half of the segment is used and nobody has seen to the next one: now
  // the caller has to, by prepare_spare(), which takes a while and may run in
  // another thread.
  bool claim_spare_work();
  void prepare_spare();

 private:
  void begin_segment(uint64_t at_least);
  void put(std::string_view bytes);
  void flush();
  void give_up();
  std::string spare_path() const { return directory_ + "/spare"; }

  io::Disk& disk_;
  const std::string directory_;
  const uint64_t segment_octets_;
  int64_t number_ = 0;  // of the current segment, or of the last one
  std::unique_ptr<io::File> file_;
  uint64_t size_ = 0;       // of the current segment
  uint64_t end_ = 0;        // a multiple of 4096: where the buffer goes
  char* buffer_ = nullptr;  // aligned
  size_t used_ = 0;         // of the buffer
  bool unsynced_ = false;
  bool filled_ = false;
  enum class Spare { none, claimed, ready, failed };
  std::mutex spare_mutex_;
  Spare spare_ = Spare::none;
};

// The reading side: any thread.
class SegmentReader {
 public:
  SegmentReader(io::Disk& disk, std::string directory, size_t open_max = 64)
      : disk_(disk), directory_(std::move(directory)), open_max_(open_max) {}

  // Appends `range` of the bytes to `out`. Throws StoreError when the record is not
  // what `proof` and `size_octets` promise; where the proof has blocks, of those alone
  // that the range touches.
  void read(BlobLocation at, uint64_t size_octets, const BytesProof& proof, ByteRange range,
            std::string& out);
  // Before a segment's file is removed.
  void forget(int64_t number);

 private:
  void read_whole(BlobLocation at, uint64_t size_octets, const BytesProof& proof, std::string& out);
  bool read_blocks(BlobLocation at, uint64_t size_octets, const BytesProof& proof, ByteRange range,
                   std::string& out);
  StoreError damaged(BlobLocation at, const char* how) const;
  std::shared_ptr<io::File> file(int64_t number);

  struct Open {
    int64_t number;
    std::shared_ptr<io::File> file;
  };
  io::Disk& disk_;
  const std::string directory_;
  const size_t open_max_;
  std::mutex mutex_;
  std::list<Open> open_;  // the last used first
};

}  // namespace pabal::store
