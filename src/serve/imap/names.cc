#include "serve/imap/names.h"

#include "base/bytes.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

struct Owner {
  AccountId id;
  std::string address;
};

std::optional<Owner> find_owner(store::Database& db, std::string_view address, bool shared) {
  store::Statement select =
      db.prepare("SELECT id, address FROM account WHERE address = ? AND shared = ? AND disabled = 0");
  if (!select.bind(to_lower(address)).bind(int64_t{shared}).step()) return std::nullopt;
  return Owner{{select.number(0)}, select.text(1)};
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

std::optional<Place> find_place(store::Database& db, const directory::Account& reader,
                                std::string_view name) {
  Place place;
  bool others = name.starts_with(kOthersPrefix), shared = name.starts_with(kSharedPrefix);
  if (!others && !shared) {
    place.owner = reader.id;
    place.owner_address = reader.address;
    place.name = name;
    place.rights = Rights::all();
  } else {
    name.remove_prefix(others ? kOthersPrefix.size() : kSharedPrefix.size());
    size_t slash = std::min(name.find(kDelimiter), name.size());
    std::optional<Owner> owner = find_owner(db, name.substr(0, slash), shared);
    if (!owner) return std::nullopt;
    place.own = owner->id == reader.id;
    place.owner = owner->id;
    place.owner_address = owner->address;
    place.name = name.substr(std::min(slash + 1, name.size()));
    if (iequals(place.name, "INBOX")) place.name = "INBOX";
    place.rights = place.own ? Rights::all() : find_rights(db, reader, owner->id, place.name);
    if (place.rights.none()) return std::nullopt;
  }
  if (auto id = store::find_mailbox(db, place.owner, place.name))
    place.mailbox = store::find_mailbox(db, *id);
  return place;
}

std::string shown_name(const directory::Account& reader, AccountId owner, std::string_view owner_address,
                       bool owner_is_shared, std::string_view name) {
  if (owner == reader.id) return std::string(name);
  std::string shown(owner_is_shared ? kSharedPrefix : kOthersPrefix);
  return shown.append(owner_address).append("/").append(name);
}

std::string_view name_fault(std::string_view name) {
  if (name.empty()) return "a mailbox needs a name";
  if (name.size() > store::kMailboxNameMax) return "the name is too long";
  if (name.starts_with(kDelimiter) || name.ends_with(kDelimiter) || name.find("//") != std::string_view::npos)
    return "a level of the name is empty";
  for (char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "the name has control characters";
    if (c == '%' || c == '*') return "% and * stand for other characters, a name cannot have them";
  }
  if (!is_utf8(name)) return "the name is not UTF-8";
  return "";
}

rt::Task<std::optional<Place>> Session::find(std::string name) {
  auto query = [this, &name](store::Database& db) { return find_place(db, *account_, name); };
  co_return co_await service_.store.read(query);
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
