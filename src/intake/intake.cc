#include "intake/intake.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "intake/trace.h"
#include "queue/records.h"
#include "store/deliveries.h"
#include "store/hash.h"
#include "store/mailboxes.h"

namespace pabal::intake {

namespace {

// An address that an alias names in place of the recipient, with nobody beside
// it: his wishes go there, and nothing is reported here (RFC 3461 §5.2.7.2).
bool has_stand_in(const Recipient& recipient) {
  return recipient.where.accounts.empty() && recipient.where.forwards.size() == 1;
}

// Its only mailbox is full: success will be reported when it is one.
bool waits(const Recipient& recipient, const std::set<AccountId>& full) {
  const directory::Resolution& where = recipient.where;
  return where.accounts.size() == 1 && where.forwards.empty() && full.contains(where.accounts.front().id);
}

// Behind an alias of several, success is told by us as "expanded" and by nobody
// else (RFC 3461 §5.2.7.3 (c)).
proto::smtp::NotifySet onward_notify(const Recipient& recipient, const std::set<AccountId>& full = {}) {
  proto::smtp::NotifySet notify = recipient.notify;
  bool told = recipient.where.kind == directory::Resolution::local && !has_stand_in(recipient) &&
              !waits(recipient, full);
  if (!told || !notify.success) return notify;
  notify.success = false;
  // Who asked for success alone does not want to hear of failures either.
  notify.never = notify.is_unset();
  return notify;
}

// "postmaster" stands alone (RFC 5321 §4.1.1.3); the queue goes by domains.
mail::Address with_domain(mail::Address path, const directory::Account& account) {
  if (path.domain.empty()) path.domain = account.address.substr(account.address.rfind('@') + 1);
  return path;
}

std::string join_paths(const std::vector<Recipient>& recipients) {
  std::string out;
  for (const Recipient& r : recipients) {
    if (!out.empty()) out += ", ";
    out += proto::smtp::path_text(r.path);
  }
  return out;
}

journey::Event accepted_event(const Incoming& incoming, uint64_t size_octets, Time now) {
  const Origin& origin = incoming.origin;
  journey::Event event{now, "accepted", {}};
  auto fact = [&](const char* name, std::string value) {
    if (!value.empty()) event.facts.emplace_back(name, std::move(value));
  };
  fact("from", "<" + incoming.envelope.reverse_path.to_text() + ">");
  fact("to", join_paths(incoming.envelope.recipients));
  fact("by", origin.peer.empty() ? "this server" : printable(origin.helo, 255) + " [" + origin.peer + "]");
  fact("account", origin.account);
  fact("protocol", origin.protocol);
  fact("tls", origin.tls);
  fact("size", std::to_string(size_octets));
  fact("envid", incoming.envelope.envid);
  return event;
}

}  // namespace

bool Staged::run(store::Transaction& tx, const store::NewBlob& stored) const {
  std::vector<journey::Event> events = events_;
  store::insert_message(tx, message_, stored);
  bool queued = !entries_.empty();
  for (const Local& local : locals_) queued |= !deliver(tx, local, events);
  for (const queue::NewEntry& entry : entries_) {
    queue::insert(tx, entry);
    events.push_back({tx.now, "queued", {{"to", proto::smtp::path_text(entry.forward_path)}}});
  }
  journey::record(tx, message_.id, events);
  return queued;
}

void Staged::expect_room(store::Transaction& tx) const {
  if (refuses_when_full_) return;  // run() says so
  Full found;
  for (const Local& local : locals_) {
    if (!local.full && !has_room(tx, local)) found.accounts.insert(local.account.id);
  }
  if (!found.accounts.empty()) throw std::move(found);
}

bool Staged::has_room(store::Transaction& tx, const Local& local) const {
  const uint64_t octets = message_.size_octets + message_.prefix.size() + local.told.size();
  return store::has_room(tx.db, local.account.id, static_cast<int64_t>(octets));
}

// False: it is full, and the mail waits for it in the queue.
bool Staged::deliver(store::Transaction& tx, const Local& local, std::vector<journey::Event>& events) const {
  const directory::Account& account = local.account;
  if (!local.told.empty()) store::tell_delivery(tx, message_.id, account.id, local.told);
  const bool full = local.full || !has_room(tx, local);
  if (full && refuses_when_full_) throw OverQuota(local.recipient);
  if (full) {
    queue::insert(tx, local.waiting);
    events.push_back(
        {tx.now,
         "queued",
         {{"to", local.recipient}, {"because", "the mailbox of " + account.address + " is full"}}});
    return false;
  }
  Uid uid = store::append(tx, account.id, account.inbox, message_, 0);
  events.push_back({tx.now,
                    "delivered",
                    {{"to", local.recipient},
                     {"mailbox", account.address + "/INBOX"},
                     {"uid", std::to_string(uid.value)}}});
  return true;
}

// By which addresses the mail comes to each of locals_: in the prefix if that is the
// same for all, else beside it for each of them.
void Staged::tell_deliveries(const std::vector<std::vector<mail::Address>>& came_by) {
  if (came_by.empty()) return;
  message_.deliveries =
      std::ranges::any_of(came_by, [&](const auto& other) { return other != came_by.front(); });
  if (!message_.deliveries) message_.prefix += delivery_fields(came_by.front());
  for (size_t i = 0; message_.deliveries && i < locals_.size(); ++i)
    locals_[i].told = delivery_fields(came_by[i]);
}

Ready Intake::stage(Incoming incoming, const std::set<AccountId>& full) {
  Time now = world_.clock.now();
  const Envelope& envelope = incoming.envelope;
  auto staged = std::make_shared<Staged>();

  store::MessageRecord& message = staged->message_;
  message.id = MessageId{store_.new_id()};
  message.reverse_path = envelope.reverse_path.to_text();
  message.envid = envelope.envid;
  message.ret = static_cast<store::Ret>(envelope.ret);
  message.body = static_cast<store::BodyType>(envelope.body);
  message.smtputf8 = envelope.smtputf8;
  message.hash = store::sha256(incoming.bytes);
  message.size_octets = incoming.bytes.size();
  message.received_at = now;

  staged->events_ = std::move(incoming.events);
  staged->events_.push_back(accepted_event(incoming, message.size_octets, now));

  // Each account gets one copy however many of the recipients lead to it, and
  // each address elsewhere one transmission.
  std::map<AccountId, size_t> accounts;             // in locals_
  std::vector<std::vector<mail::Address>> came_by;  // as locals_
  std::set<std::string> elsewhere;
  for (const Recipient& recipient : envelope.recipients) {
    for (const directory::Account& account : recipient.where.accounts) {
      auto [known, is_new] = accounts.emplace(account.id, staged->locals_.size());
      if (is_new) {
        queue::NewEntry waiting{queue_.new_id(),
                                message.id,
                                with_domain(recipient.path, account),
                                recipient.orcpt,
                                onward_notify(recipient, full),
                                account.id};
        staged->locals_.push_back({account,
                                   proto::smtp::path_text(recipient.path),
                                   std::move(waiting),
                                   {},
                                   full.contains(account.id)});
        came_by.emplace_back();
      }
      came_by[known->second].push_back(recipient.path);
    }
    std::vector<mail::Address> onward = recipient.where.forwards;
    if (recipient.where.kind == directory::Resolution::not_local) onward = {recipient.path};
    for (mail::Address& address : onward) {
      if (!elsewhere.insert(proto::smtp::path_text(address)).second) continue;
      staged->entries_.push_back(
          {queue_.new_id(), message.id, std::move(address), recipient.orcpt, onward_notify(recipient), {}});
    }
  }
  message.prefix = return_path_field(envelope.reverse_path);
  staged->tell_deliveries(came_by);
  message.prefix += received_field(incoming, options_.hostname, journey::trace_id(message.id), now);
  // A first line that begins with a blank must not become part of our last field.
  bool blank = incoming.bytes.starts_with(' ') || incoming.bytes.starts_with('\t');
  if (blank) message.prefix += "\r\n";

  bool ours = incoming.origin.peer.empty();  // a report: nobody is there who could keep it
  staged->refuses_when_full_ = !ours && staged->locals_.size() == 1 && staged->entries_.empty();
  store::NewBlob blob{.bytes = std::move(incoming.bytes), .hash = message.hash, .location = {}};
  return {std::move(blob), std::move(staged)};
}

rt::Task<MessageId> Intake::accept(Incoming incoming) {
  std::set<AccountId> full;
  for (;;) {
    std::optional<Incoming> answer = co_await delivered_report(incoming, full);
    std::optional<Incoming> again;  // should the answer prove untrue
    if (answer) again = incoming;
    try {
      co_return co_await commit(std::move(incoming), std::move(answer), full);
    } catch (Full& found) {
      full.merge(found.accounts);
    }
    incoming = std::move(*again);
  }
}

rt::Task<MessageId> Intake::commit(Incoming incoming, std::optional<Incoming> answer,
                                   std::set<AccountId> full) {
  std::vector<Ready> ready;
  ready.push_back(stage(std::move(incoming), full));
  if (answer) ready.push_back(stage(std::move(*answer)));

  store::NewBlobs blobs;
  StagedMails mails;
  for (Ready& one : ready) {
    blobs.push_back(std::move(one.blob));
    mails.push_back(std::move(one.mail));
  }
  auto work = [](store::Transaction& tx, const store::NewBlobs& stored, const StagedMails& staged) {
    const bool reports = staged.size() > 1;
    if (reports) staged.front()->expect_room(tx);
    bool queued = false;
    for (size_t i = 0; i < staged.size(); ++i) queued |= staged[i]->run(tx, stored[i]);
    return queued;
  };
  bool queued = co_await store_.commit(std::move(blobs), work, mails);
  if (queued) queue_.notify();
  co_return mails.front()->id();
}

// RFC 3461 §5.2.1: who asked for it is told that the mail is in the mailbox; an
// address that leads on elsewhere is "expanded" for the sender (§5.2.7.3).
rt::Task<std::optional<Incoming>> Intake::delivered_report(const Incoming& mail,
                                                           const std::set<AccountId>& full) {
  const Envelope& envelope = mail.envelope;
  proto::dsn::Report report;
  for (const Recipient& recipient : envelope.recipients) {
    if (!recipient.notify.success || recipient.where.kind != directory::Resolution::local) continue;
    if (has_stand_in(recipient) || waits(recipient, full)) continue;
    auto is_full = [&](const directory::Account& account) { return full.contains(account.id); };
    const bool all_here =
        recipient.where.forwards.empty() && std::ranges::none_of(recipient.where.accounts, is_full);
    proto::dsn::RecipientStatus status;
    if (recipient.orcpt)
      status.original_recipient = recipient.orcpt->addr_type + ";" + recipient.orcpt->address;
    status.final_recipient = proto::smtp::path_text(recipient.path);
    status.action = all_here ? proto::dsn::Action::delivered : proto::dsn::Action::expanded;
    status.status = "2.1.5";
    report.recipients.push_back(std::move(status));
  }
  if (report.recipients.empty() || envelope.reverse_path.is_null()) co_return std::nullopt;
  report.to = *envelope.reverse_path.address;
  report.arrival = world_.clock.now();
  report.envid = envelope.envid;
  report.original = mail.bytes;
  report.return_full = false;  // RFC 3461 §4.3: RET is about failures
  report.utf8 = envelope.smtputf8;
  co_return co_await this->report(std::move(report));
}

rt::Task<std::optional<Incoming>> Intake::report(proto::dsn::Report report) {
  report.reporting_mta = options_.hostname;
  // Whoever answers reaches a mailbox: the hostname itself need not be a domain of ours.
  std::string domain = co_await directory_.default_domain();
  report.from = mail::Address{"postmaster", domain.empty() ? options_.hostname : domain};
  report.now = world_.clock.now();
  report.boundary_token = world_.random.token(24);
  report.message_id = world_.random.token(20) + "@" + options_.hostname;

  Incoming incoming;
  incoming.origin.protocol = "internal";
  Recipient recipient;
  recipient.path = report.to;
  recipient.notify.never = true;
  recipient.where = co_await directory_.resolve(report.to);
  if (recipient.where.kind == directory::Resolution::no_such_user) co_return std::nullopt;
  bool failure = std::ranges::any_of(
      report.recipients, [](const auto& status) { return status.action == proto::dsn::Action::failed; });
  if (!failure && recipient.where.kind == directory::Resolution::not_local &&
      !report_limit_.admit(mail::to_string(report.to), report.now)) {
    world_.log.info("intake.report_left_out", {{"to", mail::to_string(report.to)}});
    co_return std::nullopt;
  }
  incoming.envelope.recipients.push_back(std::move(recipient));
  incoming.envelope.smtputf8 = report.utf8;
  incoming.bytes = proto::dsn::build(report);
  if (!is_ascii(incoming.bytes)) incoming.envelope.body = proto::smtp::Body::eight_bit_mime;
  co_return incoming;
}

}  // namespace pabal::intake
