#include "app/server.h"

#include "app/front.h"
#include "app/options.h"
#include "directory/proven.h"
#include "journey/pruner.h"
#include "rt/event.h"
#include "serve/imap/text_forms.h"
#include "store/feed_trim.h"
#include "store/outside.h"

namespace pabal::app {

namespace {

// 32 octets that stay the same as long as the data directory does.
std::string stable_key(io::World& world, const std::string& path) {
  std::unique_ptr<io::File> file = world.disk.open(path, io::OpenMode::create);
  std::string key(32, '\0');
  if (file->read_at(0, key) == key.size()) return key;
  key = world.random.octets(32);
  file->write_at(0, key);
  file->sync();
  return key;
}

std::unique_ptr<tls::ServerContext> open_tls(const Config& config) {
  if (config.tls.certificate.empty()) return nullptr;
  std::vector<tls::CertificateFiles> files{{config.tls.certificate, config.tls.key}};
  return std::make_unique<tls::ServerContext>(std::move(files));
}

// How soon what another process changes is noticed here.
constexpr Duration kLookOutsideEvery = std::chrono::milliseconds(400);

class OutsideWatch {
 public:
  OutsideWatch(io::World& world, store::Store& store, const std::string& directory)
      : log_(world.log), outside_(world, store, directory) {}

  rt::Task<void> run() {
    std::string trouble;
    while (!stopping_) {
      try {
        co_await outside_.look();
        trouble.clear();
      } catch (const store::StoreError& e) {
        if (trouble != e.what()) log_.warning("store.look_failed", {{"reason", e.what()}});
        trouble = e.what();
      }
      if (!stopping_) co_await stopped_.wait(rt::Loop::current().now() + kLookOutsideEvery);
    }
  }
  void stop() {
    stopping_ = true;
    stopped_.notify();
  }

 private:
  Log& log_;
  store::Outside outside_;
  bool stopping_ = false;
  rt::Event stopped_;
};

}  // namespace

Server::Server(io::World& world, const Config& config,
               std::function<void(const std::vector<io::Endpoint>&)> on_bound)
    : world_(world),
      started_(world.clock.now()),
      config_(config),
      on_bound_(std::move(on_bound)),
      store_(store::Store::open(world, store_options(config))),
      tls_(open_tls(config)),
      seats_(seats(config)),
      queue_(world, *store_, queue_options(config)),
      indexer_(world, *store_, {.forms = serve::imap::text_forms()}),
      refusals_(world, config.server.data_directory),
      gate_(world, gate_options(config, stable_key(world, config.server.data_directory + "/salt.key")),
            &refusals_),
      proven_(std::make_shared<directory::Proven>(world.random.octets(32))) {
  for (const ListenerConfig& listener : config_.listeners) endpoints_.push_back(listener.address);
}

Server::~Server() = default;

rt::Task<void> Server::run() {
  Front front(*this, true);
  tls::ClientContext tls(tls::ClientOptions{});
  deliver::Deliverer deliverer(world_, *store_, front.directory(), queue_, front.intake(), &tls,
                               route_options(config_, endpoints_, world_.disk), deliverer_options(config_));
  deliverer_ = &deliverer;
  if (on_bound_) on_bound_(endpoints_);

  OutsideWatch outside(world_, *store_, config_.server.data_directory);
  journey::Pruner pruner(world_, *store_, config_.store.journey_kept);
  store::FeedTrimmer trimmer(world_, *store_, config_.store.feed_rows_max);
  rt::TaskGroup group;
  group.spawn(deliverer.run());
  group.spawn(indexer_.run());
  group.spawn(outside.run());
  group.spawn(pruner.run());
  group.spawn(trimmer.run());
  co_await serve_front(front);
  outside.stop();
  pruner.stop();
  trimmer.stop();
  indexer_.stop();
  deliverer.stop(front.loop().now() + config_.limits.drain_timeout);
  co_await group.join();
  deliverer_ = nullptr;
  while (open_fronts() > 0) co_await rt::sleep_for(std::chrono::milliseconds(5));
  co_await store_->close();
}

rt::Task<void> Server::run_front() {
  Front front(*this, false);
  co_await serve_front(front);
}

rt::Task<void> Server::serve_front(Front& front) {
  {
    std::lock_guard lock(fronts_mutex_);
    fronts_.push_back(&front);
    if (stopping_) front.stop();
  }
  std::exception_ptr failure;
  try {
    co_await front.run();
  } catch (...) {
    failure = std::current_exception();
  }
  {
    std::lock_guard lock(fronts_mutex_);
    std::erase(fronts_, &front);  // before it is gone: stop() reaches for all that stand here
  }
  if (failure) std::rethrow_exception(failure);
}

size_t Server::open_fronts() {
  std::lock_guard lock(fronts_mutex_);
  return fronts_.size();
}

void Server::stop() {
  std::lock_guard lock(fronts_mutex_);
  if (std::exchange(stopping_, true)) return;
  for (Front* front : fronts_) {
    front->loop().post([front] { front->stop(); });
  }
}

void Server::reload() {
  if (tls_) tls_->reload();
}

}  // namespace pabal::app
