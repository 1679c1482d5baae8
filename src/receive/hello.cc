// HELO, EHLO and LHLO (RFC 5321 §4.1.1.1, RFC 2033 §4.1).
#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

smtp::Reply Session::on(smtp::Helo command) {
  return is_lmtp() ? smtp::replies::lhlo_only() : hello(std::move(command.domain), false);
}

smtp::Reply Session::on(smtp::Ehlo command) {
  return is_lmtp() ? smtp::replies::lhlo_only() : hello(std::move(command.domain), true);
}

smtp::Reply Session::on(smtp::Lhlo command) {
  return is_lmtp() ? hello(std::move(command.domain), true) : smtp::replies::lhlo_not_here();
}

smtp::Reply Session::hello(std::string domain, bool extended) {
  end_transaction();
  helo_ = std::move(domain);
  extended_ = extended;
  if (!extended) return smtp::replies::helo(smtpd_.options_.hostname);
  return smtp::replies::ehlo(smtpd_.options_.hostname, offered());
}

smtp::Capabilities Session::offered() const {
  smtp::Capabilities offer;
  offer.host = smtpd_.options_.hostname;
  offer.size = true;
  offer.size_max = smtpd_.options_.message_octets_max;
  offer.pipelining = true;
  offer.eight_bit_mime = true;
  offer.smtputf8 = true;
  offer.chunking = true;
  offer.binary_mime = true;
  offer.enhanced_status_codes = true;
  // On a submission port nobody says EHLO again once he has logged in.
  offer.dsn = may_ask_for_reports() || visitor_.listener.service == Service::submission;
  offer.start_tls = smtpd_.offers_starttls(visitor_);
  if (auth_allowed()) offer.auth = directory::Gate::mechanisms(visitor_);
  offer.limits.rcpt_max = smtpd_.options_.recipients_max;
  offer.help = true;
  offer.vrfy = true;
  return offer;
}

}  // namespace pabal::receive
