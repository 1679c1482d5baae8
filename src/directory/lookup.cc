#include "directory/lookup.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "mail/precis.h"

namespace pabal::directory {

namespace {

constexpr int kDepthMax = 10;           // aliases that lead to aliases
constexpr size_t kTargetsMax = 10'000;  // accounts and forwards of one address

// Read by whoever keeps the server (RFC 2142 §4, §5), also where nobody has made
// an account of the name: root is what programs of the system write to.
constexpr std::string_view kPostmaster = "postmaster";
constexpr std::array<std::string_view, 4> kRoles = {"root", "abuse", "hostmaster", "mailer-daemon"};

Account account_of(const store::Statement& row) {
  Account account;
  account.id = AccountId{row.number(0)};
  account.inbox = MailboxId{row.number(1)};
  account.address = row.text(2);
  account.display_name = row.text(3);
  account.quota_octets = static_cast<uint64_t>(row.number(4));
  account.disabled = row.number(5) != 0;
  account.group = row.number(6) != 0;
  account.login_version = row.number(7);
  return account;
}

// What an alias leads to, without the rest of the rules.
std::vector<std::string> targets_of(store::Database& db, const std::string& address) {
  store::Statement select = db.prepare("SELECT target FROM alias WHERE address = ? ORDER BY target");
  select.bind(address);
  std::vector<std::string> targets;
  while (select.step()) targets.push_back(select.text(0));
  return targets;
}

// One walk from an address along aliases to accounts and addresses elsewhere.
class Walk {
 public:
  Walk(store::Database& db, const std::string& hostname) : db_(db), hostname_(hostname) {}

  Resolution from(const mail::Address& address) {
    // RFC 5321 §4.1.1.3: "postmaster" may stand without a domain.
    std::optional<std::string> domain =
        address.domain.empty() ? default_domain(db_) : home_domain(db_, address.domain, hostname_);
    if (!domain || domain->empty()) return {};
    bool found = visit({mail::fold_name(address.local), *domain}, 0);
    // Somebody gets it, but not everybody who is meant: the queue tells the sender.
    bool somebody = found && (!out_.accounts.empty() || !out_.forwards.empty());
    // Behind too many aliases there may be a circle, which the queue would never leave.
    if (somebody && !too_far_) std::ranges::move(missing_, std::back_inserter(out_.forwards));
    out_.kind = somebody ? Resolution::local : Resolution::no_such_user;
    return std::move(out_);
  }

  bool too_far() const { return too_far_; }

 private:
  // address: folded, its domain is ours. False: it leads nowhere.
  bool visit(const mail::Address& address, int depth) {
    too_far_ |= depth > kDepthMax || out_.accounts.size() + out_.forwards.size() >= kTargetsMax;
    if (too_far_) return false;
    std::string key = mail::to_string(address);
    if (!visited_.insert(key).second) {
      // An alias that names itself keeps a copy in the account of that name.
      add_account(key);
      return true;
    }
    if (follow_aliases(key, depth) || add_account(key)) return true;
    size_t plus = address.local.find('+');
    if (plus != std::string::npos && plus > 0)
      return visit({address.local.substr(0, plus), address.domain}, depth);
    if (std::ranges::find(kRoles, address.local) != kRoles.end() &&
        visit({std::string(kPostmaster), address.domain}, depth))
      return true;
    if (address.local == kPostmaster && add_keeper(address.domain, depth)) return true;
    return follow_catch_all(address.domain, depth);
  }

  void visit_target(const std::string& text, int depth) {
    std::expected<mail::Address, std::string> target = mail::parse_address(text, true);
    if (!target) return;
    if (std::optional<std::string> domain = home_domain(db_, target->domain, hostname_)) {
      mail::Address here{mail::fold_name(target->local), *domain};
      if (!visit(here, depth)) missing_.push_back(std::move(here));
      return;
    }
    auto same = [&](const mail::Address& a) { return mail::same_mailbox(a, *target); };
    if (std::ranges::none_of(out_.forwards, same)) out_.forwards.push_back(std::move(*target));
  }

  bool follow_aliases(const std::string& key, int depth) {
    std::vector<std::string> targets = targets_of(db_, key);
    for (const std::string& target : targets) visit_target(target, depth + 1);
    return !targets.empty();
  }

  bool follow_catch_all(const std::string& domain, int depth) {
    std::string target;
    {
      store::Statement select = db_.prepare("SELECT catch_all FROM domain WHERE name = ?");
      if (select.bind(domain).step()) target = select.text(0);
    }
    if (target.empty()) return false;
    if (visited_.insert("@" + domain).second) visit_target(target, depth + 1);
    return true;
  }

  bool add_account(const std::string& key) {
    std::optional<StoredAccount> found = find_account(db_, key);
    if (found) add(std::move(found->account));
    return found.has_value();
  }

