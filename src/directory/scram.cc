#include "directory/scram.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/lookup.h"
#include "store/hash.h"

namespace pabal::directory {

namespace {

// 0 to 1, always the same for a name.
double place_of(std::string_view name) {
  const std::string hash = store::sha256(name);
  uint64_t number = 0;
  for (size_t i = 0; i < 6; ++i) number = number << 8 | static_cast<unsigned char>(hash[i]);
  return static_cast<double>(number) / static_cast<double>(uint64_t{1} << 48);
}

// Those of an account that is chosen by the name: strangers have old and new numbers
// as often as those who are here.
uint32_t iterations_for(store::Database& db, std::string_view name) {
  int64_t first = 0, last = 0;
  {
    store::Statement ends = db.prepare("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM account");
    ends.step();
    first = ends.number(0);
    last = ends.number(1);
  }
  const auto from = first + static_cast<int64_t>(place_of(name) * static_cast<double>(last - first));
  store::Statement select = db.prepare("SELECT scram FROM account WHERE id >= ? ORDER BY id LIMIT 1");
  if (!select.bind(std::min(from, last)).step()) return proto::sasl::kScramIterationsDefault;
  std::optional<proto::sasl::ScramSecret> secret = proto::sasl::parse_scram_secret(select.view(0));
  return secret ? secret->iterations : proto::sasl::kScramIterationsDefault;
}

}  // namespace

ScramAnswer find_scram(store::Database& db, const std::string& name) {
  ScramAnswer answer;
  std::optional<std::string> key = folded_login(db, name);
  answer.stranger.name = key.value_or(to_lower(name));
  // Asked in any case, so that it takes the same time.
  answer.stranger.iterations = iterations_for(db, answer.stranger.name);
  std::optional<StoredAccount> stored = find_account(db, answer.stranger.name);
  if (key && stored && !stored->account.disabled)
    answer.secret = proto::sasl::parse_scram_secret(stored->scram);
  return answer;
}

void replace_scram(store::Transaction& tx, AccountId account, const std::string& password_phc,
                   const std::string& scram) {
  tx.db.prepare("UPDATE account SET scram = ? WHERE id = ? AND password = ?")
      .bind(scram)
      .bind(account.value)
      .bind(password_phc)
      .run();
}

}  // namespace pabal::directory
