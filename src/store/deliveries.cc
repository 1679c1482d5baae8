#include "store/deliveries.h"

namespace pabal::store {

void tell_delivery(Transaction& tx, MessageId message, AccountId account, std::string_view fields) {
  tx.db
      .prepare(
          "INSERT INTO delivery (message, account, fields) VALUES (?, ?, ?) ON CONFLICT (message, account) "
          "DO NOTHING")
      .bind(message.value)
      .bind(account.value)
      .bind_blob(fields)
      .run();
  tx.db.prepare("UPDATE message SET deliveries = 1 WHERE id = ? AND deliveries = 0")
      .bind(message.value)
      .run();
}

std::string delivery_fields(Database& db, MessageId message, AccountId account) {
  Statement select = db.prepare("SELECT fields FROM delivery WHERE message = ? AND account = ?");
  return select.bind(message.value).bind(account.value).step() ? select.text(0) : std::string();
}

std::vector<ToldDelivery> list_deliveries(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT message, fields FROM delivery WHERE account = ? ORDER BY message");
  select.bind(account.value);
  std::vector<ToldDelivery> out;
  while (select.step()) out.push_back({MessageId{select.number(0)}, select.text(1)});
  return out;
}

void remove_deliveries(Transaction& tx, MessageId message) {
  tx.db.prepare("DELETE FROM delivery WHERE message = ?").bind(message.value).run();
}

}  // namespace pabal::store
