// What the deliverer has in hand for one next-hop.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "deliver/smtp_client.h"
#include "queue/entry.h"

namespace pabal::deliver {

// One mail to its recipients at one next-hop.
struct Job {
  MessageId message;
  std::vector<queue::Entry> entries;
};

// A worker that waits with an open connection.
struct Idle {
  SmtpClient& client;
  bool dismissed = false;  // is to close it

  void wake() { client.connection().stream().wake(); }
};

struct Destination {
  std::string name;
  bool local = false;
  std::deque<Job> jobs;
  size_t workers = 0;
  size_t starting = 0;                                          // workers that have not looked for a job yet
  std::vector<const std::unique_ptr<SmtpClient>*> connections;  // one for each worker, open or not
  std::vector<Idle*> idle;
  double limit = 1;  // of workers; whole ones count

  bool is_connected() const {
    return std::ranges::any_of(connections, [](const auto* client) { return *client != nullptr; });
  }
  bool at_limit() const { return workers >= static_cast<size_t>(limit); }
  void went_well(double max) { limit = std::min(limit + 1, max); }
  void went_badly() { limit = std::max(limit / 2, 1.0); }
};

}  // namespace pabal::deliver
