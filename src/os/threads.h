// ThreadPool: a fixed number of threads for work that blocks.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "rt/offload.h"

namespace pabal::os {

class ThreadPool final : public rt::Executor {
 public:
  // threads: at least one. They take no signals.
  explicit ThreadPool(size_t threads);
  // Does what is still queued, then joins.
  ~ThreadPool() override;

  // First come, first served. Any thread.
  void execute(std::move_only_function<void()> work) override;

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pabal::os
