#include "store/read_messages.h"

#include "store/deliveries.h"
#include "store/hash.h"

namespace pabal::store {

namespace {

constexpr std::string_view kSelect =
    "SELECT segment, segment_offset, size_octets, hash, prefix, bytes, checksum, received_at, deliveries "
    "FROM message "
    "WHERE id = ?";

std::string gone(MessageId id) {
  return "there is no message " + std::to_string(id.value) + " (any more)";
}

void append_bytes(const Statement& row, SegmentReader& segments, MessageId id, std::string& out) {
  BlobLocation at{row.number(0), static_cast<uint64_t>(row.number(1))};
  BytesProof proof{row.text(3), std::nullopt};
  if (!row.is_null(6)) proof.checksum = row.number(6);
  if (at.segment >= 0) return segments.read(at, static_cast<uint64_t>(row.number(2)), proof, out);
  if (!proof.fits(row.view(5))) {
    throw StoreError("the bytes of message " + std::to_string(id.value) +
                     " are damaged (their SHA-256 is wrong)");
  }
  out += row.view(5);
}

}  // namespace

std::string read_message(Database& db, SegmentReader& segments, MessageId id) {
  Statement row = db.prepare(kSelect);
  if (!row.bind(id.value).step()) throw StoreError(gone(id));
  std::string bytes;
  append_bytes(row, segments, id, bytes);
  return bytes;
}

std::vector<MessageBytes> read_messages(Database& db, SegmentReader& segments,
                                        const std::vector<MessageId>& ids, uint64_t octets_max,
                                        AccountId owner) {
  std::vector<MessageBytes> messages;
  uint64_t octets = 0;
  for (MessageId id : ids) {
    MessageBytes message{.id = id};
    try {
      Statement row = db.prepare(kSelect);
      if (row.bind(id.value).step()) {
        octets += row.view(4).size() + static_cast<uint64_t>(row.number(2));
        if (octets > octets_max && !messages.empty()) break;
        message.own = owner && row.number(8) != 0;
        if (message.own) message.bytes = delivery_fields(db, id, owner);
        message.bytes.reserve(message.bytes.size() + row.view(4).size() + static_cast<size_t>(row.number(2)));
        message.bytes += row.view(4);
        message.received_at = Time{row.number(7)};
        append_bytes(row, segments, id, message.bytes);
      } else {
        message.gone = true;
        message.error = gone(id);
      }
    } catch (const StoreError& e) {
      message.bytes.clear();
      message.error = e.what();
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace pabal::store
