// Directory: who lives here, and who may log in. Administration: admin.h,
// app_passwords.h, acls.h.
//
// Names are compared as RFC 5321 §2.4 wants it with the liberty it leaves to us:
// the domain as A-label in lower case, the local part folded to lower case.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "mail/address.h"
#include "proto/sasl/server.h"
#include "rt/task.h"
#include "store/mailboxes.h"
#include "store/sharing.h"
#include "store/store.h"

namespace pabal::directory {

struct Account {
  AccountId id;
  MailboxId inbox;
  std::string address;  // login name and own address
  std::string display_name;
  uint64_t quota_octets = 0;  // 0: no limit
  bool disabled = false;
  bool group = false;         // nobody logs in: its mailboxes are shared by others
  int64_t login_version = 0;  // rises when what lets somebody in is taken back
};

// What a forward-path means here.
struct Resolution {
  enum Kind {
    not_local,     // not our domain: relay
    no_such_user,  // our domain, nobody there: 550 5.1.1
    local,
  } kind = not_local;
  std::vector<Account> accounts;        // each gets the mail once
  std::vector<mail::Address> forwards;  // addresses elsewhere that an alias names
};

// Either a secret, or what stands in for it.
struct ScramAnswer {
  std::optional<proto::sasl::ScramSecret> secret;
  proto::sasl::ScramStranger stranger;
};

class Proven;

class Directory {
 public:
  // Resolutions are cached; the cache is emptied when the functions below have
  // changed something (in another process: when store::Outside has seen it). What
  // is changed past them, by hand, shows within a minute.
  static constexpr size_t kCacheMax = 10'000;  // resolutions
  // proven: shared with the directories of other loops; its own if nullptr.
  // hostname: the server's own name, "" to know none.
  Directory(io::World& world, store::Store& store, size_t cache_max = kCacheMax,
            std::shared_ptr<Proven> proven = nullptr, std::string hostname = {});
  ~Directory();

  // Aliases (recursively, to a depth of 10), plus addressing (user+tag), the
  // catch-all. postmaster, abuse, hostmaster (RFC 2142), root and mailer-daemon of
  // every domain reach somebody: who has no alias or account of its own goes to the
  // postmaster, and the postmaster to the domain's first account, or without any to
  // that of the default domain. Names at the server's own name, and names alone
  // (empty domain), are those of the default domain. A target of an alias that leads
  // nowhere stands among the forwards if others get the mail: its sender will be told.
  rt::Task<Resolution> resolve(mail::Address address);
  rt::Task<bool> is_local_domain(std::string domain);
  // The oldest domain, which our own mails come from; "" without any.
  rt::Task<std::string> default_domain();

  // Password or app password; Argon2id on the Executor. nullopt: wrong. The
  // same time is spent on unknown names.
  rt::Task<std::optional<Account>> check_password(std::string name, std::string password);
  rt::Task<ScramAnswer> scram_secret(std::string name);
  rt::Task<std::optional<Account>> account(std::string name);
  // Whether he may stay who has logged in as `account`: it is still there, not
  // disabled, and no password was taken back since (a new one takes the old one back).
  // seen: 0 at first; kept by the session that asks, for what has changed since.
  rt::Task<bool> may_stay(Account account, uint64_t& seen);
  // Else that need not be asked.
  bool has_changed(uint64_t seen) const;

  // May `account` send as `address`? If mail to that address reaches it: own
  // address (with any +tag), aliases that lead to it, and for a catch-all's
  // owner every address of the domain that nobody else has; or a group that lets
  // it post in its INBOX (the right "p" of RFC 4314 §2.1).
  rt::Task<bool> may_send_as(AccountId account, mail::Address address);

  rt::Task<store::Usage> usage(AccountId account);

 private:
  rt::Task<void> strengthen_scram(AccountId account, std::string phc, std::string password);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pabal::directory
