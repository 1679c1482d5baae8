#include "reading/side_by_side.h"

#include <algorithm>
#include <exception>

#include "rt/task_group.h"

namespace pabal::reading {

namespace {

constexpr size_t kAtATime = 2;  // one command does not take all reader threads

struct Share {
  const std::function<rt::Task<void>(size_t)>& work;
  const size_t count;
  size_t next = 0;
  std::exception_ptr error;
};

rt::Task<void> take_turns(Share& share) {
  while (share.next < share.count && !share.error) {
    try {
      rt::Task<void> turn = share.work(share.next++);
      co_await turn;
    } catch (...) {
      share.error = std::current_exception();
    }
  }
}

}  // namespace

rt::Task<void> side_by_side(size_t count, std::function<rt::Task<void>(size_t)> work) {
  Share share{.work = work, .count = count, .error = nullptr};
  rt::TaskGroup group;
  for (size_t i = 1; i < std::min(kAtATime, count); ++i) group.spawn(take_turns(share));
  co_await take_turns(share);
  co_await group.join();
  if (share.error) std::rethrow_exception(share.error);
}

}  // namespace pabal::reading
