// What the server tells Prometheus of itself. Names as Prometheus wants them:
// base units (seconds, bytes), counters end in _total, what differs only by
// protocol is one name with a label. docs/operating.md says what to watch.
#include <algorithm>

#include "app/front.h"
#include "app/server.h"
#include "app/version.h"
#include "base/metrics_text.h"
#include "queue/operate.h"

namespace pabal::app {

namespace {

int64_t value(const std::atomic<uint64_t>& counter) {
  return static_cast<int64_t>(counter.load());
}

// What all protocols count.
void add_sessions(MetricsText& text, const std::vector<const listen::Protocol*>& protocols) {
  using Counter = std::atomic<uint64_t> listen::Counters::*;
  auto each = [&](auto add) {
    for (const listen::Protocol* protocol : protocols)
      add(protocol->counters(), MetricsText::Labels{{"protocol", std::string(protocol->name())}});
  };
  auto counter = [&](std::string_view name, std::string_view help, Counter which) {
    each([&](const listen::Counters& counters, const MetricsText::Labels& labels) {
      text.counter(name, help, counters.*which, labels);
    });
  };
  counter("pabal_sessions_total", "Sessions begun (smtp: submission and LMTP too)",
          &listen::Counters::sessions);
  counter("pabal_sessions_refused_total", "Of these turned away, since there were too many",
          &listen::Counters::refused_sessions);
  counter("pabal_tls_sessions_total", "Sessions that used TLS", &listen::Counters::tls_sessions);
  counter("pabal_logins_total", "Logins that succeeded", &listen::Counters::logins);
  counter("pabal_auth_failures_total", "Logins that failed", &listen::Counters::auth_failures);
  each([&](const listen::Counters& counters, const MetricsText::Labels& labels) {
    text.gauge("pabal_sessions", "Sessions open now", value(counters.open_sessions), labels);
  });
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

rt::Task<std::string> Server::metrics(const Front& front) {
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
  const std::vector<const listen::Protocol*> protocols = front.protocols();
  add_sessions(text, protocols);
  for (const listen::Protocol* protocol : protocols) protocol->metrics(text);
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
