// ByteCheck: the part of check that reads the bytes of every message. In steps
// with a snapshot each, since a snapshot that is held for hours would keep the
// write-ahead log from being emptied. What a running server removes meanwhile
// is no finding.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "store/check.h"
#include "store/segments.h"
#include "store/sqlite.h"

namespace pabal::store {

// Where a message is: mailboxes and queue entries, as far as they can be read.
std::vector<AffectedMail> affected_mails(Database& db, MessageId message);

class ByteCheck {
 public:
  ByteCheck(io::Disk& disk, const std::string& directory, Database& db,
            std::function<void(Finding)> on_finding, const Progress& progress);

  // Outside of a transaction. -> octets that were read and compared.
  uint64_t run(uint64_t messages);

 private:
  struct Row {
    int64_t id = 0;
    BlobLocation location;
    uint64_t size_octets = 0;
    BytesProof proof;
    std::string wrong;  // of bytes that are in the row
  };
  static bool has_wrong_checksum(const Row& row, std::string_view bytes);
  Row read_row(const Statement& select);
  bool step(int64_t& last);
  void one_by_one(int64_t after);
  std::vector<int64_t> referenced_after(int64_t after);
  void check(const Row& row);
  void report(const Row& row, const std::string& what);
  bool still_there(int64_t id);

  io::Disk& disk_;
  const std::string segments_;
  Database& db_;
  SegmentReader reader_;
  std::function<void(Finding)> on_finding_;
  const Progress& progress_;
  std::map<int64_t, Finding> missing_segments_;
  uint64_t octets_ = 0, done_ = 0;
};

}  // namespace pabal::store
