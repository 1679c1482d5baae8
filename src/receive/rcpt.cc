// RCPT (RFC 5321 §4.1.1.3): does the address lead anywhere, and may this
// client send there?
#include "base/bytes.h"
#include "proto/smtp/replies.h"
#include "receive/session.h"
#include "store/quota.h"

namespace pabal::receive {

namespace replies = smtp::replies;

rt::Task<smtp::Reply> Session::on(smtp::RcptTo command) {
  if (!tx_) co_return replies::mail_first();
  if (tx_->envelope.recipients.size() >= smtpd_.options_.recipients_max) {
    co_return replies::too_many_recipients(smtpd_.options_.recipients_max);
  }
  // RFC 5321 §4.1.1.3: to the postmaster everybody may write so.
  if (!iequals(command.path.local, "postmaster")) {
    bool complete_now = co_await complete(command.path);
    if (!complete_now) co_return replies::domain_missing(false, smtp::path_text(command.path));
  }
  std::string text = smtp::path_text(command.path);
  if (smtp::needs_smtputf8(command.path) && !tx_->envelope.smtputf8) co_return replies::smtputf8_needed();

  if (!may_ask_for_reports() && command.notify.success) {
    command.notify.success = false;
    // Who asked for success alone does not want to hear of failures either.
    command.notify.never = command.notify.is_unset();
  }
  intake::Recipient recipient{std::move(command.path), command.notify, std::move(command.orcpt), {}};
  recipient.where = co_await smtpd_.directory_.resolve(recipient.path);
  switch (recipient.where.kind) {
    case directory::Resolution::not_local:
      if (!may_relay() || is_lmtp()) {
        ++smtpd_.counters_.refused_recipients;
        co_return replies::relay_denied(text);
      }
      break;
    case directory::Resolution::no_such_user:
      ++smtpd_.counters_.refused_recipients;
      co_return replies::no_such_user(text);
    case directory::Resolution::local:
      break;
  }
  // Of an alias each member stands for himself: who has no room is waited for.
  const directory::Resolution& where = recipient.where;
  if (where.accounts.size() == 1 && where.forwards.empty()) {
    bool full = co_await over_quota(where.accounts.front());
    if (full) co_return replies::over_quota(text);
  }
  tx_->envelope.recipients.push_back(std::move(recipient));
  co_return replies::recipient_ok();
}

rt::Task<bool> Session::complete(mail::Address& address) {
  if (!address.domain.empty()) co_return true;
  if (may_relay() || is_lmtp()) address.domain = co_await smtpd_.directory_.default_domain();
  co_return !address.domain.empty();
}

rt::Task<bool> Session::over_quota(const directory::Account& account) {
  if (account.quota_octets == 0) co_return false;
  store::Usage usage = co_await smtpd_.directory_.usage(account.id);
  co_return !store::has_room(usage, tx_->declared_size.value_or(1));
}

}  // namespace pabal::receive
