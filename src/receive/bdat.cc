// BDAT (RFC 3030): a message in chunks whose length is told beforehand.
#include <algorithm>

#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

namespace replies = smtp::replies;

namespace {

// True if text has a CR or LF on its own; `before` is the octet before it.
bool has_bare_line_end(std::string_view text, char before) {
  for (size_t at = 0; at < text.size(); ++at) {
    at = std::min(text.find_first_of("\r\n", at), text.size());
    if (at == text.size()) break;
    char previous = at == 0 ? before : text[at - 1];
    if (text[at] == '\n' && previous != '\r') return true;
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] != '\n') return true;
  }
  return before == '\r' && !text.empty() && text[0] != '\n';
}

}  // namespace

rt::Task<void> Session::on(smtp::Bdat command) {
  std::optional<smtp::Reply> refused = chunk_refusal(command.size);
  if (refused) co_return co_await refuse_chunk(command, std::move(*refused));
  tx_->chunking = true;
  co_await read_chunk(command.size);
  if (command.last) {
    if (tx_->last_octet == '\r') tx_->bare_line_end = true;
    co_return co_await finish_message();
  }
  reply(replies::chunk_ok(command.size));
}

std::optional<smtp::Reply> Session::chunk_refusal(uint64_t octets) const {
  if (!tx_) return replies::mail_first();
  if (tx_->envelope.recipients.empty()) return no_recipients();
  const uint64_t max = smtpd_.options_.message_octets_max;
  if (octets > max || tx_->octets > max - octets) return replies::too_big(max);
  return std::nullopt;
}

// The octets of the chunk come whatever we think of the command (RFC 3030 §2). The
// reply goes before them, so that who has gigabytes to send hears it at once; and
// what is more than a mail may have is not worth reading, only to stay in step.
rt::Task<void> Session::refuse_chunk(smtp::Bdat command, smtp::Reply refused) {
  if (tx_ && !tx_->envelope.recipients.empty()) {
    std::vector<std::string> recipients;
    for (const intake::Recipient& r : tx_->envelope.recipients) recipients.push_back(smtp::path_text(r.path));
    if (!command.last) recipients.resize(1);  // LMTP answers for each at the end alone
    ++smtpd_.counters_.refused_messages;
    reply_to_message(refused, {}, recipients);
    end_transaction();
  } else {
    reply(refused);
  }
  co_await connection_.flush(after(smtpd_.options_.write_timeout));
  if (command.size > smtpd_.options_.message_octets_max) closing_ = true;
  if (!closing_) co_await read_chunk(command.size);
}

// Into the transaction if there is one.
rt::Task<void> Session::read_chunk(uint64_t octets) {
  while (octets > 0) {
    if (connection_.buffered().empty()) co_await read_more();
    std::string_view piece = connection_.buffered().substr(0, octets);
    if (tx_) take_chunk(piece);
    octets -= piece.size();
    connection_.consume(piece.size());
  }
}

void Session::take_chunk(std::string_view piece) {
  MailTransaction& tx = *tx_;
  tx.octets += piece.size();
  if (tx.envelope.body != smtp::Body::binary_mime && !tx.bare_line_end) {
    tx.bare_line_end = has_bare_line_end(piece, tx.last_octet);
  }
  tx.last_octet = piece.back();
  bool spoilt_lines = tx.bare_line_end && !may_relay();
  if (tx.octets > smtpd_.options_.message_octets_max || spoilt_lines || !has_room(piece.size())) {
    tx.spoilt |= !has_room(piece.size());
    std::string().swap(tx.message);
  } else if (!tx.spoilt) {
    tx.message += piece;
  }
  count_received(tx.message.size());
}

}  // namespace pabal::receive
