#include "app/front.h"

#include "app/options.h"

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

template <class Options>
Options noting(Options options, journey::Refusals& refusals) {
  options.refusals = &refusals;
  return options;
}

}  // namespace

Front::Front(Server& server, bool bind_all)
    : server_(server),
      loop_(rt::Loop::current()),
      directory_(server.world_, *server.store_, static_cast<size_t>(server.config_.store.directory_cache_max),
                 server.proven_, server.config_.server.hostname),
      intake_(server.world_, directory_, *server.store_, server.queue_, {server.config_.server.hostname}),
      smtpd_(server.world_, directory_, intake_, server.tls_.get(),
             noting(smtpd_options(server.config_, server.salt_key_), server.refusals_),
             server.smtpd_counters_),
      pop3_(server.world_, *server.store_, directory_, server.maildrop_locks_, server.tls_.get(),
            noting(pop3_options(server.config_, server.salt_key_), server.refusals_), server.pop3_counters_),
      imap_(server.world_, *server.store_, directory_, server.indexer_, server.imap_snapshots_,
            server.imap_first_told_, server.tls_.get(),
            noting(imap_options(server.config_, server.salt_key_), server.refusals_), server.imap_counters_),
      metrics_(server.world_, [&server] { return server.metrics(); }) {
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
    add_listener(config, std::move(listener));
  }
}

void Front::add_listener(const ListenerConfig& config, std::unique_ptr<io::Listener> listener) {
  switch (config.protocol) {
    case Protocol::smtp:
    case Protocol::submission:
    case Protocol::lmtp:
      serving_.push_back(smtpd_.serve(std::move(listener), smtp_listener(config)));
      break;
    case Protocol::pop3:
      serving_.push_back(pop3_.serve(std::move(listener), pop3_listener(config)));
      break;
    case Protocol::imap:
      serving_.push_back(imap_.serve(std::move(listener), imap_listener(config)));
      break;
    case Protocol::metrics:
      serving_.push_back(metrics_.serve(std::move(listener)));
      break;
  }
}

rt::Task<void> Front::run() {
  rt::TaskGroup group;
  for (rt::Task<void>& task : serving_) group.spawn(guarded(std::move(task), server_.world_.log));
  serving_.clear();
  co_await group.join();
  Instant deadline = loop_.now() + server_.config_.limits.drain_timeout;
  co_await smtpd_.join(deadline);
  co_await pop3_.join(deadline);
  co_await imap_.join(deadline);
  co_await metrics_.join();
}

void Front::stop() {
  if (std::exchange(stopping_, true)) return;
  smtpd_.stop();
  pop3_.stop();
  imap_.stop();
  metrics_.stop();
}

}  // namespace pabal::app
