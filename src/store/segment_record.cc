#include "store/segment_record.h"

#include "base/verify.h"

namespace pabal::store {

namespace {

constexpr std::string_view kSegmentMagic = "PABALSEG";
constexpr std::string_view kRecordMagic = "PABALREC";
constexpr uint64_t kFormatVersion = 1;

void put_number(std::string& out, uint64_t value) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
}

uint64_t get_number(std::string_view text) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(text[static_cast<size_t>(i)]);
  return value;
}

}  // namespace

std::string segment_header(int64_t number) {
  std::string out(kSegmentMagic);
  put_number(out, kFormatVersion);
  put_number(out, static_cast<uint64_t>(number));
  out.resize(kBlockOctets, '\0');
  return out;
}

std::string record_header(int64_t number, uint64_t length, std::string_view hash) {
  verify(hash.size() == 32, "a blob is named by its SHA-256");
  std::string out;
  out.reserve(kHeaderOctets);
  out += kRecordMagic;
  put_number(out, static_cast<uint64_t>(number));
  put_number(out, length);
  out += hash;
  out.resize(kHeaderOctets, '\0');
  return out;
}

bool may_begin_record(std::string_view text) {
  return text.starts_with(kRecordMagic);
}

std::optional<RecordHeader> parse_record_header(std::string_view text, int64_t number) {
  if (text.size() < kHeaderOctets || !text.starts_with(kRecordMagic)) return std::nullopt;
  if (get_number(text.substr(8)) != static_cast<uint64_t>(number)) return std::nullopt;
  return RecordHeader{get_number(text.substr(16)), text.substr(24, 32)};
}

}  // namespace pabal::store
