#include "agent/real.h"

#include <ctime>

#include "console/console.h"
#include "os/epoll.h"
#include "os/real_world.h"

namespace pabal::agent {

void run_in_real_world(const std::function<rt::Task<void>(io::World&)>& work) {
  try {
    os::RealWorldOptions options;
    options.log.level = LogLevel::error;
    options.blocking_threads = 1;
    os::RealWorld real(options);
    io::World world = real.world();
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(work(world));
  } catch (const io::IoError& e) {
    throw CommandError(e.what());
  }
}

int utc_offset_minutes(Time at) {
  time_t seconds = static_cast<time_t>(at.ms / 1000);
  tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return 0;
  return static_cast<int>(local.tm_gmtoff / 60);
}

}  // namespace pabal::agent
