// The octets of a segment: its header block and the records in it. All numbers
// are little-endian.
//
//   segment: "PABALSEG" version:4 0:4 number:8, zeros up to 4096
//   record:  "PABALREC" number:8 length:8 sha256:32 0:8, the bytes, zeros up to a
//            multiple of 8
//
// The number of the segment stands in every record, so that what was left over
// in a block from an earlier use is never taken for a record of this one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::store {

inline constexpr size_t kBlockOctets = 4096;
inline constexpr size_t kHeaderOctets = 64;
inline constexpr size_t kRecordAlignment = 8;

constexpr uint64_t round_up(uint64_t n, uint64_t to) {
  return (n + to - 1) / to * to;
}

// What a blob of `size` octets takes in a segment.
constexpr uint64_t record_octets(uint64_t size) {
  return kHeaderOctets + round_up(size, kRecordAlignment);
}

struct RecordHeader {
  uint64_t length = 0;
  std::string_view hash;  // within the text that was parsed
};

std::string segment_header(int64_t number);  // one block
std::string record_header(int64_t number, uint64_t length, std::string_view hash);
// True if `text` begins as headers of records do, of whatever segment.
bool may_begin_record(std::string_view text);
// nullopt if `text` does not begin with a header of a record of this segment.
std::optional<RecordHeader> parse_record_header(std::string_view text, int64_t number);

}  // namespace pabal::store
