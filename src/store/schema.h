// The tables, and how an older set of them becomes the present one.
#pragma once

#include <string>

#include "store/sqlite.h"

namespace pabal::store {

inline constexpr int kSchemaVersion = 9;

// Version of the schema in `db`; 0 when there is none yet.
int schema_version(Database& db);

// Makes or upgrades the schema in one transaction. Throws StoreError when it is
// newer than this binary, without having written anything.
void prepare_schema(Database& db);

// The sentence for people about a schema that is too new.
std::string too_new(int version);

}  // namespace pabal::store
