#include "directory/lookup.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "mail/precis.h"

namespace pabal::directory {

namespace {

constexpr int kDepthMax = 10;         // aliases that lead to aliases
constexpr size_t kTargetsMax = 1000;  // accounts and forwards of one address

Account account_of(const store::Statement& row) {
  Account account;
  account.id = AccountId{row.number(0)};
  account.inbox = MailboxId{row.number(1)};
  account.address = row.text(2);
  account.display_name = row.text(3);
  account.quota_octets = static_cast<uint64_t>(row.number(4));
  account.disabled = row.number(5) != 0;
  account.group = row.number(6) != 0;
  return account;
}

// One walk from an address along aliases to accounts and addresses elsewhere.
class Walk {
 public:
  explicit Walk(store::Database& db) : db_(db) {}

  Resolution from(const mail::Address& address) {
    mail::Address start = address;
    // RFC 5321 §4.1.1.3: "postmaster" may stand without a domain.
    if (start.domain.empty() && iequals(start.local, "postmaster")) start.domain = default_domain(db_);
    std::optional<std::string> domain = mail::to_ascii_domain(start.domain);
    if (!domain || !has_domain(db_, *domain)) return {};
    visit({mail::fold_name(start.local), *domain}, 0);
    bool somebody = !out_.accounts.empty() || !out_.forwards.empty();
    out_.kind = somebody ? Resolution::local : Resolution::no_such_user;
    return std::move(out_);
  }

 private:
  // address: folded, its domain is ours.
  void visit(const mail::Address& address, int depth) {
    if (depth > kDepthMax || out_.accounts.size() + out_.forwards.size() >= kTargetsMax) return;
    std::string key = mail::to_string(address);
    if (!visited_.insert(key).second) {
      // An alias that names itself keeps a copy in the account of that name.
      add_account(key);
      return;
    }
    if (follow_aliases(key, depth) || add_account(key)) return;
    size_t plus = address.local.find('+');
    if (plus != std::string::npos && plus > 0) {
      visit({address.local.substr(0, plus), address.domain}, depth);
      return;
    }
    // RFC 2142 §4, §5: somebody always reads these.
    if ((address.local == "postmaster" || address.local == "abuse") && add_first_account(address.domain))
      return;
    follow_catch_all(address.domain, depth);
  }

  void visit_target(const std::string& text, int depth) {
    std::expected<mail::Address, std::string> target = mail::parse_address(text, true);
    if (!target) return;
    std::optional<std::string> domain = mail::to_ascii_domain(target->domain);
    if (domain && has_domain(db_, *domain)) {
      visit({mail::fold_name(target->local), *domain}, depth);
      return;
    }
    auto same = [&](const mail::Address& a) { return mail::same_mailbox(a, *target); };
    if (std::ranges::none_of(out_.forwards, same)) out_.forwards.push_back(std::move(*target));
  }

  bool follow_aliases(const std::string& key, int depth) {
    std::vector<std::string> targets;
    {
      store::Statement select = db_.prepare("SELECT target FROM alias WHERE address = ? ORDER BY target");
      select.bind(key);
      while (select.step()) targets.push_back(select.text(0));
    }
    for (const std::string& target : targets) visit_target(target, depth + 1);
    return !targets.empty();
  }

  void follow_catch_all(const std::string& domain, int depth) {
    std::string target;
    {
      store::Statement select = db_.prepare("SELECT catch_all FROM domain WHERE name = ?");
      if (select.bind(domain).step()) target = select.text(0);
    }
    if (!target.empty() && visited_.insert("@" + domain).second) visit_target(target, depth + 1);
  }

  bool add_account(const std::string& key) {
    std::optional<StoredAccount> found = find_account(db_, key);
    if (found) add(std::move(found->account));
    return found.has_value();
  }

  bool add_first_account(const std::string& domain) {
    store::Statement select = db_.prepare(
        "SELECT id, inbox, address, display_name, quota_octets, disabled, shared FROM account "
        "WHERE shared = 0 AND address LIKE ? ESCAPE '!' ORDER BY id LIMIT 1");
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
  Resolution out_;
  std::set<std::string> visited_;
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

std::optional<StoredAccount> find_account(store::Database& db, std::string_view folded_address) {
  store::Statement select = db.prepare(
      "SELECT id, inbox, address, display_name, quota_octets, disabled, shared, password, scram FROM account "
      "WHERE address = ?");
  if (!select.bind(folded_address).step()) return std::nullopt;
  return StoredAccount{account_of(select), select.text(7), select.text(8)};
}

Resolution look_up(store::Database& db, const mail::Address& address) {
  return Walk(db).from(address);
}

}  // namespace pabal::directory
