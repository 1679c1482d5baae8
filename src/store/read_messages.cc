#include "store/read_messages.h"

#include <limits>

#include "store/deliveries.h"
#include "store/hash.h"

namespace pabal::store {

namespace {

constexpr std::string_view kSelect =
    "SELECT segment, segment_offset, size_octets, hash, prefix, bytes, checksum, received_at, deliveries, "
    "block_checksums FROM message WHERE id = ?";

std::string gone(MessageId id) {
  return "there is no message " + std::to_string(id.value) + " (any more)";
}

uint64_t size_of(const Statement& row) {
  return static_cast<uint64_t>(row.number(2));
}

// `range` of the bytes, which the prefix does not count in.
void append_bytes(const Statement& row, SegmentReader& segments, MessageId id, ByteRange range,
                  std::string& out) {
  BlobLocation at{row.number(0), static_cast<uint64_t>(row.number(1))};
  BytesProof proof{.hash = row.text(3)};
  if (!row.is_null(6)) proof.checksum = row.number(6);
  if (!row.is_null(9)) proof.blocks = row.text(9);
  if (at.segment >= 0) return segments.read(at, size_of(row), proof, range, out);
  if (!proof.fits(row.view(5))) {
    throw StoreError("the bytes of message " + std::to_string(id.value) +
                     " are damaged (their SHA-256 is wrong)");
  }
  const ByteRange there = range.within(0, row.view(5).size());
  out += row.view(5).substr(there.begin, there.octets);
}

// What stands in front of the bytes for this owner, then they themselves: `range` of it.
void append_range(Database& db, const Statement& row, SegmentReader& segments, AccountId owner,
                  ByteRange range, MessageBytes& message) {
  message.own = owner && row.number(8) != 0;
  std::string front;
  if (message.own) front = delivery_fields(db, message.id, owner);
  front += row.view(4);
  message.size_octets = front.size() + size_of(row);
  message.received_at = Time{row.number(7)};
  const ByteRange in_front = range.within(0, front.size());
  const ByteRange behind = range.within(front.size(), std::max<uint64_t>(message.size_octets, front.size()));
  // A size that a damaged row states is not asked memory for.
  constexpr uint64_t kReservedMax = 64 << 20;
  message.bytes.reserve(std::min(in_front.octets + behind.octets, kReservedMax));
  message.bytes.append(front, in_front.begin, in_front.octets);
  if (behind.octets > 0)
    append_bytes(row, segments, message.id, {behind.begin - front.size(), behind.octets}, message.bytes);
}

// use(row): of the message, if it is there.
template <class Use>
MessageBytes read_one(Database& db, MessageId id, Use&& use) {
  MessageBytes message{.id = id};
  try {
    Statement row = db.prepare(kSelect);
    if (row.bind(id.value).step()) {
      use(row, message);
    } else {
      message.gone = true;
      message.error = gone(id);
    }
  } catch (const StoreError& e) {
    message.bytes.clear();
    message.error = e.what();
  }
  return message;
}

}  // namespace

std::string read_message(Database& db, SegmentReader& segments, MessageId id) {
  Statement row = db.prepare(kSelect);
  if (!row.bind(id.value).step()) throw StoreError(gone(id));
  std::string bytes;
  append_bytes(row, segments, id, {}, bytes);
  return bytes;
}

std::vector<MessageBytes> read_messages(Database& db, SegmentReader& segments,
                                        const std::vector<MessageId>& ids, uint64_t octets_max,
                                        AccountId owner) {
  std::vector<MessageBytes> messages;
  uint64_t octets = 0;
  for (MessageId id : ids) {
    bool too_much = false;
    auto whole = [&](const Statement& row, MessageBytes& message) {
      octets += row.view(4).size() + size_of(row);
      too_much = octets > octets_max && !messages.empty();
      if (!too_much) append_range(db, row, segments, owner, {}, message);
    };
    MessageBytes message = read_one(db, id, whole);
    if (too_much) break;
    messages.push_back(std::move(message));
  }
  return messages;
}

std::vector<MessageBytes> read_ranges(Database& db, SegmentReader& segments,
                                      const std::vector<MessageRange>& ranges, AccountId owner) {
  std::vector<MessageBytes> messages;
  messages.reserve(ranges.size());
  for (const MessageRange& wanted : ranges) {
    auto piece = [&](const Statement& row, MessageBytes& message) {
      append_range(db, row, segments, owner, wanted.range, message);
    };
    messages.push_back(read_one(db, wanted.id, piece));
  }
  return messages;
}

}  // namespace pabal::store
