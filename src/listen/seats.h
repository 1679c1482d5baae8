// Seats: how many sessions there may be at a time, of all clients and of one host,
// whatever they speak and whichever loop they came to. Any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <mutex>
#include <utility>

#include "io/endpoint.h"

namespace pabal::listen {

class Seats {
 public:
  // At a local socket nobody has an address: there only the first counts.
  Seats(size_t sessions_max, size_t per_host_max)
      : sessions_max_(sessions_max), per_host_max_(per_host_max) {}

  // A session's, until it goes away.
  class Seat {
   public:
    Seat(Seat&& other) noexcept : seats_(std::exchange(other.seats_, nullptr)), host_(other.host_) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat();

   private:
    friend class Seats;
    Seat(Seats* seats, const io::IpAddress& host) : seats_(seats), host_(host) {}

    Seats* seats_;
    io::IpAddress host_;
  };

  // Why there is none: as many are open.
  struct Full {
    size_t open = 0, of_host = 0;
  };
  std::expected<Seat, Full> take(const io::Endpoint& peer);

 private:
  const size_t sessions_max_, per_host_max_;
  std::mutex mutex_;
  size_t open_ = 0;
  std::map<io::IpAddress, size_t> of_host_;  // by IpAddress::host()
};

}  // namespace pabal::listen
