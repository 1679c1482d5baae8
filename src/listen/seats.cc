#include "listen/seats.h"

#include "base/verify.h"

namespace pabal::listen {

std::expected<Seats::Seat, Seats::Full> Seats::take(const io::Endpoint& peer) {
  const io::IpAddress host = peer.ip.host();
  std::lock_guard lock(mutex_);
  auto found = of_host_.find(host);
  size_t of_host = found == of_host_.end() ? 0 : found->second;
  bool has_address = peer.path.empty();
  if (open_ >= sessions_max_ || (has_address && of_host >= per_host_max_))
    return std::unexpected(Full{open_, of_host});
  ++open_;
  ++of_host_[host];
  return Seat(this, host);
}

Seats::Seat::~Seat() {
  if (seats_ == nullptr) return;
  std::lock_guard lock(seats_->mutex_);
  auto entry = seats_->of_host_.find(host_);
  verify(seats_->open_ > 0 && entry != seats_->of_host_.end(), "a seat that is given back was taken");
  --seats_->open_;
  if (--entry->second == 0) seats_->of_host_.erase(entry);
}

}  // namespace pabal::listen
