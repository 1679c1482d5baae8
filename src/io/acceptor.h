// Acceptor: takes the connections of a server's listeners on one loop, and owns
// the sessions that it started for them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "io/world.h"
#include "rt/task_group.h"

namespace pabal::io {

class Acceptor {
 public:
  // "imap" logs "imap.accept_failed".
  Acceptor(World& world, std::string log_name) : world_(world), log_name_(std::move(log_name)) {}

  // Starts a session for every connection, until stop().
  using Session = std::move_only_function<rt::Task<void>(std::unique_ptr<Stream>)>;
  rt::Task<void> serve(std::unique_ptr<Listener> listener, Session session);
  void stop();

  // Ends when all sessions have ended. At the deadline cut_off() is called, which
  // makes the rest end; false then.
  rt::Task<bool> join(Instant deadline, std::function<void()> cut_off);

 private:
  World& world_;
  const std::string log_name_;
  bool stopping_ = false;
  std::unordered_set<Listener*> listeners_;
  rt::TaskGroup group_;
};

}  // namespace pabal::io
