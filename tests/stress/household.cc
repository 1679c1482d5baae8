#include "household.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>

#include "app/options.h"
#include "directory/admin.h"
#include "os/epoll.h"
#include "store/check.h"
#include "support/cheap_password.h"
#include "tls/certificate.h"

namespace pabal::stress {

namespace fs = std::filesystem;

namespace {

template <class T>
T must(std::expected<T, directory::Error> result) {
  if (!result) throw std::runtime_error(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

}  // namespace

Household::Household(size_t loops) {
  make_directory();
  app::Config config = this->config(loops);
  std::expected<os::RealWorldOptions, std::string> options = app::real_world_options(config);
  if (!options) throw std::runtime_error(options.error());
  real_ = std::make_unique<os::RealWorld>(*options);
  world_.emplace(real_->world());
  furnish(config);

  server_ = std::make_unique<app::Server>(*world_, config, [this](const auto& bound) { listen(bound); });
  first_ = std::thread([this, loops] { serve(loops); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !endpoints_.empty() || !failure_.empty(); });
  if (failure_.empty()) return;
  lock.unlock();
  first_.join();
  throw std::runtime_error("the server does not start: " + failure_);
}

void Household::listen(const std::vector<io::Endpoint>& endpoints) {
  std::lock_guard lock(mutex_);
  endpoints_ = endpoints;
  changed_.notify_all();
}

// As the product does it: the first loop outlives the others.
void Household::serve(size_t loops) {
  os::EpollPoller poller;
  rt::Loop loop(poller);
  std::vector<std::thread> others;
  for (size_t i = 1; i < loops; ++i) {
    others.emplace_back([this] {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !endpoints_.empty() || !failure_.empty(); });
        if (!failure_.empty()) return;
      }
      os::EpollPoller poller;
      rt::Loop loop(poller);
      loop.run(server_->run_front());
    });
  }
  try {
    loop.run(server_->run());
  } catch (const std::exception& e) {
    std::lock_guard lock(mutex_);
    failure_ = e.what();
    changed_.notify_all();
  }
  for (std::thread& thread : others) thread.join();
}

Household::~Household() {
  stop();
  server_.reset();
  real_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Household::make_directory() {
  std::string name = (fs::temp_directory_path() / "pabal-stress-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("there is no place for temporary files");
  directory_ = name;
}

app::Config Household::config(size_t loops) {
  tls::Credentials own = tls::make_self_signed({"mx.seoul.test", "127.0.0.1"}, Time{1'764'000'000'000});
  write_file(directory_ + "/certificate.pem", own.certificate_pem);
  write_file(directory_ + "/key.pem", own.key_pem);
  app::Config config;
  config.server.hostname = "mx.seoul.test";
  config.server.data_directory = directory_ + "/data";
  config.server.loops = static_cast<int>(loops);
  config.tls = {.certificate = directory_ + "/certificate.pem", .key = directory_ + "/key.pem"};
  for (app::Protocol protocol :
       {app::Protocol::smtp, app::Protocol::lmtp, app::Protocol::pop3, app::Protocol::imap}) {
    app::TlsMode tls = protocol == app::Protocol::lmtp ? app::TlsMode::none : app::TlsMode::starttls;
    config.listeners.push_back({protocol, *io::Endpoint::parse("127.0.0.1:0"), tls, true});
  }
  // Nothing leaves this machine.
  config.dns.servers = {"127.0.0.1:9"};
  config.dns.dnssec = false;
  config.log.file = directory_ + "/log";
  // Small enough that all of it is used and given up again.
  config.imap.view_octets_max = 64 << 10;
  config.imap.text_octets_max = 16 << 10;
  config.imap.read_ahead_octets_max = 32 << 10;
  config.store.segment_octets = 256 << 10;
  config.limits.auth_failures_max = 1000;
  return config;
}

void Household::furnish(const app::Config& config) {
  io::World& world = *world_;
  fs::create_directories(config.server.data_directory);
  std::unique_ptr<store::Store> store = store::Store::open(world, app::store_options(config));
  store->execute_now([&](store::Transaction& tx) {
    must(directory::add_domain(*store, tx, "seoul.test"));
    for (const char* account : kAccounts) {
      AccountId id = must(directory::add_account(*store, tx, world.random, account, ""));
      test::set_cheap_password(tx, id, "secret");
    }
  });
}

void Household::stop() {
  if (!first_.joinable()) return;
  server_->stop();
  first_.join();
  server_.reset();
}

std::vector<std::string> Household::check() {
  io::World& world = *world_;
  std::vector<std::string> lines;
  auto silent = [](std::string_view, uint64_t, uint64_t) {};
  store::CheckResult result = store::check_store(world, directory_ + "/data", {}, silent);
  for (const store::Finding& finding : result.findings) lines.push_back(finding.where + ": " + finding.what);
  return lines;
}

}  // namespace pabal::stress
