// MAIL (RFC 5321 §4.1.1.2).
#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

namespace replies = smtp::replies;

rt::Task<smtp::Reply> Session::on(smtp::MailFrom command) {
  if (helo_.empty()) co_return replies::hello_first();
  if (tx_) co_return replies::nested_mail();
  if (authenticated_) {
    bool stays = co_await smtpd_.directory_.may_stay(*authenticated_, login_seen_);
    if (!stays) authenticated_.reset();
    if (!stays) co_return replies::auth_required();
  }
  if (visitor_.listener.service == Service::submission && !may_relay()) {
    bool could_login = auth_allowed() || visitor_.listener.tls != tls::Mode::starttls;
    co_return could_login ? replies::auth_required() : replies::tls_required();
  }
  if (command.size.value_or(0) > smtpd_.options_.message_octets_max) {
    co_return replies::too_big(smtpd_.options_.message_octets_max);
  }
  if (!has_room(command.size.value_or(0))) co_return replies::insufficient_storage();
  if (!command.path.is_null()) {
    bool complete_now = co_await complete(*command.path.address);
    if (!complete_now) co_return replies::domain_missing(true, command.path.to_text());
  }
  // A user sends under addresses that are his (RFC 6409 §6.1).
  if (authenticated_ && !command.path.is_null()) {
    bool his = co_await smtpd_.directory_.may_send_as(authenticated_->id, *command.path.address);
    if (!his) co_return replies::sender_not_yours(command.path.to_text());
  }

  tx_ = std::make_unique<MailTransaction>();
  tx_->declared_size = command.size;
  intake::Envelope& envelope = tx_->envelope;
  envelope.reverse_path = std::move(command.path);
  envelope.body = command.body;
  envelope.smtputf8 = command.smtputf8;
  // RFC 3461 §4.3 lets us return less than is asked for.
  envelope.ret = may_ask_for_reports() ? command.ret : smtp::Ret::headers;
  envelope.envid = std::move(command.envid);
  co_return replies::sender_ok();
}

}  // namespace pabal::receive
