// The TRANSACTION state's view of the maildrop, and the UPDATE state: QUIT is
// the only command that removes anything (RFC 1939 §5, §6).
#include "serve/pop3/session.h"
#include "store/mailboxes.h"

namespace pabal::serve::pop3 {

namespace wire = proto::pop3;

Session::Totals Session::totals() const {
  Totals all;
  for (const Entry& entry : mails_) {
    if (entry.deleted) continue;
    ++all.messages;
    all.octets += entry.size_octets;
  }
  return all;
}

Reply Session::maildrop_reply() const {
  Totals all = totals();
  return ok(Text::maildrop, {std::to_string(all.messages), std::to_string(all.octets)});
}

std::optional<Reply> Session::refuse_number(uint32_t number) const {
  if (number == 0 || number > mails_.size())
    return err("", Text::no_such_message, {std::to_string(mails_.size())});
  if (mails_[number - 1].deleted) return err("", Text::already_deleted, {std::to_string(number)});
  return std::nullopt;
}

// RFC 1939 §7 wants it never to be used again in this maildrop; UIDVALIDITY and
// UID together promise just that (RFC 9051 §2.3.1.1).
std::string Session::unique_id(const Entry& entry) const {
  return std::to_string(uid_validity_.value) + "." + std::to_string(entry.uid.value);
}

rt::Task<Reply> Session::on(wire::Stat) {
  Totals all = totals();
  co_return Reply{.status = "+OK " + std::to_string(all.messages) + " " + std::to_string(all.octets)};
}

rt::Task<Reply> Session::on(wire::List command) {
  if (command.number) {
    if (auto refused = refuse_number(*command.number)) co_return *refused;
    const Entry& entry = mails_[*command.number - 1];
    co_return Reply{.status =
                        "+OK " + std::to_string(*command.number) + " " + std::to_string(entry.size_octets)};
  }
  Reply reply = maildrop_reply();
  for (size_t i = 0; i < mails_.size(); ++i) {
    if (mails_[i].deleted) continue;
    reply.lines += std::to_string(i + 1) + " " + std::to_string(mails_[i].size_octets) + "\r\n";
  }
  reply.lines += ".\r\n";
  co_return reply;
}

rt::Task<Reply> Session::on(wire::Uidl command) {
  if (command.number) {
    if (auto refused = refuse_number(*command.number)) co_return *refused;
    co_return Reply{.status = "+OK " + std::to_string(*command.number) + " " +
                              unique_id(mails_[*command.number - 1])};
  }
  Reply reply = ok(Text::ids_follow);
  for (size_t i = 0; i < mails_.size(); ++i) {
    if (mails_[i].deleted) continue;
    reply.lines += std::to_string(i + 1) + " " + unique_id(mails_[i]) + "\r\n";
  }
  reply.lines += ".\r\n";
  co_return reply;
}

rt::Task<Reply> Session::on(wire::Dele command) {
  if (auto refused = refuse_number(command.number)) co_return *refused;
  mails_[command.number - 1].deleted = true;
  co_return ok(Text::marked, {std::to_string(command.number)});
}

rt::Task<Reply> Session::on(wire::Rset) {
  for (Entry& entry : mails_) entry.deleted = false;
  co_return maildrop_reply();
}

rt::Task<Reply> Session::on(wire::Noop) {
  co_return ok(Text::noop);
}

rt::Task<Reply> Session::on(wire::Quit) {
  store::UidRanges uids;
  size_t deleted = 0;
  for (const Entry& entry : mails_) {
    if (!entry.deleted) continue;
    store::add_to(uids, entry.uid);
    ++deleted;
  }
  if (!uids.empty()) {
    auto work = [](store::Transaction& tx, AccountId account, MailboxId inbox, const store::UidRanges& gone) {
      store::expunge(tx, account, inbox, gone);
    };
    co_await context_.store.write(work, account_.id, account_.inbox, uids);
    deleted_ = deleted;
    context_.counters.deleted += deleted;
  }
  // Before the reply: the client may be back the moment it has read it.
  lock_.reset();
  Reply reply = uids.empty() ? ok(Text::bye) : ok(Text::bye_deleted, {std::to_string(deleted)});
  reply.then = Reply::Then::close;
  co_return reply;
}

}  // namespace pabal::serve::pop3
