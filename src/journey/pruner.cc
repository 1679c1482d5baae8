#include "journey/pruner.h"

#include "journey/journey.h"
#include "rt/loop.h"

namespace pabal::journey {

namespace {
constexpr Duration kLookEvery = std::chrono::hours(1);
}

Pruner::Pruner(io::World& world, store::Store& store, Duration kept)
    : world_(world), store_(store), kept_(kept) {}

void Pruner::stop() {
  stopping_ = true;
  stopped_.notify();
}

rt::Task<void> Pruner::run() {
  while (!stopping_) {
    try {
      bool more = true;
      while (more && !stopping_) more = co_await store_.write(prune, world_.clock.now() - kept_) == kPruneMax;
    } catch (const store::StoreError& e) {
      world_.log.warning("journey.prune_failed", {{"reason", e.what()}});
    }
    if (!stopping_) co_await stopped_.wait(rt::Loop::current().now() + kLookEvery);
  }
}

}  // namespace pabal::journey
