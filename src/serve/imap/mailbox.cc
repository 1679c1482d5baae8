// CREATE, DELETE, RENAME (RFC 9051 §6.3.4–6.3.6), SUBSCRIBE and UNSUBSCRIBE.
#include "base/bytes.h"
#include "serve/imap/acl.h"
#include "serve/imap/notifier.h"
#include "serve/imap/session.h"
#include "serve/imap/special_use.h"

namespace pabal::serve::imap {

namespace {

// Names that need not exist, so the number of mailboxes does not limit them.
constexpr size_t kSubscriptionsMax = 2 * store::kMailboxesMax;

Outcome refuse(store::MailboxError error) {
  switch (error) {
    case store::MailboxError::exists:
      return no("ALREADYEXISTS", "there is a mailbox of this name already");
    case store::MailboxError::not_found:
      return no("NONEXISTENT", "there is no such mailbox");
    case store::MailboxError::too_many:
      return no("LIMIT", "an account can have " + std::to_string(store::kMailboxesMax) + " mailboxes");
    case store::MailboxError::name_too_long:
      return no("CANNOT", "the name is too long");
    case store::MailboxError::inbox:
      return no("CANNOT", "that cannot be done with INBOX");
  }
  return no("", "no");
}

// RFC 9051 §6.3.4: a delimiter at the end says that more will come below.
std::string without_delimiter(std::string name) {
  if (name.size() > 1 && name.ends_with(kDelimiter)) name.pop_back();
  return canonical_name(name);
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Create command) {
  std::string name = without_delimiter(std::move(command.mailbox));
  if (std::string_view fault = name_fault(name); !fault.empty()) co_return no("CANNOT", std::string(fault));
  std::expected<std::string, std::string> uses =
      special_use_of({command.special_use.begin(), command.special_use.end()});
  if (!uses)
    co_return no("USEATTR", "there is no use " + printable(uses.error(), 40) + " for a mailbox here");
  std::optional<Place> place = co_await find(name);
  if (!place || place->name.empty()) co_return no("CANNOT", "nothing can be made there");
  if (!place->own && !place->rights.has('k')) co_return no("NOPERM", "you may not make mailboxes there");
  if (!place->own && !uses->empty()) co_return no("USEATTR", "what it is used for says its owner");
  auto work = [](store::Transaction& tx, AccountId owner, const std::string& new_name,
                 const std::string& special_use) {
    std::expected<MailboxId, store::MailboxError> id =
        store::create_mailbox(tx, owner, new_name, special_use);
    if (id) inherit_acl(tx, owner, new_name, *id);
    return id;
  };
  std::expected<MailboxId, store::MailboxError> made =
      co_await service_.store.write(work, place->owner, place->name, *uses);
  if (!made) co_return refuse(made.error());
  if (notify_) notify_->expect_name(name);
  co_return ok("made", "MAILBOXID (F" + std::to_string(made->value) + ")");
}

rt::Task<Outcome> Session::on(wire::Delete command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "x");
  if (!place) co_return std::move(place.error());
  if (place->name == "INBOX") co_return refuse(store::MailboxError::inbox);
  std::expected<void, store::MailboxError> done =
      co_await service_.store.write(store::delete_mailbox, place->owner, place->name);
  if (!done) co_return refuse(done.error());
  if (notify_) notify_->expect_name(canonical_name(command.mailbox));
  // RFC 9051 §6.3.5 leaves open what becomes of who has it selected: for us it is closed.
  if (selected_ && selected_->view->id() == place->mailbox->id) {
    leave_mailbox();
    out() += "* OK [CLOSED] the mailbox was deleted\r\n";
  }
  co_return ok("deleted");
}

rt::Task<Outcome> Session::on(wire::Rename command) {
  std::string to_name = without_delimiter(std::move(command.to));
  if (std::string_view fault = name_fault(to_name); !fault.empty())
    co_return no("CANNOT", std::string(fault));
  std::optional<Place> from = co_await find(command.from);
  std::optional<Place> to = co_await find(to_name);
  if (!from || from->name.empty()) co_return refuse(store::MailboxError::not_found);
  // Without a mailbox of that name the rights are those of one above it.
  if (!from->own && !(from->mailbox && from->rights.has('x'))) {
    bool visible = from->mailbox && from->rights.any_of("lr");
    co_return visible ? no("NOPERM", "you may not rename it") : refuse(store::MailboxError::not_found);
  }
  if (!to || to->name.empty()) co_return no("CANNOT", "nothing can be made there");
  if (!to->own && !to->rights.has('k')) co_return no("NOPERM", "you may not make mailboxes there");
  if (to->owner != from->owner)
    co_return no("CANNOT", "a mailbox stays with its account: make one there and move the messages");
  std::expected<void, store::MailboxError> done =
      co_await service_.store.write(store::rename_mailbox, from->owner, from->name, to->name);
  if (!done) co_return refuse(done.error());
  if (notify_) notify_->expect_name(to_name);
  co_return ok("renamed");
}

rt::Task<Outcome> Session::on(wire::Subscribe command) {
  std::string name = without_delimiter(std::move(command.mailbox));
  if (std::string_view fault = name_fault(name); !fault.empty() && !command.unsubscribe)
    co_return no("CANNOT", std::string(fault));
  auto work = [](store::Transaction& tx, AccountId account, const std::string& which, bool subscribed) {
    if (subscribed && store::list_subscriptions(tx.db, account).size() >= kSubscriptionsMax) return false;
    store::set_subscribed(tx, account, which, subscribed);
    return true;
  };
  bool done = co_await service_.store.write(work, account_->id, name, !command.unsubscribe);
  if (!done)
    co_return no("LIMIT", "an account can have " + std::to_string(kSubscriptionsMax) + " subscriptions");
  if (notify_) notify_->expect_name(name);
  co_return ok(command.unsubscribe ? "unsubscribed" : "subscribed");
}

}  // namespace pabal::serve::imap
