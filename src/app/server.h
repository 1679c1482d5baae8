// Server: the whole product over one World. main() runs it over the real world,
// the simulator runs several over its own.
//
//   Server server(world, config);          // opens the store; throws StoreError
//   loop.run(server.run());                // binds, then serves until stop()
//   other_loop.run(server.run_front());    // the other loops, after on_bound
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/config.h"
#include "deliver/deliverer.h"
#include "directory/gate.h"
#include "intake/intake.h"
#include "io/world.h"
#include "journey/refusals.h"
#include "queue/queue.h"
#include "reading/indexer.h"
#include "receive/smtpd.h"
#include "serve/imap/server.h"
#include "serve/pop3/server.h"
#include "store/store.h"
#include "tls/context.h"

namespace pabal::app {

class Front;

class Server {
 public:
  // on_bound is called when the listeners of the first loop are bound, with
  // their real addresses, in the order of config.listeners.
  Server(io::World& world, const Config& config,
         std::function<void(const std::vector<io::Endpoint>&)> on_bound = {});
  ~Server();

  // The first loop: its listeners, the delivery of the queue, metrics. Ends when
  // stopped and drained.
  rt::Task<void> run();
  // Another loop with listeners of its own on the same addresses.
  rt::Task<void> run_front();

  // Drain: no new sessions, running commands finish, then everything ends. Any thread.
  void stop();

  // Reads certificate and key again, for the connections that come. Throws
  // IoError when they are wrong; then what was read before stays. Any thread.
  void reload();

  store::Store& store() { return *store_; }

  // For Prometheus. On the loop of `front`.
  rt::Task<std::string> metrics(const Front& front);

 private:
  friend class Front;
  rt::Task<void> serve_front(Front& front);
  size_t open_fronts();

  io::World& world_;
  const Time started_;
  const Config config_;
  std::function<void(const std::vector<io::Endpoint>&)> on_bound_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<tls::ServerContext> tls_;
  listen::Seats seats_;
  queue::Queue queue_;
  serve::pop3::MaildropLocks maildrop_locks_;
  receive::SmtpdCounters smtpd_counters_;
  serve::pop3::Pop3Counters pop3_counters_;
  serve::imap::ImapCounters imap_counters_;
  reading::SharedSnapshots imap_snapshots_;
  serve::imap::FirstTold imap_first_told_;
  reading::Indexer indexer_;
  journey::Refusals refusals_;
  directory::Gate gate_;
  std::shared_ptr<directory::Proven> proven_;  // passwords, for all loops
  std::vector<io::Endpoint> endpoints_;
  deliver::Deliverer* deliverer_ = nullptr;  // while run() runs

  std::mutex fronts_mutex_;
  bool stopping_ = false;
  std::vector<Front*> fronts_;
};

}  // namespace pabal::app
