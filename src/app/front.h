// Front: what one event loop serves. Its listeners, sessions and directory
// cache belong to that loop; store and queue are shared.
#pragma once

#include <memory>
#include <vector>

#include "app/metrics.h"
#include "app/server.h"
#include "serve/imap/server.h"
#include "serve/pop3/server.h"

namespace pabal::app {

class Front {
 public:
  // The address of each listener comes from server.endpoints_. bind_all: also
  // those that only one loop can have (local sockets, metrics), and the real
  // addresses are written back. Throws IoError.
  Front(Server& server, bool bind_all);

  // Serves until stop(), then drains.
  rt::Task<void> run();
  // On the loop's thread.
  void stop();

  rt::Loop& loop() { return loop_; }
  intake::Intake& intake() { return intake_; }
  directory::Directory& directory() { return directory_; }

 private:
  void add_listener(const ListenerConfig& config, std::unique_ptr<io::Listener> listener);

  Server& server_;
  rt::Loop& loop_;
  directory::Directory directory_;
  intake::Intake intake_;
  receive::Smtpd smtpd_;
  serve::pop3::Pop3Server pop3_;
  serve::imap::ImapServer imap_;
  MetricsServer metrics_;
  std::vector<rt::Task<void>> serving_;
  bool stopping_ = false;
};

}  // namespace pabal::app
