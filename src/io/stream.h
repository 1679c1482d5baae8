// Stream: bytes both ways, without blocking and without callbacks. Wait until
// it is ready, then try: that one rule lets TLS sit on top of any stream as
// plain functions, and an idle session hold no buffer.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/endpoint.h"
#include "io/error.h"
#include "rt/loop.h"
#include "rt/task.h"

namespace pabal::io {

enum class Interest { read, write };

// Something a coroutine can wait for: a stream or a listener. One waiter at a time.
class Waitable {
 public:
  virtual ~Waitable() { verify(waiter_ == nullptr, "nobody waits for what goes away"); }

  // Wakes whoever waits, now or the next time (Wake::woken): shutdown, or a
  // change that the session should tell its client of. Loop's thread only.
  void wake();

  class Ready {
   public:
    Ready(Waitable& what, Interest interest, Instant deadline)
        : what_(what), interest_(interest), deadline_(deadline) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h);
    rt::Wake await_resume();

   private:
    Waitable& what_;
    Interest interest_;
    Instant deadline_;
    rt::Waiter waiter_;
  };
  // Result: ready, woken or deadline.
  Ready ready(Interest interest, Instant deadline) { return Ready(*this, interest, deadline); }

 protected:
  // The implementation calls signal() when `interest` is there; at once (from
  // inside arm) if it already is. Spurious signals are harmless.
  virtual void arm(Interest interest) = 0;
  virtual void disarm() = 0;
  void signal();
  bool waiting() const { return waiter_ != nullptr; }

  // For a stream on top of another one (TLS), inside its arm and disarm: lends
  // our waiter to `below`, so that below's signal() wakes whoever waits for us.
  void arm_below(Waitable& below, Interest interest);
  void disarm_below(Waitable& below);

 private:
  rt::Waiter* waiter_ = nullptr;
  bool wake_pending_ = false;
};

struct TryResult {
  enum Kind { done, would_block, eof } kind;
  size_t octets = 0;  // read or written; > 0 when done
};

class Stream : public Waitable {
 public:
  // Reads at least one octet, or says why not. Throws IoError.
  virtual TryResult try_read(std::span<char> into) = 0;
  // Writes at least one octet, or says would_block. Throws IoError.
  virtual TryResult try_write(std::string_view bytes) = 0;
  // What to wait for after would_block from try_read (a TLS stream may have to write first).
  virtual Interest read_interest() const { return Interest::read; }
  virtual Interest write_interest() const { return Interest::write; }
  // Ends our direction (FIN; with TLS a close_notify). Never blocks, never throws.
  virtual void finish() = 0;

  virtual Endpoint local() const = 0;
  virtual Endpoint peer() const = 0;

  Ready readable(Instant deadline) { return ready(read_interest(), deadline); }
  Ready writable(Instant deadline) { return ready(write_interest(), deadline); }
};

// Writes all of `bytes`, which the awaiting frame owns. Throws IoError(timeout) at the deadline.
rt::Task<void> write_all(Stream& stream, std::string_view bytes, Instant deadline);

// Waits for input. Throws IoError(timeout) at the deadline; true if woken by wake().
rt::Task<bool> wait_readable(Stream& stream, Instant deadline);

}  // namespace pabal::io
