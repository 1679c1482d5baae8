#include "app/front.h"

#include <algorithm>

#include "app/metrics.h"
#include "app/options.h"
#include "base/verify.h"

namespace pabal::app {

namespace {

// Stations that stop on their own, and the loop that waits for them all.
rt::Task<void> guarded(rt::Task<void> task, Log& log) {
  rt::Task<void> owned = std::move(task);
  try {
    co_await owned;
  } catch (const std::exception& e) {
    log.error("server.listener_failed", {{"reason", e.what()}});
  }
}

}  // namespace

Front::Front(Server& server, bool bind_all)
    : server_(server),
      loop_(rt::Loop::current()),
      directory_(server.world_, *server.store_, static_cast<size_t>(server.config_.store.directory_cache_max),
                 server.proven_, server.config_.server.hostname),
      intake_(server.world_, directory_, *server.store_, server.queue_, {server.config_.server.hostname}),
      table_(make_table()) {
  for (size_t i = 0; i < server_.config_.listeners.size(); ++i) {
    const ListenerConfig& config = server_.config_.listeners[i];
    io::Endpoint& at = server_.endpoints_[i];
    bool shareable = at.path.empty() && config.protocol != Protocol::metrics;
    if (!bind_all && !shareable) continue;
    // Sharing is meant for our own loops. Another process that shares its ports
    // (another Pabal) would silently take half of our sessions: ask for it alone first.
    if (bind_all && shareable && at.port != 0) server_.world_.net.listen(at, {});
    std::unique_ptr<io::Listener> listener = server_.world_.net.listen(at, {.reuse_port = shareable});
    if (bind_all) at = listener->local();
    serving_.push_back(protocol_of(config.protocol).serve(std::move(listener), listener_options(config)));
  }
}

std::vector<Front::Row> Front::make_table() {
  using enum listen::Service;
  Server& s = server_;
  std::vector<Row> table;
  table.push_back(
      {{smtp, submission, lmtp},
       std::make_unique<receive::Smtpd>(s.world_, s.seats_, directory_, s.gate_, intake_, s.tls_.get(),
                                        smtpd_options(s.config_, s.refusals_), s.smtpd_counters_)});
  table.push_back({{imap},
                   std::make_unique<serve::imap::ImapServer>(
                       s.world_, s.seats_, *s.store_, directory_, s.gate_, s.indexer_, s.imap_snapshots_,
                       s.imap_first_told_, s.tls_.get(), imap_options(s.config_), s.imap_counters_)});
  table.push_back({{pop3},
                   std::make_unique<serve::pop3::Pop3Server>(s.world_, s.seats_, *s.store_, directory_,
                                                             s.gate_, s.maildrop_locks_, s.tls_.get(),
                                                             pop3_options(s.config_), s.pop3_counters_)});
  table.push_back(
      {{metrics}, std::make_unique<MetricsServer>(s.world_, [this] { return server_.metrics(*this); })});
  return table;
}

listen::Protocol& Front::protocol_of(listen::Service service) const {
  auto row = std::ranges::find_if(
      table_, [&](const Row& r) { return std::ranges::find(r.services, service) != r.services.end(); });
  verify(row != table_.end(), "every service has its protocol");
  return *row->protocol;
}

std::vector<const listen::Protocol*> Front::protocols() const {
  std::vector<const listen::Protocol*> out;
  for (const Row& row : table_) out.push_back(row.protocol.get());
  return out;
}

rt::Task<void> Front::run() {
  rt::TaskGroup group;
  for (rt::Task<void>& task : serving_) group.spawn(guarded(std::move(task), server_.world_.log));
  serving_.clear();
  co_await group.join();
  Instant deadline = loop_.now() + server_.config_.limits.drain_timeout;
  for (const Row& row : table_) co_await row.protocol->join(deadline);
}

void Front::stop() {
  if (std::exchange(stopping_, true)) return;
  for (const Row& row : table_) row.protocol->stop();
}

}  // namespace pabal::app
