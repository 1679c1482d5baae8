// GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208). An account is one quota root,
// named by its address.
#include <algorithm>

#include "directory/lookup.h"
#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

constexpr uint64_t kUnitOctets = 1024;  // RFC 9208 §5.1

// Nobody limits the number of messages but IMAP itself, whose UIDs have 32 bits
// (RFC 9208 §3.2: inherent limits are told). So a client learns how many there are.
constexpr uint64_t kMessagesMax = uint64_t{store::kMailboxesMax} * (UINT32_MAX - 1);

void put_quota(std::string& out, std::string_view root, const store::Usage& usage, bool utf8) {
  out += "* QUOTA ";
  wire::put_astring(out, root, utf8);
  out += " (";
  if (usage.quota_octets != 0) {
    uint64_t used = (usage.octets + kUnitOctets - 1) / kUnitOctets;
    out.append("STORAGE ").append(std::to_string(used)).append(" ");
    out.append(std::to_string(usage.quota_octets / kUnitOctets)).append(" ");
  }
  out.append("MESSAGE ").append(std::to_string(usage.messages)).append(" ");
  out.append(std::to_string(kMessagesMax)).append(")\r\n");
}

// Of the account whose address the root is, if one of its mailboxes can be read.
std::optional<store::Usage> find_root(store::Database& db, const directory::Account& reader,
                                      const std::string& root) {
  std::optional<directory::StoredAccount> owner = directory::find_account(db, root);
  if (!owner) return std::nullopt;
  AccountId id = owner->account.id;
  auto can_read = [id](const reading::SeenMailbox& seen) {
    return seen.mailbox.account == id && seen.rights.has('r');
  };
  if (id != reader.id && std::ranges::none_of(reading::see_mailboxes(db, reader), can_read))
    return std::nullopt;
  return store::usage(db, id);
}

}  // namespace

rt::Task<Outcome> Session::on(wire::GetQuota command) {
  std::optional<store::Usage> usage = co_await service_.store.read(find_root, *account_, command.root);
  if (!usage) co_return no("NONEXISTENT", "there is no such quota root; GETQUOTAROOT names them");
  put_quota(out(), command.root, *usage, names_utf8());
  co_return ok("that is what is used");
}

rt::Task<Outcome> Session::on(wire::GetQuotaRoot command) {
  struct Found {
    std::string root;
    store::Usage usage;
  };
  auto query = [](store::Database& db, const directory::Account& reader,
                  const std::string& name) -> std::optional<Found> {
    std::optional<Place> place = find_place(db, reader, name);
    // The mailbox need not be there: what would count for it (RFC 9208 §4.1.2).
    if (!place || !(place->own || place->rights.has('r'))) return std::nullopt;
    return Found{place->owner_address, store::usage(db, place->owner).value_or(store::Usage{})};
  };
  std::optional<Found> found = co_await service_.store.read(query, *account_, command.mailbox);
  if (!found) co_return no("NONEXISTENT", "there is no such mailbox");
  out() += "* QUOTAROOT ";
  wire::put_mailbox(out(), command.mailbox, names_utf8());
  out() += ' ';
  wire::put_astring(out(), found->root, names_utf8());
  out() += "\r\n";
  put_quota(out(), found->root, found->usage, names_utf8());
  co_return ok("that is what is used");
}

rt::Task<Outcome> Session::on(wire::SetQuota) {
  co_return no("NOPERM", "quotas are set by who runs the server");
}

}  // namespace pabal::serve::imap
