// Town: one of the demo's servers, complete: configuration, certificate,
// domain, one account, and its journeys told as they happen.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/server.h"
#include "os/real_world.h"
#include "tls/certificate.h"

namespace pabal::app {

struct TownPlan {
  std::string domain;      // "seoul.test"
  std::string person;      // "alice"
  std::string ip;          // "127.0.0.11"
  std::string directory;   // of its own, there already
  uint16_t smtp_port = 0;  // the same in all towns: it is where MX hosts listen
  QueueConfig queue;
  io::Endpoint dns;
};

class Town {
 public:
  static constexpr const char* kPassword = "demo";

  Town(const TownPlan& plan, const tls::Credentials& ca);

  const std::string& domain() const { return plan_.domain; }
  std::string address() const { return plan_.person + "@" + plan_.domain; }
  std::string ca_file() const { return plan_.directory + "/ca.pem"; }
  io::World& world() { return *world_; }
  Server& server() { return *server_; }
  // For --config of the command line; written when serving().
  std::string config_file() const { return plan_.directory + "/pabal.toml"; }
  // The listener for it; there when serving().
  const io::Endpoint& endpoint(Protocol protocol) const;
  bool serving() const { return !endpoints_.empty(); }

  // Serves until server().stop(). What it throws is reported and remembered.
  rt::Task<void> run();

  // Prints what has happened to mails since the last call; true if anything.
  bool tell();
  bool knows(std::string_view kind) const;  // such an event has been told
  // The whole journey of the first mail, with where it is now.
  std::string first_journey();

 private:
  Config config() const;
  void bound(const std::vector<io::Endpoint>& endpoints);

  TownPlan plan_;
  std::unique_ptr<os::RealWorld> real_;
  std::optional<io::World> world_;
  std::unique_ptr<Server> server_;
  std::vector<io::Endpoint> endpoints_;
  std::map<MessageId, size_t> told_;  // events of each journey
  std::map<std::string, int, std::less<>> kinds_;
};

}  // namespace pabal::app
