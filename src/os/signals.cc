#include "os/signals.h"

#include <cerrno>
#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace pabal::os {

namespace {
sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}
}  // namespace

void SignalWatcher::block() {
  sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // Sockets say MSG_NOSIGNAL; this is for standard output into a closed pipe.
  ::signal(SIGPIPE, SIG_IGN);
}

SignalWatcher::SignalWatcher() : poller_(EpollPoller::current()) {
  sigset_t set = watched();
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) throw io::IoError::from_errno(errno, "signalfd");
  try {
    slot_ = poller_.add(fd_, EPOLLIN, *this);
  } catch (...) {
    close(fd_);
    throw;
  }
}

SignalWatcher::~SignalWatcher() {
  poller_.remove(slot_);
  close(fd_);
}

std::optional<int> SignalWatcher::try_take() {
  signalfd_siginfo info;
  if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    pending_ = false;
    return std::nullopt;
  }
  return static_cast<int>(info.ssi_signo);
}

void SignalWatcher::arm(io::Interest) {
  if (pending_) signal();
}

void SignalWatcher::on_events(uint32_t) {
  pending_ = true;
  if (waiting()) signal();
}

}  // namespace pabal::os
