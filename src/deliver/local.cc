#include "deliver/local.h"

#include <algorithm>

#include "base/verify.h"
#include "intake/trace.h"
#include "proto/smtp/path.h"
#include "queue/records.h"
#include "store/deliveries.h"
#include "store/mailboxes.h"
#include "store/quota.h"

namespace pabal::deliver {

namespace {

// Octets of one copy, with what tells its reader for whom it came; it was not told
// when the mail came if it was not for them then.
uint64_t copy_octets(const store::MessageRecord& message, std::string_view told) {
  uint64_t octets = message.size_octets + message.prefix.size();
  return intake::has_delivery_fields(message.prefix) ? octets : octets + told.size();
}

void keep_only(directory::Resolution& where, AccountId account) {
  std::erase_if(where.accounts, [account](const directory::Account& a) { return a.id != account; });
  where.forwards.clear();
  if (where.accounts.empty()) where.kind = directory::Resolution::no_such_user;
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

Outcome no_room(const std::string& recipient) {
  return delayed("4.2.2", "the mailbox of " + recipient + " is full");
}

std::vector<AccountId> newly_full(store::Database& db, const store::MessageRecord& message,
                                  const LocalDelivery& local) {
  const auto octets = static_cast<int64_t>(copy_octets(message, local.told));
  std::vector<AccountId> found;
  for (const LocalCopy& copy : local.copies) {
    if (!copy.full && !store::has_room(db, copy.account.id, octets)) found.push_back(copy.account.id);
  }
  return found;
}

}  // namespace

void carry_out(store::Transaction& tx, const store::MessageRecord& message, const LocalDelivery& local) {
  if (std::vector<AccountId> full = newly_full(tx.db, message, local); !full.empty())
    throw Full{std::move(full)};
  bool untold = !intake::has_delivery_fields(message.prefix);
  store::MessageRecord record = message;
  record.deliveries |= untold;
  for (const LocalCopy& copy : local.copies) {
    const directory::Account& account = copy.account;
    if (untold) store::tell_delivery(tx, message.id, account.id, local.told);
    // Each stands for itself: the others do not wait for one that is full.
    if (copy.full) {
      queue::insert(tx, copy.waiting);
      journey::record(
          tx, message.id,
          {{tx.now,
            "queued",
            {{"to", local.recipient}, {"because", "the mailbox of " + account.address + " is full"}}}});
      continue;
    }
    Uid uid = store::append(tx, account.id, account.inbox, record, 0);
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

void wait_for_room(Settlement& settlement, const Full& full) {
  verify(settlement.local && settlement.results.size() == 1, "one recipient leads here");
  LocalDelivery& local = *settlement.local;
  Outcome& outcome = settlement.results.front().outcome;
  if (local.copies.size() == 1 && local.onward.empty()) {
    outcome = no_room(local.recipient);
    settlement.local.reset();
    return;
  }
  outcome.kind = Outcome::expanded;
  for (LocalCopy& copy : local.copies)
    copy.full |= std::ranges::find(full.accounts, copy.account.id) != full.accounts.end();
}

rt::Task<Settlement> deliver_locally(directory::Directory& directory, queue::Queue& queue,
                                     store::MessageRecord message, queue::Entry entry) {
  Settlement settlement;
  directory::Resolution where = co_await directory.resolve(entry.forward_path);
  if (entry.account) keep_only(where, entry.account);
  Outcome outcome;
  std::string address = proto::smtp::path_text(entry.forward_path);
  std::string told = intake::delivery_fields({entry.forward_path});
  if (where.kind == directory::Resolution::no_such_user) {
    outcome = failed("5.1.1", "there is no " + address + " here");
  } else if (where.kind == directory::Resolution::not_local) {
    // The domain was ours a moment ago; the next attempt will know.
    outcome = delayed("4.3.5", "it has just changed where " + address + " leads");
  } else {
    outcome.kind = where.forwards.empty() ? Outcome::delivered : Outcome::expanded;
    outcome.status = "2.1.5";
    outcome.dsn_passed_on = has_stand_in(where);
    if (where.accounts.size() == 1 && where.forwards.empty()) {
      store::Usage usage = co_await directory.usage(where.accounts.front().id);
      bool full = !store::has_room(usage, copy_octets(message, told));
      if (full) outcome = no_room(address);
    }
  }
  if (outcome.kind == Outcome::delivered || outcome.kind == Outcome::expanded) {
    proto::smtp::NotifySet notify = onward_notify(entry.notify, where);
    LocalDelivery& local = settlement.local.emplace();
    local.recipient = std::move(address);
    local.told = std::move(told);
    for (const directory::Account& account : where.accounts)
      local.copies.push_back(
          {account, {queue.new_id(), message.id, entry.forward_path, entry.orcpt, notify, account.id}});
    for (const mail::Address& onward : where.forwards)
      local.onward.push_back({queue.new_id(), message.id, onward, entry.orcpt, notify, {}});
  }
  settlement.results.push_back({std::move(entry), std::move(outcome)});
  settlement.message = std::move(message);
  co_return settlement;
}

}  // namespace pabal::deliver
