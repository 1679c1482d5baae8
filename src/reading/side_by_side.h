// Several steps of one command at a time, so that more than one reader thread
// works for it.
#pragma once

#include <cstddef>
#include <functional>

#include "rt/task.h"

namespace pabal::reading {

// work(0) … work(count - 1), two of them at a time, begun in this order. What the
// first that fails throws comes out, after all that were begun have ended.
rt::Task<void> side_by_side(size_t count, std::function<rt::Task<void>(size_t)> work);

}  // namespace pabal::reading
