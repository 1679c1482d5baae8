#include "receive/smtpd.h"

#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

std::unique_ptr<listen::Session> Smtpd::open_session(std::unique_ptr<io::Stream> stream,
                                                     listen::Visitor visitor) {
  return std::make_unique<Session>(*this, std::move(stream), std::move(visitor));
}

std::string Smtpd::refusal() const {
  return to_wire(smtp::replies::too_many_connections(options_.hostname));
}

void Smtpd::metrics(MetricsText& text) const {
  text.counter("pabal_messages_accepted_total", "Messages that were answered by 250", counters_.messages);
  text.counter("pabal_accepted_bytes_total", "Size of the accepted messages", counters_.octets);
  text.counter("pabal_messages_refused_total", "Messages refused after DATA or BDAT",
               counters_.refused_messages);
  text.counter("pabal_recipients_refused_total", "Recipients refused", counters_.refused_recipients);
  text.histogram("pabal_message_acceptance_duration_seconds",
                 "From the end of a message to its 250: checks, commit and sync", counters_.acceptance);
}

}  // namespace pabal::receive
