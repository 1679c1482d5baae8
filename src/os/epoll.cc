#include "os/epoll.h"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "io/error.h"

namespace pabal::os {

namespace {
constexpr int kEventsPerWait = 256;
constexpr uint64_t kInterrupt = UINT64_MAX;
}  // namespace

EpollPoller::EpollPoller() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw io::IoError::from_errno(errno, "epoll_create1");
  interrupt_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (interrupt_ < 0) {
    int error = errno;
    close(epoll_);
    throw io::IoError::from_errno(error, "eventfd");
  }
  // Edge-triggered: every write is an event, and nobody has to read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = kInterrupt}};
  verify(epoll_ctl(epoll_, EPOLL_CTL_ADD, interrupt_, &event) == 0, "an eventfd can be polled");
}

EpollPoller::~EpollPoller() {
  close(interrupt_);
  close(epoll_);
}

EpollPoller& EpollPoller::current() {
  auto* poller = dynamic_cast<EpollPoller*>(&rt::Loop::current().poller());
  verify(poller != nullptr, "real sockets are used on a loop over epoll");
  return *poller;
}

Instant EpollPoller::now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return {t.tv_sec * 1'000'000 + t.tv_nsec / 1000};
}

int EpollPoller::collect(epoll_event* events, int max, Instant until) {
  if (until == Instant::never()) return epoll_wait(epoll_, events, max, -1);
  int64_t us = until.us == 0 ? 0 : until.us - now().us;
  if (us <= 0) return epoll_wait(epoll_, events, max, 0);
  timespec timeout{.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000};
  int n = epoll_pwait2(epoll_, events, max, &timeout, nullptr);
  if (n >= 0 || errno != ENOSYS) return n;
  // Linux before 5.11: milliseconds, rounded up so that no turn is for nothing.
  int64_t ms = (us + 999) / 1000;
  return epoll_wait(epoll_, events, max, ms > INT32_MAX ? INT32_MAX : static_cast<int>(ms));
}

void EpollPoller::wait(Instant until) {
  std::array<epoll_event, kEventsPerWait> events;
  int n = collect(events.data(), kEventsPerWait, until);
  if (n < 0) {
    verify(errno == EINTR, "epoll_wait takes what we give it");
    return;
  }
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kInterrupt) continue;
    const Slot& slot = slots_[event.data.u64 >> 32];
    if (slot.watcher == nullptr || slot.generation != static_cast<uint32_t>(event.data.u64)) continue;
    slot.watcher->on_events(event.events);
  }
}

void EpollPoller::interrupt() {
  uint64_t one = 1;
  // Fails only when the counter is full, and then an event is pending anyway.
  [[maybe_unused]] ssize_t n = write(interrupt_, &one, sizeof one);
}

uint32_t EpollPoller::add(int fd, uint32_t events, Watcher& watcher) {
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.push_back({});
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.watcher = &watcher;
  epoll_event event{.events = events | EPOLLET,
                    .data = {.u64 = static_cast<uint64_t>(index) << 32 | slot.generation}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    int error = errno;
    remove(index);
    throw io::IoError::from_errno(error, "epoll_ctl");
  }
  return index;
}

void EpollPoller::remove(uint32_t slot) {
  slots_[slot].watcher = nullptr;
  ++slots_[slot].generation;
  free_.push_back(slot);
}

}  // namespace pabal::os
