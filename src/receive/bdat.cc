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
  bool in_order = tx_ && !tx_->envelope.recipients.empty();
  if (in_order) tx_->chunking = true;

  // The octets of the chunk come whatever we think of the command (§2).
  for (uint64_t left = command.size; left > 0;) {
    if (connection_.buffered().empty()) co_await read_more();
    std::string_view piece = connection_.buffered().substr(0, left);
    if (in_order) take_chunk(piece);
    left -= piece.size();
    connection_.consume(piece.size());
  }

  if (!tx_) co_return reply(replies::mail_first());
  if (!in_order) co_return reply(no_recipients());
  if (command.last) {
    if (tx_->last_octet == '\r') tx_->bare_line_end = true;
    co_return co_await finish_message();
  }
  reply(replies::chunk_ok(command.size));
}

void Session::take_chunk(std::string_view piece) {
  MailTransaction& tx = *tx_;
  tx.octets += piece.size();
  if (tx.envelope.body != smtp::Body::binary_mime && !tx.bare_line_end) {
    tx.bare_line_end = has_bare_line_end(piece, tx.last_octet);
  }
  tx.last_octet = piece.back();
  if (tx.octets > smtpd_.options_.message_octets_max || tx.bare_line_end || !has_room(piece.size())) {
    tx.spoilt |= !has_room(piece.size());
    std::string().swap(tx.message);
  } else if (!tx.spoilt) {
    tx.message += piece;
  }
  count_received(tx.message.size());
}

}  // namespace pabal::receive
