// What of a message's prefix differs from one account to the other: the addresses by
// which it came to each (Delivered-To). One message may lie in many accounts; what
// all have in common stands in its own prefix, and this before it at reading.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/messages.h"

namespace pabal::store {

// Before the message is put into a mailbox of this account. `fields`: with CRLF.
void tell_delivery(Transaction& tx, MessageId message, AccountId account, std::string_view fields);

// "" if nothing is told for this account.
std::string delivery_fields(Database& db, MessageId message, AccountId account);

// All that are told for this account, rising by message.
struct ToldDelivery {
  MessageId message;
  std::string fields;
};
std::vector<ToldDelivery> list_deliveries(Database& db, AccountId account);

// Of a message that is about to go.
void remove_deliveries(Transaction& tx, MessageId message);

}  // namespace pabal::store
