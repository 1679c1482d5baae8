#include "store/leftovers.h"

namespace pabal::store {

namespace {

struct Hanging {
  const char* table;
  const char* column;  // names what it hangs on; 0: nothing
  const char* on;
};
constexpr Hanging kHanging[] = {
    {"summary", "message", "message"},     {"summary_texts", "message", "message"},
    {"header_text", "message", "message"}, {"body_text", "message", "message"},
    {"thread", "message", "message"},      {"thread_link", "message", "message"},
    {"acl", "mailbox", "mailbox"},         {"metadata", "mailbox", "mailbox"},
    {"metadata", "owner", "account"},      {"subscription", "account", "account"},
    {"delivery", "message", "message"},    {"delivery", "account", "account"},
    {"private_seen", "reader", "account"}, {"private_seen", "uid", "mail"},
    {"change", "account", "account"},      {"feed_cursor", "account", "account"},
};

// The rows of `h.table` that hang on nothing that is there.
std::string condition(const Hanging& h) {
  const std::string column = std::string(h.table) + '.' + h.column;
  const std::string id = std::string_view(h.on) == "mail"
                             ? std::string("mail.mailbox = ") + h.table + ".mailbox AND mail.uid"
                             : std::string(h.on) + ".id";
  return column + " <> 0 AND NOT EXISTS (SELECT 1 FROM " + h.on + " WHERE " + id + " = " + column + ')';
}

}  // namespace

std::vector<std::string> list_leftovers(Database& db) {
  std::vector<std::string> found;
  for (const Hanging& h : kHanging) {
    Statement select = db.prepare(std::string("SELECT DISTINCT ") + h.column + " FROM " + h.table +
                                  " WHERE " + condition(h) + " ORDER BY " + h.column);
    while (select.step())
      found.push_back(std::string(h.table) + " of " + h.on + ' ' + std::to_string(select.number(0)));
  }
  return found;
}

uint64_t remove_leftovers(Transaction& tx) {
  uint64_t removed = 0;
  for (const Hanging& h : kHanging) {
    tx.db.prepare(std::string("DELETE FROM ") + h.table + " WHERE " + condition(h)).run();
    removed += static_cast<uint64_t>(tx.db.changes());
  }
  return removed;
}

}  // namespace pabal::store
