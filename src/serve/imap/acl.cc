// GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314).
#include "serve/imap/acl.h"

#include "base/bytes.h"
#include "directory/lookup.h"
#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

// Whom an entry of an ACL speaks of.
struct Who {
  std::string identifier;  // as the store keeps it: "-alice@example.org", "anyone"
  AccountId account;       // 0: anyone, kNobody: there is no such account
};
constexpr AccountId kNobody{-1};

// nullopt: nobody could have this name. Whether somebody has it is not told, or every
// user could ask who else lives here (RFC 4314 §6 has the same of mailboxes).
std::optional<Who> find_who(store::Database& db, std::string_view identifier) {
  Who who;
  if (identifier.starts_with('-')) {
    who.identifier = "-";
    identifier.remove_prefix(1);
  }
  if (iequals(identifier, reading::kAnyone)) {
    who.identifier += reading::kAnyone;
    return who;
  }
  std::optional<std::string> address = directory::folded_login(db, identifier);
  if (!address) return std::nullopt;
  who.identifier += *address;
  who.account = kNobody;
  if (std::optional<directory::StoredAccount> found = directory::find_account(db, *address))
    who.account = found->account.id;
  return who;
}

// The owner's rights are no entry; what leaves him all of them is no change.
bool leaves_owner_all(const wire::SetAcl& command) {
  if (command.identifier.starts_with('-')) return false;
  reading::Rights change(command.rights);
  if (command.mode == '-') return change.none();
  return command.mode == '+' || change.text() == reading::Rights::all().text();
}

reading::Rights rights_in(const std::vector<store::AclEntry>& acl, std::string_view identifier) {
  for (const store::AclEntry& entry : acl) {
    if (entry.identifier == identifier) return reading::Rights(entry.rights);
  }
  return {};
}

Outcome refuse_identifier(std::string_view identifier) {
  return no("CANNOT", printable(identifier, 100) + " is no address of an account, nor \"anyone\"");
}

Outcome refuse_gone() {
  return no("NONEXISTENT", "the mailbox was deleted");
}

Outcome refuse_owner() {
  return no("CANNOT", "the owner always has all rights");
}

}  // namespace

void put_my_rights(std::string& out, std::string_view name, reading::Rights rights, bool utf8) {
  out += "* MYRIGHTS ";
  wire::put_mailbox(out, name, utf8);
  out.append(" ").append(rights.text(true)).append("\r\n");
}

void inherit_acl(store::Transaction& tx, AccountId owner, std::string_view name, MailboxId made) {
  for (size_t slash = name.rfind(kDelimiter); slash != std::string_view::npos && slash > 0;
       slash = name.rfind(kDelimiter, slash - 1)) {
    std::optional<MailboxId> above = store::find_mailbox(tx.db, owner, name.substr(0, slash));
    if (!above) continue;
    for (const store::AclEntry& entry : store::list_acl(tx.db, *above)) {
      store::set_acl(tx, made, entry.identifier, entry.rights);
      follow_rights(tx, made, entry.identifier);
    }
    return;
  }
}

namespace {

enum class AclSet { done, nobody, owner, too_many, gone };

AclSet set_acl(store::Transaction& tx, AccountId owner, MailboxId mailbox, const wire::SetAcl& command) {
  std::optional<Who> who = find_who(tx.db, command.identifier);
  if (!who) return AclSet::nobody;
  if (who->account == owner) return leaves_owner_all(command) ? AclSet::done : AclSet::owner;
  const reading::Rights change(command.rights);
  reading::Rights before = rights_in(store::list_acl(tx.db, mailbox), who->identifier);
  reading::Rights after = command.mode == '+'   ? before.with(change)
                          : command.mode == '-' ? before.without(change)
                                                : change;
  std::expected<void, store::AclError> set = store::set_acl(tx, mailbox, who->identifier, after.text());
  if (!set) return set.error() == store::AclError::too_many ? AclSet::too_many : AclSet::gone;
  follow_rights(tx, mailbox, who->identifier);
  store::record_acl(tx, owner, mailbox, who->account);
  return AclSet::done;
}

AclSet delete_acl(store::Transaction& tx, AccountId owner, MailboxId mailbox, const std::string& identifier) {
  std::optional<Who> who = find_who(tx.db, identifier);
  if (!who) return AclSet::nobody;
  if (who->account == owner) return AclSet::owner;
  if (!store::set_acl(tx, mailbox, who->identifier, "")) return AclSet::gone;
  follow_rights(tx, mailbox, who->identifier);
  store::record_acl(tx, owner, mailbox, who->account);
  return AclSet::done;
}

}  // namespace

rt::Task<Outcome> Session::on(wire::GetAcl command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "a");
  if (!place) co_return std::move(place.error());
  std::vector<store::AclEntry> acl = co_await service_.store.read(store::list_acl, place->mailbox->id);
  out() += "* ACL ";
  wire::put_mailbox(out(), command.mailbox, names_utf8());
  out() += ' ';
  wire::put_astring(out(), place->owner_address, names_utf8());
  out().append(" ").append(reading::Rights::all().text(true));
  for (const store::AclEntry& entry : acl) {
    out() += ' ';
    wire::put_astring(out(), entry.identifier, names_utf8());
    out().append(" ").append(reading::Rights(entry.rights).text(true));
  }
  out() += "\r\n";
  co_return ok("that is who may do what");
}

rt::Task<Outcome> Session::on(wire::SetAcl command) {
  if (!reading::are_rights(command.rights))
    co_return bad("rights are letters of " + std::string(reading::Rights::kLetters));
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "a");
  if (!place) co_return std::move(place.error());
  AclSet result = co_await service_.store.write(set_acl, place->owner, place->mailbox->id, command);
  if (result == AclSet::nobody) co_return refuse_identifier(command.identifier);
  if (result == AclSet::owner) co_return refuse_owner();
  if (result == AclSet::gone) co_return refuse_gone();
  if (result == AclSet::too_many)
    co_return no("LIMIT", "an ACL can have " + std::to_string(store::kAclEntriesMax) + " entries");
  co_return ok("so it is");
}

rt::Task<Outcome> Session::on(wire::DeleteAcl command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "a");
  if (!place) co_return std::move(place.error());
  AclSet result =
      co_await service_.store.write(delete_acl, place->owner, place->mailbox->id, command.identifier);
  if (result == AclSet::nobody) co_return refuse_identifier(command.identifier);
  if (result == AclSet::owner) co_return refuse_owner();
  if (result == AclSet::gone) co_return refuse_gone();
  co_return ok("gone");
}

rt::Task<Outcome> Session::on(wire::ListRights command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "a");
  if (!place) co_return std::move(place.error());
  std::optional<Who> who = co_await service_.store.read(find_who, command.identifier);
  if (!who) co_return refuse_identifier(command.identifier);
  out() += "* LISTRIGHTS ";
  wire::put_mailbox(out(), command.mailbox, names_utf8());
  out() += ' ';
  wire::put_astring(out(), command.identifier, names_utf8());
  if (who->account == place->owner) {
    out().append(" ").append(reading::Rights::all().text(true));
  } else {
    out() += " \"\"";
    for (char right : reading::Rights::all().text(true)) out().append(" ").append(1, right);
  }
  out() += "\r\n";
  co_return ok("that is what can be granted");
}

rt::Task<Outcome> Session::on(wire::MyRights command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "lrikxa");
  if (!place) co_return std::move(place.error());
  put_my_rights(out(), command.mailbox, place->rights, names_utf8());
  co_return ok("that is what you may do");
}

}  // namespace pabal::serve::imap
