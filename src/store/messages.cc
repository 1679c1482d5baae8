#include "store/messages.h"

#include "store/deliveries.h"
#include "store/hash.h"
#include "store/summaries.h"
#include "store/threads.h"

namespace pabal::store {

void insert_message(Transaction& tx, const MessageRecord& message, const NewBlob& blob) {
  Statement insert = tx.db.prepare(
      "INSERT INTO message (id, reverse_path, envid, ret, body, smtputf8, prefix, hash, size_octets, "
      "received_at, segment, segment_offset, bytes, checksum, deliveries, block_checksums) VALUES (?, ?, ?, "
      "?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(message.id.value)
      .bind(message.reverse_path)
      .bind(message.envid)
      .bind(static_cast<int64_t>(message.ret))
      .bind(static_cast<int64_t>(message.body))
      .bind(int64_t{message.smtputf8})
      .bind_blob(message.prefix)
      .bind_blob(message.hash)
      .bind(static_cast<int64_t>(message.size_octets))
      .bind(message.received_at.ms)
      .bind(blob.location.segment)
      .bind(static_cast<int64_t>(blob.location.offset));
  if (blob.location.segment < 0) {
    insert.bind_blob(blob.bytes);
  } else {
    insert.bind(std::nullopt);
  }
  const std::string blocks = block_checksums(blob.bytes);
  if (blocks.empty()) {
    insert.bind(checksum(blob.bytes)).bind(int64_t{message.deliveries}).bind(std::nullopt);
  } else {
    insert.bind(std::nullopt).bind(int64_t{message.deliveries}).bind_blob(blocks);
  }
  insert.run();
}

std::optional<MessageRecord> find_message(Database& db, MessageId id) {
  Statement select = db.prepare(
      "SELECT reverse_path, envid, ret, body, smtputf8, prefix, hash, size_octets, received_at, deliveries "
      "FROM message WHERE id = ?");
  if (!select.bind(id.value).step()) return std::nullopt;
  MessageRecord message;
  message.id = id;
  message.reverse_path = select.text(0);
  message.envid = select.text(1);
  message.ret = static_cast<Ret>(select.number(2));
  message.body = static_cast<BodyType>(select.number(3));
  message.smtputf8 = select.number(4) != 0;
  message.prefix = select.text(5);
  message.hash = select.text(6);
  message.size_octets = static_cast<uint64_t>(select.number(7));
  message.received_at = Time{select.number(8)};
  message.deliveries = select.number(9) != 0;
  return message;
}

void release_message(Transaction& tx, MessageId id) {
  tx.db
      .prepare(
          "DELETE FROM message WHERE id = ? AND NOT EXISTS (SELECT 1 FROM mail WHERE message = ?) "
          "AND NOT EXISTS (SELECT 1 FROM queue_entry WHERE message = ?)")
      .bind(id.value)
      .bind(id.value)
      .bind(id.value)
      .run();
  if (tx.db.changes() == 0) return;
  remove_summary(tx, id);
  remove_thread(tx, id);
  remove_deliveries(tx, id);
}

}  // namespace pabal::store
