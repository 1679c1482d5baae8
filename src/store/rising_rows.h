// Rows of a table of messages, asked for by rising ids: read one behind the other
// where they lie close together.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "store/sqlite.h"

namespace pabal::store {

// `select` is "SELECT message, ... FROM ...", which "WHERE message >= ? ORDER BY
// message" follows.
class RisingRows {
 public:
  RisingRows(Database& db, const std::string& select)
      : db_(db), sql_(select + " WHERE message >= ? ORDER BY message") {}

  // The row of `id`; nullptr if there is none.
  const Statement* find(MessageId id) {
    for (int steps = 0; rows_ && there_ && rows_->number(0) < id.value && steps < kStepsMax; ++steps)
      there_ = rows_->step();
    if (!rows_ || (there_ && rows_->number(0) < id.value)) {
      rows_.reset();
      rows_.emplace(db_.prepare(sql_));
      rows_->bind(id.value);
      there_ = rows_->step();
    }
    return there_ && rows_->number(0) == id.value ? &*rows_ : nullptr;
  }

 private:
  // Behind a row, the next wanted one is often near: so many steps are tried
  // before it is looked for from the root of the table.
  static constexpr int kStepsMax = 8;

  Database& db_;
  const std::string sql_;
  std::optional<Statement> rows_;
  bool there_ = false;
};

}  // namespace pabal::store
