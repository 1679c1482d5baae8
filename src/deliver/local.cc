#include "deliver/local.h"

#include "proto/smtp/path.h"
#include "queue/records.h"
#include "store/mailboxes.h"

namespace pabal::deliver {

namespace {

rt::Task<bool> has_room(directory::Directory& directory, const directory::Account& account, uint64_t octets) {
  store::Usage usage = co_await directory.usage(account.id);
  co_return usage.quota_octets == 0 || usage.octets + octets <= usage.quota_octets;
}

// An address that stands in for the recipient, with nobody beside it.
bool has_stand_in(const directory::Resolution& where) {
  return where.accounts.empty() && where.forwards.size() == 1;
}

// Behind an alias of several, success is reported here as "expanded" and by
// nobody else (RFC 3461 §5.2.7.3 (c)).
proto::smtp::NotifySet onward_notify(proto::smtp::NotifySet notify, const directory::Resolution& where) {
  if (has_stand_in(where) || !notify.success) return notify;
  notify.success = false;
  notify.never = notify.is_unset();
  return notify;
}

}  // namespace

void carry_out(store::Transaction& tx, const store::MessageRecord& message, const LocalDelivery& local) {
  for (const directory::Account& account : local.accounts) {
    Uid uid = store::append(tx, account.id, account.inbox, message, 0);
    journey::record(tx, message.id,
                    {{tx.now,
                      "delivered",
                      {{"to", local.recipient},
                       {"mailbox", account.address + "/INBOX"},
                       {"uid", std::to_string(uid.value)}}}});
  }
  for (const queue::NewEntry& onward : local.onward) {
    queue::insert(tx, onward);
    journey::record(tx, message.id,
                    {{tx.now, "queued", {{"to", proto::smtp::path_text(onward.forward_path)}}}});
  }
}

rt::Task<Settlement> deliver_locally(directory::Directory& directory, queue::Queue& queue,
                                     store::MessageRecord message, queue::Entry entry) {
  Settlement settlement;
  directory::Resolution where = co_await directory.resolve(entry.forward_path);
  Outcome outcome;
  std::string address = proto::smtp::path_text(entry.forward_path);
  if (where.kind == directory::Resolution::no_such_user) {
    outcome = failed("5.1.1", "there is no " + address + " here");
  } else if (where.kind == directory::Resolution::not_local) {
    // The domain was ours a moment ago; the next attempt will know.
    outcome = delayed("4.3.5", "it has just changed where " + address + " leads");
  } else {
    outcome.kind = where.forwards.empty() ? Outcome::delivered : Outcome::expanded;
    outcome.status = "2.1.5";
    outcome.dsn_passed_on = has_stand_in(where);
    for (const directory::Account& account : where.accounts) {
      if (account.disabled) outcome = failed("5.2.1", address + " takes no mail");
      bool room = co_await has_room(directory, account, message.size_octets + message.prefix.size());
      if (!room && outcome.kind != Outcome::failed)
        outcome = delayed("4.2.2", "the mailbox of " + address + " is full");
    }
  }
  if (outcome.kind == Outcome::delivered || outcome.kind == Outcome::expanded) {
    settlement.local =
        LocalDelivery{.recipient = std::move(address), .accounts = where.accounts, .onward = {}};
    for (const mail::Address& onward : where.forwards)
      settlement.local->onward.push_back(
          {queue.new_id(), message.id, onward, entry.orcpt, onward_notify(entry.notify, where)});
  }
  settlement.results.push_back({std::move(entry), std::move(outcome)});
  settlement.message = std::move(message);
  co_return settlement;
}

}  // namespace pabal::deliver
