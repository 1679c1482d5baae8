// What the deliverer has done so far, for the metrics. Written on its loop,
// read from anywhere.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/histogram.h"

namespace pabal::deliver {

struct Counters {
  std::atomic<uint64_t> connections = 0;         // opened to other servers
  std::atomic<uint64_t> connections_failed = 0;  // refused, timed out, greeted with an error
  std::atomic<uint64_t> connections_tls = 0;
  std::atomic<uint64_t> connections_open = 0;  // now
  std::atomic<uint64_t> transactions = 0;      // mails sent, or tried to
  std::atomic<uint64_t> relayed = 0;           // recipients, as all below
  std::atomic<uint64_t> delivered = 0;
  std::atomic<uint64_t> expanded = 0;
  std::atomic<uint64_t> delayed = 0;
  std::atomic<uint64_t> failed = 0;
  std::atomic<uint64_t> reports = 0;  // DSNs sent
  Histogram attempts;
};

}  // namespace pabal::deliver
