#include "serve/imap/names.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/lookup.h"
#include "mail/precis.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

struct Owner {
  AccountId id;
  std::string address;
  bool shared = false;
};

constexpr std::string_view kInbox = "INBOX";

std::optional<Owner> find_owner(store::Database& db, std::string_view address, bool shared) {
  store::Statement select =
      db.prepare("SELECT id, address FROM account WHERE address = ? AND shared = ? AND disabled = 0");
  if (!select.bind(mail::fold_address(address)).bind(int64_t{shared}).step()) return std::nullopt;
  return Owner{{select.number(0)}, select.text(1), shared};
}

// nullopt: its account is disabled, nobody reads there.
std::optional<Owner> find_owner(store::Database& db, AccountId id) {
  store::Statement select = db.prepare("SELECT address, shared FROM account WHERE id = ? AND disabled = 0");
  if (!select.bind(id.value).step()) return std::nullopt;
  return Owner{id, select.text(0), select.number(1) != 0};
}

std::string shown_name(const Owner& owner, std::string_view name) {
  std::string shown(owner.shared ? kSharedPrefix : kOthersPrefix);
  return shown.append(owner.address).append(1, kDelimiter).append(name);
}

// Of the mailbox, or if it is not there of the closest one above it.
Rights find_rights(store::Database& db, const directory::Account& reader, AccountId owner, std::string name) {
  for (;;) {
    if (auto id = store::find_mailbox(db, owner, name))
      return rights_by(store::list_acl(db, *id), reader.address);
    size_t slash = name.rfind(kDelimiter);
    if (slash == std::string::npos) return {};
    name.resize(slash);
  }
}

}  // namespace

std::string canonical_name(std::string_view name) {
  bool inbox = name.size() >= kInbox.size() && iequals(name.substr(0, kInbox.size()), kInbox) &&
               (name.size() == kInbox.size() || name[kInbox.size()] == kDelimiter);
  if (!inbox) return std::string(name);
  return std::string(kInbox).append(name.substr(kInbox.size()));
}

bool is_namespace_root(std::string_view name) {
  for (std::string_view prefix : {kOthersPrefix, kSharedPrefix}) {
    if (name == prefix.substr(0, prefix.size() - 1)) return true;
    if (name.starts_with(prefix) && name.find(kDelimiter, prefix.size()) == std::string_view::npos)
      return true;
  }
  return false;
}

std::optional<Place> find_place(store::Database& db, const directory::Account& reader,
                                std::string_view name) {
  if (is_namespace_root(name)) return std::nullopt;
  Place place;
  bool others = name.starts_with(kOthersPrefix), shared = name.starts_with(kSharedPrefix);
  if (!others && !shared) {
    place.owner = reader.id;
    place.owner_address = reader.address;
    place.name = canonical_name(name);
    place.rights = Rights::all();
  } else {
    name.remove_prefix(others ? kOthersPrefix.size() : kSharedPrefix.size());
    size_t slash = std::min(name.find(kDelimiter), name.size());
    std::optional<Owner> owner = find_owner(db, name.substr(0, slash), shared);
    if (!owner) return std::nullopt;
    place.own = owner->id == reader.id;
    place.owner = owner->id;
    place.owner_address = owner->address;
    if (owner->shared) place.reader = reader.id;
    place.name = canonical_name(name.substr(std::min(slash + 1, name.size())));
    place.rights = place.own ? Rights::all() : find_rights(db, reader, owner->id, place.name);
    if (place.rights.none()) return std::nullopt;
  }
  if (auto id = store::find_mailbox(db, place.owner, place.name))
    place.mailbox = store::find_mailbox(db, *id);
  return place;
}

std::optional<SeenMailbox> see_mailbox(store::Database& db, const directory::Account& reader,
                                       MailboxId mailbox) {
  std::optional<store::Mailbox> found = store::find_mailbox(db, mailbox);
  if (!found) return std::nullopt;
  SeenMailbox seen;
  seen.mailbox = std::move(*found);
  if (seen.mailbox.account == reader.id) {
    seen.name = seen.mailbox.name;
    seen.rights = Rights::all();
    return seen;
  }
  seen.own = false;
  seen.rights = rights_by(store::list_acl(db, mailbox), reader.address);
  if (seen.rights.none()) return std::nullopt;
  std::optional<Owner> owner = find_owner(db, seen.mailbox.account);
  if (!owner) return std::nullopt;
  if (owner->shared) seen.reader = reader.id;
  seen.name = shown_name(*owner, seen.mailbox.name);
  return seen;
}

std::vector<SeenMailbox> see_mailboxes(store::Database& db, const directory::Account& reader) {
  std::vector<SeenMailbox> out;
  for (store::Mailbox& mailbox : store::list_mailboxes(db, reader.id)) {
    std::string name = mailbox.name;
    out.push_back({.mailbox = std::move(mailbox), .name = std::move(name), .rights = Rights::all()});
  }
  for (MailboxId id : store::list_shared_mailboxes(db, reader.id, {reader.address, std::string(kAnyone)})) {
    std::optional<SeenMailbox> seen = see_mailbox(db, reader, id);
    if (seen && seen->rights.has('l')) out.push_back(std::move(*seen));
  }
  return out;
}

void follow_rights(store::Transaction& tx, MailboxId mailbox, std::string_view identifier) {
  std::optional<store::Mailbox> changed = store::find_mailbox(tx.db, mailbox);
  std::optional<Owner> owner = changed ? find_owner(tx.db, changed->account) : std::nullopt;
  std::optional<directory::StoredAccount> member = directory::find_account(tx.db, identifier);
  if (!owner || !owner->shared || !member) return;
  Rights rights = rights_by(store::list_acl(tx.db, mailbox), identifier);
  store::set_subscribed(tx, member->account.id, shown_name(*owner, changed->name),
                        rights.has('l') && rights.has('r'));
}

std::string_view name_fault(std::string_view name) {
  if (name.empty()) return "a mailbox needs a name";
  if (name.size() > kShownNameMax) return "the name is too long";
  if (name.starts_with(kDelimiter) || name.ends_with(kDelimiter) || name.find("//") != std::string_view::npos)
    return "a level of the name is empty";
  if (static_cast<size_t>(std::ranges::count(name, kDelimiter)) >= kLevelsMax)
    return "the name has too many levels";
  // % and * are characters like others (RFC 9051 §5.1 only advises against them), and
  // as wildcards they match themselves.
  for (char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "the name has control characters";
  }
  if (!is_utf8(name)) return "the name is not UTF-8";
  return "";
}

rt::Task<std::optional<Place>> Session::find(std::string name) {
  co_return co_await service_.store.read(find_place, *account_, std::move(name));
}

rt::Task<std::expected<Place, Outcome>> Session::find_with_right(std::string name, std::string_view rights) {
  std::optional<Place> place = co_await find(std::move(name));
  // Who may not even look it up is not told that it is there (RFC 4314 §6).
  bool visible =
      place && place->mailbox && (place->own || place->rights.any_of("lr") || place->rights.any_of(rights));
  if (!visible) co_return std::unexpected(no("NONEXISTENT", "there is no such mailbox"));
  if (!place->rights.any_of(rights))
    co_return std::unexpected(no("NOPERM", "you have no right to do that there"));
  co_return std::move(*place);
}

}  // namespace pabal::serve::imap
