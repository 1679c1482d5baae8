#include "app/demo/town.h"

#include <cstdio>
#include <utility>

#include "app/folding.h"
#include "app/journey_text.h"
#include "app/options.h"
#include "directory/admin.h"

namespace pabal::app {

namespace {

void write_file(io::Disk& disk, const std::string& path, const std::string& bytes) {
  std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::create);
  file->write_at(0, bytes);
}

io::Endpoint at(const std::string& ip, uint16_t port) {
  return {*io::IpAddress::parse(ip), port, {}};
}

}  // namespace

Town::Town(const TownPlan& plan, const tls::Credentials& ca) : plan_(plan) {
  os::FileDisk disk;
  os::SystemClock clock;
  tls::Credentials own = tls::issue(ca, {"mx." + plan_.domain, plan_.ip}, clock.now());
  write_file(disk, ca_file(), ca.certificate_pem);
  write_file(disk, plan_.directory + "/certificate.pem", own.certificate_pem + ca.certificate_pem);
  write_file(disk, plan_.directory + "/key.pem", own.key_pem);

  Config config = this->config();
  real_ = std::make_unique<os::RealWorld>(*real_world_options(config));
  world_.emplace(real_->world());
  server_ =
      std::make_unique<Server>(*world_, config, [this](const std::vector<io::Endpoint>& at) { bound(at); });
  store::Store& store = server_->store();
  store.execute_now([&](store::Transaction& tx) {
    bool added = directory::add_domain(store, tx, plan_.domain).has_value() &&
                 directory::add_account(store, tx, world_->random, address(), kPassword).has_value();
    verify(added, "an empty directory takes a domain and an account");
  });
}

Config Town::config() const {
  Config config;
  config.server.hostname = "mx." + plan_.domain;
  config.server.data_directory = plan_.directory + "/data";
  config.server.loops = 1;
  config.tls = {plan_.directory + "/certificate.pem", plan_.directory + "/key.pem"};
  config.listeners = {{Protocol::smtp, at(plan_.ip, plan_.smtp_port), TlsMode::starttls, false},
                      {Protocol::submission, at(plan_.ip, 0), TlsMode::starttls, true},
                      {Protocol::pop3, at(plan_.ip, 0), TlsMode::starttls, true},
                      {Protocol::imap, at(plan_.ip, 0), TlsMode::starttls, true},
                      {Protocol::metrics, at(plan_.ip, 0), TlsMode::none, false}};
  config.delivery.remote_port = plan_.smtp_port;
  config.delivery.ip = IpFamilies::v4_only;
  config.queue = plan_.queue;
  config.dns.servers = {plan_.dns.to_string()};
  config.dns.dnssec = false;
  config.dns.local_zones = {"test"};
  config.log.level = LogLevel::error;
  return config;
}

void Town::bound(const std::vector<io::Endpoint>& endpoints) {
  Config real = config();
  for (size_t i = 0; i < endpoints.size(); ++i) real.listeners[i].address = endpoints[i];
  write_file(world_->disk, config_file(), write_config(real));
  endpoints_ = endpoints;
}

const io::Endpoint& Town::endpoint(Protocol protocol) const {
  std::vector<ListenerConfig> listeners = config().listeners;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    if (listeners[i].protocol == protocol) return endpoints_[i];
  }
  verify(false, "a town serves what it is asked for");
  std::unreachable();
}

rt::Task<void> Town::run() {
  try {
    co_await server_->run();
  } catch (const std::exception& e) {
    fprintf(stderr, "%s: %s\n", plan_.domain.c_str(), e.what());
  }
}

bool Town::tell() {
  bool news = false;
  server_->store().execute_now([&](store::Transaction& tx) {
    std::vector<MessageId> messages = journey::newest(tx.db, 20);
    for (auto it = messages.rbegin(); it != messages.rend(); ++it) {
      std::vector<journey::Event> events = journey::read(tx.db, *it);
      size_t& told = told_[*it];
      if (events.size() == told) continue;
      print_folded("\n" + plan_.domain + ", mail " + journey::trace_id(*it) + "\n");
      for (; told < events.size(); ++told) {
        print_folded(event_text(events[told], events.front().at));
        ++kinds_[events[told].kind];
      }
      news = true;
    }
  });
  return news;
}

std::string Town::first_journey() {
  std::string text;
  server_->store().execute_now([&](store::Transaction& tx) {
    std::vector<MessageId> messages = journey::newest(tx.db, 20);
    if (messages.empty()) return;
    queue::Selection selection;
    selection.message = messages.back();
    text = journey_text(
        {messages.back(), journey::read(tx.db, messages.back()), queue::list(tx.db, selection, 10)}, tx.now);
  });
  return text;
}

bool Town::knows(std::string_view kind) const {
  return kinds_.find(kind) != kinds_.end();
}

}  // namespace pabal::app
