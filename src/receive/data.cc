// DATA (RFC 5321 §4.1.1.4).
#include "proto/smtp/data.h"

#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

namespace replies = smtp::replies;

rt::Task<void> Session::on(smtp::Data) {
  if (!tx_) co_return reply(replies::mail_first());
  if (tx_->chunking) co_return reply(replies::data_after_bdat());
  // RFC 3030 §3: binary only ever comes by BDAT.
  if (tx_->envelope.body == smtp::Body::binary_mime) co_return reply(replies::data_needs_bdat());
  if (tx_->envelope.recipients.empty()) co_return reply(no_recipients());

  reply(replies::start_data());
  smtp::DataReader reader(smtpd_.options_.message_octets_max);
  if (tx_->declared_size) tx_->message.reserve(std::min<uint64_t>(*tx_->declared_size, 1 << 20));
  for (;;) {
    smtp::DataReader::Progress progress = reader.feed(connection_.buffered(), tx_->message);
    connection_.consume(progress.consumed);
    // What will be refused need not be kept.
    bool refused = reader.too_big() || (reader.has_bare_line_end() && !may_relay());
    if (refused) std::string().swap(tx_->message);
    count_received(tx_->message.size());
    if (progress.done) break;
    // To its end, so that the reply can be heard; but a mail without an end has none.
    if (reader.size_octets() / 2 > smtpd_.options_.message_octets_max) {
      closing_ = true;
      break;
    }
    if (!has_room(0)) {
      tx_->spoilt = true;
      std::string().swap(tx_->message);
    }
    co_await read_more();
  }
  tx_->octets = reader.size_octets();
  tx_->bare_line_end = reader.has_bare_line_end();
  co_await finish_message();
}

// Waits for more of a message; a stopping server still takes it to its end.
rt::Task<void> Session::read_more() {
  for (;;) {
    switch (connection_.fill()) {
      case io::Connection::Fill::some:
        co_return;
      case io::Connection::Fill::eof:
        throw io::IoError(io::IoFault::closed, peer_.to_string() + " closed the connection inside a message");
      case io::Connection::Fill::nothing:
        break;
    }
    Instant deadline = after(smtpd_.options_.data_timeout);
    co_await connection_.flush(deadline);
    co_await io::wait_readable(connection_.stream(), deadline);
    if (*smtpd_.cut_off()) throw io::IoError(io::IoFault::closed, "shut down before the message was whole");
  }
}

}  // namespace pabal::receive
