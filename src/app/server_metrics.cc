// What the server tells Prometheus of itself. Names as Prometheus wants them:
// base units (seconds, bytes), counters end in _total, what differs only by
// protocol is one name with a label. docs/operating.md says what to watch.
#include <algorithm>
#include <array>

#include "app/metrics.h"
#include "app/server.h"
#include "app/version.h"
#include "queue/operate.h"

namespace pabal::app {

namespace {

int64_t value(const std::atomic<uint64_t>& counter) {
  return static_cast<int64_t>(counter.load());
}

void add_mail_in(MetricsText& text, const receive::SmtpdCounters& smtp) {
  text.counter("pabal_messages_accepted_total", "Messages that were answered by 250", smtp.messages);
  text.counter("pabal_accepted_bytes_total", "Size of the accepted messages", smtp.octets);
  text.counter("pabal_messages_refused_total", "Messages refused after DATA or BDAT", smtp.refused_messages);
  text.counter("pabal_recipients_refused_total", "Recipients refused", smtp.refused_recipients);
  text.histogram("pabal_message_acceptance_duration_seconds",
                 "From the end of a message to its 250: checks, commit and sync", smtp.acceptance);
}

void add_readers(MetricsText& text, const serve::pop3::Pop3Counters& pop3,
                 const serve::imap::ImapCounters& imap) {
  text.counter("pabal_pop3_messages_total", "Messages retrieved by POP3", pop3.messages);
  text.counter("pabal_pop3_deleted_total", "Messages deleted by POP3", pop3.deleted);
  text.counter("pabal_imap_commands_total", "IMAP commands", imap.commands);
  text.counter("pabal_imap_sent_bytes_total", "Sent to IMAP clients", imap.octets_sent);
  text.counter("pabal_imap_appended_total", "Messages that IMAP clients put into mailboxes", imap.appended);
  text.histogram("pabal_imap_command_duration_seconds",
                 "From a complete IMAP command to its tagged response, IDLE left out",
                 imap.command_durations);
}

void add_mail_out(MetricsText& text, const deliver::Counters& out) {
  text.counter("pabal_delivery_connections_total", "Connections opened to other servers", out.connections);
  text.counter("pabal_delivery_connections_failed_total", "Connections that came to nothing",
               out.connections_failed);
  text.gauge("pabal_delivery_connections", "Connections to other servers open now",
             value(out.connections_open));
  text.counter("pabal_recipients_relayed_total", "Recipients taken by the next server", out.relayed);
  text.counter("pabal_recipients_delayed_total", "Attempts after which a recipient waits", out.delayed);
  text.counter("pabal_recipients_failed_total", "Recipients given up", out.failed);
  text.counter("pabal_reports_total", "Delivery status notifications sent", out.reports);
  text.histogram("pabal_delivery_attempt_duration_seconds",
                 "An attempt to hand a mail to the next server, DNS and connecting included", out.attempts);
}

void add_store(MetricsText& text, const store::Store::Counters& store) {
  text.counter("pabal_store_commits_total", "Transactions committed", store.commits);
  text.counter("pabal_store_units_total", "Units of work in them", store.units);
  text.counter("pabal_store_failed_units_total", "Units of work that failed", store.failed_units);
  text.counter("pabal_store_written_bytes_total", "Bytes of messages written", store.blob_octets);
}

}  // namespace

void Server::add_sessions(MetricsText& text) const {
  const receive::SmtpdCounters& smtp = smtpd_counters_;
  const serve::pop3::Pop3Counters& pop3 = pop3_counters_;
  const serve::imap::ImapCounters& imap = imap_counters_;
  using Row = std::pair<const char*, const std::atomic<uint64_t>*>;
  auto counters = [&](std::string_view name, std::string_view help, std::initializer_list<Row> rows) {
    for (const auto& [protocol, counter] : rows) text.counter(name, help, *counter, {{"protocol", protocol}});
  };
  counters("pabal_sessions_total", "Sessions begun (smtp: submission and LMTP too)",
           {{"smtp", &smtp.sessions}, {"imap", &imap.sessions}, {"pop3", &pop3.sessions}});
  counters("pabal_tls_sessions_total", "Sessions that used TLS",
           {{"smtp", &smtp.tls_sessions}, {"imap", &imap.tls_sessions}, {"pop3", &pop3.tls_sessions}});
  counters("pabal_logins_total", "Logins that succeeded", {{"imap", &imap.logins}, {"pop3", &pop3.logins}});
  counters("pabal_auth_failures_total", "Logins that failed",
           {{"smtp", &smtp.auth_failures}, {"imap", &imap.auth_failures}, {"pop3", &pop3.auth_failures}});
  for (const auto& [protocol, open] : {Row{"smtp", &smtp.open_sessions}, Row{"imap", &imap.open_sessions},
                                       Row{"pop3", &pop3.open_sessions}}) {
    text.gauge("pabal_sessions", "Sessions open now", value(*open), {{"protocol", protocol}});
  }
}

rt::Task<std::string> Server::metrics() {
  MetricsText text;
  text.gauge("pabal_build_info", "1; the version is in the label", 1, {{"version", kVersion}});
  text.gauge("process_start_time_seconds", "When the server was started, in seconds since 1970",
             started_.ms / 1000);
  if (tls_) {
    for (const tls::ServerContext::InUse& certificate : tls_->in_use()) {
      text.gauge("pabal_tls_certificate_expiry_timestamp_seconds",
                 "When the certificate in use ends, in seconds since 1970", certificate.ends.ms / 1000,
                 {{"certificate", certificate.certificate_path}});
    }
  }
  add_sessions(text);
  add_mail_in(text, smtpd_counters_);
  add_readers(text, pop3_counters_, imap_counters_);
  text.counter("pabal_messages_indexed_total", "Messages made ready for lists and searches",
               indexer_.counters().indexed);
  if (deliverer_ != nullptr) add_mail_out(text, deliverer_->counters());
  add_store(text, store_->counters());

  queue::Counts queued = co_await store_->read(queue::count);
  for (const auto& [state, count] : {std::pair{"waiting", queued.waiting}, std::pair{"held", queued.held}}) {
    text.gauge("pabal_queue_recipients", "Recipients in the queue", static_cast<int64_t>(count),
               {{"state", state}});
  }
  Duration age = queued.oldest ? std::max(Duration(0), world_.clock.now() - *queued.oldest) : Duration(0);
  text.gauge("pabal_queue_oldest_age_seconds", "How long the oldest mail that waits has waited",
             age.count() / 1000);
  co_return text.take();
}

}  // namespace pabal::app
