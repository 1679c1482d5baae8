#include "serve/imap/names.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/lookup.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

constexpr std::string_view kInbox = "INBOX";

std::string shown_name(const reading::Owner& owner, std::string_view name) {
  std::string shown(owner.group ? kSharedPrefix : kOthersPrefix);
  return shown.append(owner.address).append(1, kDelimiter).append(name);
}

Place own_place(const directory::Account& account, std::string name) {
  Place place;
  place.owner = account.id;
  place.owner_address = account.address;
  place.name = std::move(name);
  place.rights = reading::Rights::all();
  return place;
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
  Place place = own_place(reader, canonical_name(name));
  bool others = name.starts_with(kOthersPrefix), shared = name.starts_with(kSharedPrefix);
  if (others || shared) {
    name.remove_prefix(others ? kOthersPrefix.size() : kSharedPrefix.size());
    size_t slash = std::min(name.find(kDelimiter), name.size());
    std::optional<reading::Owner> owner = reading::find_owner(db, name.substr(0, slash), shared);
    if (!owner) return std::nullopt;
    place.own = owner->id == reader.id;
    place.owner = owner->id;
    place.owner_address = owner->address;
    if (owner->group) place.reader = reader.id;
    place.name = canonical_name(name.substr(std::min(slash + 1, name.size())));
    place.rights =
        place.own ? reading::Rights::all() : reading::find_rights(db, reader.address, owner->id, place.name);
    if (place.rights.none()) return std::nullopt;
  }
  if (auto id = store::find_mailbox(db, place.owner, place.name))
    place.mailbox = store::find_mailbox(db, *id);
  return place;
}

std::string shown_name(const reading::SeenMailbox& seen) {
  return seen.own ? seen.mailbox.name : shown_name(seen.owner, seen.mailbox.name);
}

void follow_rights(store::Transaction& tx, MailboxId mailbox, std::string_view identifier) {
  std::optional<store::Mailbox> changed = store::find_mailbox(tx.db, mailbox);
  std::optional<reading::Owner> owner = changed ? reading::find_owner(tx.db, changed->account) : std::nullopt;
  std::optional<directory::StoredAccount> member = directory::find_account(tx.db, identifier);
  if (!owner || !owner->group || !member) return;
  reading::Rights rights = reading::rights_by(store::list_acl(tx.db, mailbox), identifier);
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

// What is his own and was named lately is known.
rt::Task<std::optional<Place>> Session::find_or_recall(std::string name, reading::Needs needs) {
  reading::KnownMailboxes& known = service_.reading.known;
  std::optional<store::Mailbox> own = known.find(account_->id, canonical_name(name), needs);
  if (own) {
    Place place = own_place(*account_, own->name);
    place.mailbox = std::move(own);
    co_return place;
  }
  const uint64_t begun = known.now();
  std::optional<Place> place = co_await find(std::move(name));
  if (place && place->mailbox && place->own) known.put(*place->mailbox, begun);
  co_return place;
}

rt::Task<std::expected<Place, Outcome>> Session::find_with_right(std::string name, std::string_view rights,
                                                                 reading::Needs needs) {
  std::optional<Place> place = co_await find_or_recall(std::move(name), needs);
  // Who may not even look it up is not told that it is there (RFC 4314 §6).
  bool visible =
      place && place->mailbox && (place->own || place->rights.any_of("lr") || place->rights.any_of(rights));
  if (!visible) co_return std::unexpected(no("NONEXISTENT", "there is no such mailbox"));
  if (!place->rights.any_of(rights))
    co_return std::unexpected(no("NOPERM", "you have no right to do that there"));
  co_return std::move(*place);
}

}  // namespace pabal::serve::imap
