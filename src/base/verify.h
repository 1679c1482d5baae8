// verify(condition, "what must hold"): a bug stops the process at once, in
// release too. Going on with a state that may be wrong could lose mail; the
// supervisor restarts us and the queue is read back from disk.
#pragma once

namespace pabal {

[[noreturn]] void verify_failed(const char* condition, const char* what, const char* file, int line);

}  // namespace pabal

#define verify(condition, what) \
  ((condition) ? static_cast<void>(0) : ::pabal::verify_failed(#condition, what, __FILE__, __LINE__))
