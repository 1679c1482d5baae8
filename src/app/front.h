// Front: what one event loop serves: a table of protocols. Its listeners, sessions
// and directory cache belong to that loop; store and queue are shared.
#pragma once

#include <memory>
#include <vector>

#include "app/server.h"
#include "listen/protocol.h"

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
  std::vector<const listen::Protocol*> protocols() const;

 private:
  struct Row {
    std::vector<listen::Service> services;  // that its listeners may be for
    std::unique_ptr<listen::Protocol> protocol;
  };
  std::vector<Row> make_table();
  listen::Protocol& protocol_of(listen::Service service) const;

  Server& server_;
  rt::Loop& loop_;
  directory::Directory directory_;
  intake::Intake intake_;
  const std::vector<Row> table_;
  std::vector<rt::Task<void>> serving_;
  bool stopping_ = false;
};

}  // namespace pabal::app
