#include "io/acceptor.h"

#include "io/error.h"

namespace pabal::io {

namespace {
// After accept() failed, for want of descriptors as a rule: sessions that end
// give some back.
constexpr Duration kPause = std::chrono::milliseconds(100);
}  // namespace

rt::Task<void> Acceptor::serve(std::unique_ptr<Listener> listener, Session session) {
  listeners_.insert(listener.get());
  while (!stopping_) {
    bool accepted = false, failed = false;
    try {
      std::unique_ptr<Stream> stream = listener->try_accept();
      accepted = stream != nullptr;
      if (accepted) group_.spawn(session(std::move(stream)));
    } catch (const std::exception& e) {  // no descriptors, no memory
      world_.log.warning(log_name_ + ".accept_failed", {{"reason", e.what()}});
      failed = true;
    }
    if (failed) {
      co_await rt::sleep_for(kPause);
    } else if (!accepted) {
      co_await listener->ready(Interest::read, Instant::never());
    }
  }
  listeners_.erase(listener.get());
}

void Acceptor::stop() {
  stopping_ = true;
  for (Listener* listener : listeners_) listener->wake();
}

rt::Task<bool> Acceptor::join(Instant deadline, std::function<void()> cut_off) {
  bool ended = co_await group_.join_until(deadline);
  if (!ended) {
    cut_off();
    co_await group_.join();
  }
  co_return ended;
}

}  // namespace pabal::io
