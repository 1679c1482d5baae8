#include "support/cheap_password.h"

#include <argon2.h>
#include <stdexcept>

namespace pabal::test {

void set_cheap_password(store::Transaction& tx, AccountId account, const std::string& password) {
  char encoded[128];
  int status = argon2id_hash_encoded(1, 64, 1, password.data(), password.size(), "saltsalt", 8, 32, encoded,
                                     sizeof encoded);
  if (status != ARGON2_OK) throw std::runtime_error(argon2_error_message(status));
  tx.db.prepare("UPDATE account SET password = ? WHERE id = ?").bind(encoded).bind(account.value).run();
}

}  // namespace pabal::test
