#include "reading/places.h"

#include "directory/lookup.h"
#include "mail/precis.h"

namespace pabal::reading {

namespace {

std::optional<Owner> owner_by(const std::optional<directory::StoredAccount>& found) {
  if (!found || found->account.disabled) return std::nullopt;
  return Owner{found->account.id, found->account.address, found->account.group};
}

}  // namespace

std::optional<Owner> find_owner(store::Database& db, std::string_view address, bool group) {
  std::optional<Owner> owner = owner_by(directory::find_account(db, mail::fold_address(address)));
  return owner && owner->group == group ? owner : std::nullopt;
}

std::optional<Owner> find_owner(store::Database& db, AccountId id) {
  return owner_by(directory::find_account_by_id(db, id));
}

Rights find_rights(store::Database& db, std::string_view address, AccountId owner, std::string name) {
  for (;;) {
    if (auto id = store::find_mailbox(db, owner, name)) return rights_by(store::list_acl(db, *id), address);
    size_t slash = name.rfind('/');
    if (slash == std::string::npos) return {};
    name.resize(slash);
  }
}

std::optional<SeenMailbox> see_mailbox(store::Database& db, const directory::Account& reader,
                                       MailboxId mailbox) {
  std::optional<store::Mailbox> found = store::find_mailbox(db, mailbox);
  if (!found) return std::nullopt;
  SeenMailbox seen;
  seen.mailbox = std::move(*found);
  if (seen.mailbox.account == reader.id) {
    seen.rights = Rights::all();
    return seen;
  }
  seen.own = false;
  seen.rights = rights_by(store::list_acl(db, mailbox), reader.address);
  if (seen.rights.none()) return std::nullopt;
  std::optional<Owner> owner = find_owner(db, seen.mailbox.account);
  if (!owner) return std::nullopt;
  if (owner->group) seen.reader = reader.id;
  seen.owner = std::move(*owner);
  return seen;
}

std::vector<SeenMailbox> see_mailboxes(store::Database& db, const directory::Account& reader) {
  std::vector<SeenMailbox> out;
  for (store::Mailbox& mailbox : store::list_mailboxes(db, reader.id)) {
    out.push_back({.mailbox = std::move(mailbox), .rights = Rights::all()});
  }
  for (MailboxId id : store::list_shared_mailboxes(db, reader.id, {reader.address, std::string(kAnyone)})) {
    std::optional<SeenMailbox> seen = see_mailbox(db, reader, id);
    if (seen && seen->rights.has('l')) out.push_back(std::move(*seen));
  }
  return out;
}

}  // namespace pabal::reading
