// The real server with its threads, in this process: several loops, a pool for what
// blocks, sockets on loopback, and a store in a directory that goes with it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/server.h"
#include "os/real_world.h"

namespace pabal::stress {

// Who lives there; the password of all is "secret".
inline constexpr const char* kAccounts[] = {"alice@seoul.test", "bob@seoul.test"};

class Household {
 public:
  // Makes the store and starts the server with so many loops.
  explicit Household(size_t loops);
  // Stops it, if that has not been done.
  ~Household();

  enum Door { relay, lmtp, pop3, imap };
  io::Endpoint at(Door door) const { return endpoints_[door]; }

  // Drains, and waits for all threads.
  void stop();
  // What `pabal store check` says afterwards, one line each.
  std::vector<std::string> check();

 private:
  void make_directory();
  app::Config config(size_t loops);
  void furnish(const app::Config& config);
  void listen(const std::vector<io::Endpoint>& endpoints);
  void serve(size_t loops);

  std::string directory_;
  std::unique_ptr<os::RealWorld> real_;
  std::optional<io::World> world_;
  std::unique_ptr<app::Server> server_;
  std::thread first_;  // starts the others, and waits for them
  std::mutex mutex_;   // guards the rest
  std::condition_variable changed_;
  std::vector<io::Endpoint> endpoints_;
  std::string failure_;
};

}  // namespace pabal::stress
