// Offload: work that blocks (SQLite, Argon2, file reads) leaves the loop for an
// Executor and comes back to the same loop with its result or exception.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/portable.h"
#include "rt/loop.h"

namespace pabal::rt {

// A bounded pool of threads; in the simulator the loop itself.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void execute(std::move_only_function<void()> work) = 0;
};

// co_await of it: `work` runs once on the executor. What is bound to it must be for
// any thread, and nobody checks that: for the store, which is. All others, offload().
template <class F>
class Offload {
 public:
  using Result = std::invoke_result_t<F&>;

  Offload(Executor& executor, F work) : executor_(executor), work_(std::move(work)) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    Loop* home = &Loop::current();
    executor_.execute([this, h, home] {
      try {
        if constexpr (std::is_void_v<Result>) {
          work_();
        } else {
          result_.emplace(work_());
        }
      } catch (...) {
        exception_ = std::current_exception();
      }
      home->post([h] { h.resume(); });
    });
  }
  Result await_resume() {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<Result>) return std::move(*result_);
  }

 private:
  using Stored = std::conditional_t<std::is_void_v<Result>, char, Result>;
  Executor& executor_;
  F work_;
  std::optional<Stored> result_;
  std::exception_ptr exception_;
};

// co_await offload(executor, f, args...): f(args...) runs once on the executor, with
// copies (or what was moved) of values alone, and gives a value back. So it can touch
// nothing that the loop goes on with meanwhile.
template <PlainFunction F, Portable... Args>
  requires PortableResult<std::invoke_result_t<F&, Args...>>
auto offload(Executor& executor, F work, Args... args) {
  auto bound = [work, values = std::tuple<Args...>(std::move(args)...)]() mutable {
    return std::apply([&work](Args&... each) { return work(std::move(each)...); }, values);
  };
  return Offload<decltype(bound)>(executor, std::move(bound));
}

}  // namespace pabal::rt
