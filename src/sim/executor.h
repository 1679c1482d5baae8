// InlineExecutor: blocking work runs on the loop itself, at its next turn, in
// the order in which it was asked for.
#pragma once

#include <functional>
#include <utility>

#include "rt/offload.h"

namespace pabal::sim {

class InlineExecutor : public rt::Executor {
 public:
  void execute(std::move_only_function<void()> work) override { rt::Loop::current().post(std::move(work)); }
};

}  // namespace pabal::sim