  // Who is postmaster of a domain without saying so: its first account, or where
  // there is none the postmaster of the default domain.
  bool add_keeper(const std::string& domain, int depth) {
    if (add_first_account(domain)) return true;
    std::string fallback = default_domain(db_);
    return fallback != domain && visit({std::string(kPostmaster), fallback}, depth + 1);
  }

  bool add_first_account(const std::string& domain) {
    store::Statement select = db_.prepare(
        "SELECT id, inbox, address, display_name, quota_octets, disabled, shared, login_version FROM account "
        "WHERE shared = 0 AND address LIKE ? ESCAPE '!' ORDER BY disabled, id LIMIT 1");
    std::string pattern = "%@";
    for (char c : domain) pattern += c == '_' ? std::string("!_") : std::string(1, c);
    if (!select.bind(pattern).step()) return false;
    add(account_of(select));
    return true;
  }

  void add(Account account) {
    if (std::ranges::find(out_.accounts, account.id, &Account::id) == out_.accounts.end())
      out_.accounts.push_back(std::move(account));
  }

  store::Database& db_;
  const std::string& hostname_;
  Resolution out_;
  std::vector<mail::Address> missing_;  // targets that lead nowhere
  std::set<std::string> visited_;
  bool too_far_ = false;
};

}  // namespace

std::optional<std::string> folded(const mail::Address& address) {
  std::optional<std::string> domain = mail::to_ascii_domain(address.domain);
  if (!domain) return std::nullopt;
  return mail::to_string(mail::Address{mail::fold_name(address.local), *domain});
}

std::optional<std::string> folded_login(store::Database& db, std::string_view name) {
  std::string full(name);
  if (name.find('@') == std::string_view::npos) full += "@" + default_domain(db);
  std::expected<mail::Address, std::string> address = mail::parse_address(full, true);
  if (!address) return std::nullopt;
  return folded(*address);
}

bool has_domain(store::Database& db, std::string_view ascii_domain) {
  store::Statement select = db.prepare("SELECT 1 FROM domain WHERE name = ?");
  return select.bind(ascii_domain).step();
}

std::string default_domain(store::Database& db) {
  store::Statement select = db.prepare("SELECT name FROM domain ORDER BY id LIMIT 1");
  return select.step() ? select.text(0) : std::string();
}

namespace {

constexpr std::string_view kStoredAccounts =
    "SELECT id, inbox, address, display_name, quota_octets, disabled, shared, login_version, password, scram "
    "FROM account ";

std::optional<StoredAccount> read_stored(store::Statement& select) {
  if (!select.step()) return std::nullopt;
  return StoredAccount{account_of(select), select.text(8), select.text(9)};
}

}  // namespace

std::optional<StoredAccount> find_account(store::Database& db, std::string_view folded_address) {
  store::Statement select = db.prepare(std::string(kStoredAccounts) + "WHERE address = ?");
  return read_stored(select.bind(folded_address));
}

std::optional<StoredAccount> find_account_by_id(store::Database& db, AccountId id) {
  store::Statement select = db.prepare(std::string(kStoredAccounts) + "WHERE id = ?");
  return read_stored(select.bind(id.value));
}

void touch(store::Transaction& tx) {
  tx.db
      .prepare(
          "INSERT INTO meta (key, value) VALUES ('directory_version', '1') ON CONFLICT (key) DO UPDATE "
          "SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)")
      .run();
  tx.directory_changed = true;
}

void end_logins(store::Transaction& tx, AccountId account) {
  tx.db.prepare("UPDATE account SET login_version = login_version + 1 WHERE id = ?")
      .bind(account.value)
      .run();
  tx.changes.push_back({account, MailboxId{}});
  touch(tx);
}

std::optional<std::string> home_domain(store::Database& db, std::string_view domain,
                                       const std::string& hostname) {
  std::optional<std::string> ascii = mail::to_ascii_domain(domain);
  if (!ascii) return std::nullopt;
  if (has_domain(db, *ascii)) return ascii;
  std::string home = iequals(*ascii, hostname) ? default_domain(db) : std::string();
  return home.empty() ? std::nullopt : std::optional(home);
}

Resolution look_up(store::Database& db, const mail::Address& address, const std::string& hostname) {
  return Walk(db, hostname).from(address);
}

bool closes_circle(store::Database& db, const std::string& from, const std::string& to) {
  std::set<std::string> seen{to};
  std::vector<std::string> open{to};
  while (!open.empty()) {
    std::string at = std::move(open.back());
    open.pop_back();
    for (std::string& next : targets_of(db, at)) {
      if (next == from) return true;
      if (seen.insert(next).second) open.push_back(std::move(next));
    }
  }
  return false;
}

bool leads_too_far(store::Database& db, const std::string& address) {
  std::string no_hostname;
  Walk walk(db, no_hostname);
  walk.from(*mail::parse_address(address, true));
  return walk.too_far();
}

}  // namespace pabal::directory
