#include "store/folded_names.h"

#include <string>
#include <vector>

#include "base/bytes.h"
#include "mail/precis.h"

namespace pabal::store {
namespace {

struct Column {
  const char *table, *name;
};
constexpr Column kColumns[] = {{"account", "address"},
                               {"alias", "address"},
                               {"alias", "target"},
                               {"domain", "catch_all"},
                               {"acl", "identifier"}};

void fold_column(Database& db, const Column& column) {
  const std::string table = column.table, name = column.name;
  std::vector<std::string> unfolded;
  {
    Statement select = db.prepare("SELECT DISTINCT " + name + " FROM " + table);
    while (select.step()) {
      if (!is_ascii(select.view(0))) unfolded.push_back(select.text(0));
    }
  }
  for (const std::string& address : unfolded) {
    db.prepare("UPDATE OR IGNORE " + table + " SET " + name + " = ? WHERE " + name + " = ?")
        .bind(mail::fold_address(address))
        .bind(address)
        .run();
  }
}

}  // namespace

void fold_stored_names(Database& db) {
  if (db.prepare("SELECT 1 FROM meta WHERE key = 'names_folded'").step()) return;
  db.execute("BEGIN IMMEDIATE");
  try {
    for (const Column& column : kColumns) fold_column(db, column);
    db.execute("INSERT INTO meta (key, value) VALUES ('names_folded', '1') ON CONFLICT DO NOTHING");
    db.execute("COMMIT");
  } catch (...) {
    if (db.in_transaction()) db.execute("ROLLBACK");
    throw;
  }
}

}  // namespace pabal::store
