#include "directory/app_passwords.h"

#include "base/bytes.h"
#include "directory/lookup.h"
#include "directory/password.h"

namespace pabal::directory {

namespace {

constexpr size_t kAppPasswordsMax = 50;
constexpr size_t kLabelOctetsMax = 100;

std::optional<AccountId> account_id(store::Database& db, std::string_view address) {
  std::optional<std::string> key = folded_login(db, trim(address));
  if (!key) return std::nullopt;
  std::optional<StoredAccount> found = find_account(db, *key);
  if (!found) return std::nullopt;
  return found->account.id;
}

Error no_account(std::string_view address) {
  return "there is no account " + std::string(address);
}

}  // namespace

std::expected<std::string, Error> add_app_password(store::Store&, store::Transaction& tx, io::Random& random,
                                                   std::string_view address, std::string_view label) {
  std::optional<AccountId> account = account_id(tx.db, address);
  if (!account) return std::unexpected(no_account(address));
  if (label.empty() || label.size() > kLabelOctetsMax || !is_utf8(label))
    return std::unexpected("the label has 1 to " + std::to_string(kLabelOctetsMax) + " octets of UTF-8");
  std::vector<AppPassword> there = list_app_passwords(tx.db, address);
  if (there.size() >= kAppPasswordsMax)
    return std::unexpected("there are " + std::to_string(there.size()) + " app passwords: remove one first");
  for (const AppPassword& one : there) {
    if (one.label == label)
      return std::unexpected("an app password '" + std::string(label) + "' is there already");
  }
  std::string password = make_app_password(random);
  tx.db.prepare("INSERT INTO app_password (account, label, password, created_at) VALUES (?, ?, ?, ?)")
      .bind(account->value)
      .bind(label)
      .bind(hash_app_password(password, random))
      .bind(tx.now.ms)
      .run();
  return password;
}

std::expected<void, Error> remove_app_password(store::Transaction& tx, std::string_view address,
                                               std::string_view label) {
  std::optional<AccountId> account = account_id(tx.db, address);
  if (!account) return std::unexpected(no_account(address));
  tx.db.prepare("DELETE FROM app_password WHERE account = ? AND label = ?")
      .bind(account->value)
      .bind(label)
      .run();
  if (tx.db.changes() == 0) return std::unexpected("there is no app password '" + std::string(label) + "'");
  end_logins(tx, *account);  // who came in by another one comes in again
  return {};
}

std::vector<AppPassword> list_app_passwords(store::Database& db, std::string_view address) {
  std::vector<AppPassword> out;
  std::optional<AccountId> account = account_id(db, address);
  if (!account) return out;
  store::Statement select =
      db.prepare("SELECT label, created_at FROM app_password WHERE account = ? ORDER BY label");
  select.bind(account->value);
  while (select.step()) out.push_back({select.text(0), Time{select.number(1)}});
  return out;
}

}  // namespace pabal::directory
