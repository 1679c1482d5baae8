// Adds accounts by the thousand to a store that nobody serves, all with one
// password that is cheap to check: for benches that measure no logins.
#include <argon2.h>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "directory/admin.h"
#include "os/real_world.h"
#include "store/store.h"

namespace pabal::bench {
namespace {

std::string cheap_hash(const std::string& password) {
  char encoded[128];
  if (argon2id_hash_encoded(1, 8, 1, password.data(), password.size(), "saltsalt", 8, 32, encoded,
                            sizeof encoded) != ARGON2_OK)
    throw std::runtime_error("argon2");
  return encoded;
}

void add(const std::string& directory, const std::string& domain, int first, int end,
         const std::string& password) {
  os::RealWorldOptions options;
  options.log.path = "/dev/null";
  os::RealWorld real(options);
  io::World world = real.world();
  auto store = store::Store::open_beside(world, {.directory = directory, .readers = 1});
  std::string hash = cheap_hash(password);
  store->execute_now([&](store::Transaction& tx) {
    for (int n = first; n < end; ++n) {
      auto account =
          directory::add_account(*store, tx, world.random, "u" + std::to_string(n) + "@" + domain, "");
      if (!account) throw std::runtime_error(account.error());
      tx.db.prepare("UPDATE account SET password = ? WHERE id = ?").bind(hash).bind(account->value).run();
    }
  });
}

}  // namespace
}  // namespace pabal::bench

int main(int argc, char** argv) {
  if (argc != 6) {
    fprintf(stderr,
            "usage: pabal_accounts DATA_DIRECTORY DOMAIN FIRST END PASSWORD\n"
            "example: pabal_accounts /tmp/pabal/data test.local 1 1000 pass      (u1 to u999)\n");
    return 2;
  }
  try {
    pabal::bench::add(argv[1], argv[2], atoi(argv[3]), atoi(argv[4]), argv[5]);
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal_accounts: %s\n", e.what());
    return 1;
  }
}
