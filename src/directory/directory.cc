#include "directory/directory.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/cache.h"
#include "directory/lookup.h"
#include "directory/password.h"
#include "directory/proven.h"
#include "directory/scram.h"
#include "mail/precis.h"
#include "rt/event.h"
#include "rt/offload.h"

namespace pabal::directory {

namespace {

struct Credentials {
  std::optional<StoredAccount> stored;
  std::vector<std::string> app_passwords;
};

Credentials credentials(store::Database& db, const std::string& name) {
  Credentials out;
  std::optional<std::string> key = folded_login(db, name);
  if (key) out.stored = find_account(db, *key);
  if (!out.stored) return out;
  store::Statement select = db.prepare("SELECT password FROM app_password WHERE account = ?");
  select.bind(out.stored->account.id.value);
  while (select.step()) out.app_passwords.push_back(select.text(0));
  return out;
}

}  // namespace

namespace {

bool may_post(store::Database& db, AccountId account, const std::vector<MailboxId>& inboxes) {
  std::string address;
  {
    store::Statement select = db.prepare("SELECT address FROM account WHERE id = ?");
    if (!select.bind(account.value).step()) return false;
    address = select.text(0);
  }
  return std::ranges::any_of(
      inboxes, [&](MailboxId inbox) { return store::has_right(store::list_acl(db, inbox), address, 'p'); });
}

}  // namespace

struct Directory::Impl {
  Impl(io::World& world, store::Store& store, size_t cache_max, std::shared_ptr<Proven> shared,
       std::string hostname)
      : world(world),
        store(store),
        hostname(std::move(hostname)),
        cache(cache_max),
        proven(shared ? std::move(shared) : std::make_shared<Proven>(world.random.octets(32))) {}

  io::World& world;
  store::Store& store;
  const std::string hostname;
  Cache cache;
  const std::shared_ptr<Proven> proven;
  int hashing = 0;  // passwords that are being checked
  rt::Event hashed;
};

namespace {

// A password check occupies a thread of the executor, which the committer needs
// too: many log-ins at once wait for each other and not for everybody.
constexpr int kHashingMax = 2;

}  // namespace

Directory::Directory(io::World& world, store::Store& store, size_t cache_max, std::shared_ptr<Proven> proven,
                     std::string hostname)
    : impl_(new Impl(world, store, cache_max, std::move(proven), std::move(hostname))) {}
Directory::~Directory() = default;

rt::Task<Resolution> Directory::resolve(mail::Address address) {
  Instant now = rt::Loop::current().now();
  const uint64_t generation = impl_->store.directory_generation();
  // Anything that two different addresses never share will do as a key.
  std::string key = mail::fold_name(address.local) + '\0' + to_lower(address.domain);
  if (std::optional<Resolution> known = impl_->cache.get(key, generation, now)) co_return std::move(*known);

  Resolution resolution = co_await impl_->store.read(look_up, std::move(address), impl_->hostname);
  impl_->cache.put(std::move(key), resolution, generation, impl_->store.directory_generation(), now);
  co_return resolution;
}

rt::Task<bool> Directory::is_local_domain(std::string domain) {
  auto query = [](store::Database& db, const std::string& domain, const std::string& hostname) {
    return home_domain(db, domain, hostname).has_value();
  };
  co_return co_await impl_->store.read(query, std::move(domain), impl_->hostname);
}

rt::Task<std::string> Directory::default_domain() {
  auto query = [](store::Database& db) { return directory::default_domain(db); };
  co_return co_await impl_->store.read(query);
}

rt::Task<std::optional<Account>> Directory::check_password(std::string name, std::string password) {
  Credentials found = co_await impl_->store.read(credentials, std::move(name));
  bool login = found.stored && !found.stored->account.disabled;
  for (const std::string& hash : found.app_passwords) {
    if (app_password_matches(hash, password) && login) co_return std::move(found.stored->account);
  }
  std::string phc = login ? found.stored->password : "";
  AccountId id = login ? found.stored->account.id : AccountId{};
  if (login && impl_->proven->knows(id, phc, password, rt::Loop::current().now()))
    co_return std::move(found.stored->account);
  while (impl_->hashing >= kHashingMax) co_await impl_->hashed.wait();
  ++impl_->hashing;
  auto check = [](const std::string& stored, const std::string& given) {
    return password_matches(stored, given);
  };
  bool right = co_await rt::offload(impl_->world.blocking, check, phc, password);
  --impl_->hashing;
  impl_->hashed.notify();
  if (!right) co_return std::nullopt;
  impl_->proven->remember(id, phc, password, rt::Loop::current().now());
  if (scram_is_weak(found.stored->scram)) co_await strengthen_scram(id, std::move(phc), std::move(password));
  co_return std::move(found.stored->account);
}

// Whoever logs in does not mind if it cannot be done.
rt::Task<void> Directory::strengthen_scram(AccountId account, std::string phc, std::string password) {
  try {
    auto make = [](const std::string& given, const std::string& salt) { return make_scram(given, salt); };
    std::string salt = impl_->world.random.octets(proto::sasl::kScramSaltOctets);
    std::string scram =
        co_await rt::offload(impl_->world.blocking, make, std::move(password), std::move(salt));
    co_await impl_->store.write(replace_scram, account, std::move(phc), std::move(scram));
  } catch (const store::StoreError& e) {
    impl_->world.log.warning("directory.scram_not_renewed", {{"reason", e.what()}});
  }
}

rt::Task<ScramAnswer> Directory::scram_secret(std::string name) {
  co_return co_await impl_->store.read(find_scram, std::move(name));
}

rt::Task<std::optional<Account>> Directory::account(std::string name) {
  Credentials found = co_await impl_->store.read(credentials, std::move(name));
  if (!found.stored) co_return std::nullopt;
  co_return std::move(found.stored->account);
}

bool Directory::has_changed(uint64_t seen) const {
  return impl_->store.directory_generation() != seen;
}

rt::Task<bool> Directory::may_stay(Account account, uint64_t& seen) {
  uint64_t generation = impl_->store.directory_generation();
  if (generation == seen) co_return true;
  std::optional<StoredAccount> stored = co_await impl_->store.read(find_account, account.address);
  seen = generation;
  co_return stored && stored->account.id == account.id && !stored->account.disabled &&
      stored->account.login_version == account.login_version;
}

rt::Task<bool> Directory::may_send_as(AccountId account, mail::Address address) {
  Resolution resolution = co_await resolve(std::move(address));
  std::vector<MailboxId> inboxes;  // of groups
  for (const Account& reached : resolution.accounts) {
    if (reached.id == account) co_return true;
    if (reached.group) inboxes.push_back(reached.inbox);
  }
  if (inboxes.empty()) co_return false;
  co_return co_await impl_->store.read(may_post, account, std::move(inboxes));
}

rt::Task<store::Usage> Directory::usage(AccountId account) {
  std::optional<store::Usage> found = co_await impl_->store.read(store::usage, account);
  co_return found.value_or(store::Usage{});
}

}  // namespace pabal::directory
