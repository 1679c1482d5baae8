// A whole message has arrived, by DATA or BDAT: refuse it or take
// responsibility for it (RFC 5321 §6.1).
#include <algorithm>

#include "base/bytes.h"
#include "intake/trace.h"
#include "proto/smtp/data.h"
#include "proto/smtp/replies.h"
#include "receive/session.h"
#include "receive/submission.h"

namespace pabal::receive {

namespace replies = smtp::replies;

// RFC 2033 §4.2 wants 503 of LMTP, RFC 5321 §3.3 leaves the choice.
smtp::Reply Session::no_recipients() const {
  return is_lmtp() ? replies::rcpt_first() : replies::no_valid_recipients();
}

rt::Task<void> Session::finish_message() {
  const Instant complete = rt::Loop::current().now();
  std::vector<std::string> recipients;
  for (const intake::Recipient& r : tx_->envelope.recipients) recipients.push_back(smtp::path_text(r.path));

  // The end of the message is behind us, found by CRLF.CRLF or the length of the
  // chunk: what a user's script or printer takes for line ends smuggles nothing now.
  if (tx_->bare_line_end && may_relay()) {
    tx_->message = smtp::with_crlf_line_ends(tx_->message, !tx_->chunking);
    tx_->octets = std::max<uint64_t>(tx_->octets, tx_->message.size());
    tx_->bare_line_end = false;
  }
  std::optional<smtp::Reply> refused = refusal(*tx_);
  if (!refused && is_ours()) refused = co_await complete_submission(*tx_);
  if (refused) {
    ++smtpd_.counters_.refused_messages;
    reply_to_message(*refused, {}, recipients);
    end_transaction();
    co_return;
  }

  intake::Incoming incoming;
  incoming.origin = origin(*tx_);
  incoming.envelope = std::move(tx_->envelope);
  incoming.bytes = std::move(tx_->message);
  std::string from = incoming.envelope.reverse_path.to_text();
  size_t octets = incoming.bytes.size();
  smtp::Reply answer;
  std::string id;
  try {
    MessageId accepted = co_await smtpd_.intake_.accept(std::move(incoming));
    id = journey::trace_id(accepted);
    answer = replies::accepted(id);
    errors_ = 0;  // the budget is for those who only try
    ++smtpd_.counters_.messages;
    smtpd_.counters_.acceptance.observe(rt::Loop::current().now() - complete);
    smtpd_.counters_.octets += octets;
    smtpd_.world_.log.info("smtp.accepted", {{"id", id},
                                             {"peer", peer_.to_string()},
                                             {"from", from},
                                             {"recipients", recipients.size()},
                                             {"octets", octets}});
  } catch (const intake::OverQuota& e) {
    answer = replies::over_quota(e.recipient());
  } catch (const store::StoreError& e) {
    smtpd_.world_.log.error("smtp.store_failed", {{"peer", peer_.to_string()}, {"reason", e.what()}});
    answer = e.full() ? replies::insufficient_storage() : replies::storage_problem();
  }
  reply_to_message(answer, id, recipients);
  end_transaction();
}

// LMTP answers once per recipient (RFC 2033 §4.2), SMTP once.
void Session::reply_to_message(const smtp::Reply& one, std::string_view id,
                               const std::vector<std::string>& recipients) {
  if (!is_lmtp()) return reply(one);
  for (const std::string& recipient : recipients) {
    reply(one.is_positive() ? replies::delivered(id, recipient) : one);
  }
}

std::optional<smtp::Reply> Session::refusal(const MailTransaction& tx) const {
  const SmtpdOptions& options = smtpd_.options_;
  if (tx.octets > options.message_octets_max) return replies::too_big(options.message_octets_max);
  if (tx.bare_line_end) return replies::bare_line_end_in_data();
  if (tx.spoilt) return replies::insufficient_storage();
  int received = intake::received_count(tx.message);
  if (received > options.received_max) return replies::loop_detected(static_cast<uint64_t>(received));
  return std::nullopt;
}

// RFC 6409 §8: what is missing is added; what would harm others is refused.
rt::Task<std::optional<smtp::Reply>> Session::complete_submission(MailTransaction& tx) {
  Completion with{.from = tx.envelope.reverse_path.to_text(),
                  .now = smtpd_.world_.clock.now(),
                  .message_id = smtpd_.world_.random.token(20) + "@" + smtpd_.options_.hostname};
  if (with.from.empty()) {
    std::string domain = co_await smtpd_.directory_.default_domain();
    with.from = authenticated_ ? authenticated_->address : "mailer-daemon@" + domain;
  }
  complete_header(tx.message, with);
  if (!is_submission()) co_return std::nullopt;
  std::expected<std::vector<mail::Address>, std::string> addresses =
      responsible_addresses(tx.message, tx.envelope.smtputf8);
  if (!addresses) co_return replies::malformed_header(addresses.error());
  if (!authenticated_) co_return std::nullopt;
  for (const mail::Address& address : *addresses) {
    bool his = co_await smtpd_.directory_.may_send_as(authenticated_->id, address);
    if (!his) co_return replies::sender_not_yours(smtp::path_text(address));
  }
  co_return std::nullopt;
}

// The names of RFC 3848 and RFC 6531 §4.3.
intake::Origin Session::origin(const MailTransaction& tx) const {
  intake::Origin origin;
  std::string base = is_lmtp() ? "LMTP" : extended_ ? "ESMTP" : "SMTP";
  if (tx.envelope.smtputf8) base = is_lmtp() ? "UTF8LMTP" : "UTF8SMTP";
  // There is no name for plain SMTP over TLS.
  bool plain = base == "SMTP";
  origin.protocol = base + (!visitor_.secured || plain ? "" : "S") + (authenticated_ ? "A" : "");
  origin.helo = helo_;
  origin.peer = local_socket_ ? "local" : peer_.to_string();
  origin.tls = visitor_.secured.cipher;
  if (authenticated_) origin.account = authenticated_->address;
  origin.submission = is_submission();
  return origin;
}

bool Session::has_room(uint64_t more) const {
  return smtpd_.receiving_octets_ + more <= smtpd_.options_.receiving_octets_max;
}

void Session::count_received(uint64_t octets) {
  smtpd_.receiving_octets_ += octets - held_octets_;
  held_octets_ = octets;
}

void Session::end_transaction() {
  count_received(0);
  tx_.reset();
}

}  // namespace pabal::receive
