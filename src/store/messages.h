// Messages: one row per accepted mail, shared by every mailbox and queue entry
// that refers to it. The bytes are never changed; what was learnt after they
// arrived (Return-Path, Received, Authentication-Results) is the prefix, which
// is put in front at reading.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

enum class BodyType : int { seven_bit = 0, eight_bit = 1, binary = 2 };  // RFC 6152, RFC 3030
enum class Ret : int { unset = 0, full = 1, headers = 2 };               // RFC 3461 §4.3

struct MessageRecord {
  MessageId id;
  std::string reverse_path;  // "" is the null reverse-path
  std::string envid;         // RFC 3461 §4.4, "" when not given
  Ret ret = Ret::unset;
  BodyType body = BodyType::seven_bit;
  bool smtputf8 = false;
  std::string prefix;        // header fields with CRLF
  std::string hash;          // SHA-256 of the bytes
  uint64_t size_octets = 0;  // of the bytes, without prefix
  Time received_at;
  bool deliveries = false;  // some accounts have something before the prefix: deliveries.h
};

// `blob` is the one that the unit of work brought.
void insert_message(Transaction& tx, const MessageRecord& message, const NewBlob& blob);
std::optional<MessageRecord> find_message(Database& db, MessageId id);
// Removes the row (and with it the inline bytes), its summary, its text for searches
// and its place in a thread if no mailbox and no queue entry refers to it any more.
void release_message(Transaction& tx, MessageId id);

}  // namespace pabal::store
