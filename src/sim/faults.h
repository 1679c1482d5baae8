// FaultPlan counts every I/O operation of a simulated world (everything but
// randomness and the clock) and makes a chosen one fail:
//
//   for (uint64_t n = 0;; ++n) {
//     SimWorld world(seed);
//     world.faults().fail_at(n);
//     ... run the scenario, check the invariants ...
//     if (!world.faults().fired()) break;   // every operation has failed once
//   }
//
// What failing means depends on the layer: a disk says EIO (a failed sync may
// have lost any unsynced write), a connection is reset, connecting is refused,
// accepting runs out of descriptors, DNS answers SERVFAIL, SQLite gets an I/O error.
// An operation that finds nothing to do (would_block) is not counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/fingerprint.h"

namespace pabal::sim {

class FaultPlan {
 public:
  explicit FaultPlan(Fingerprint& fingerprint) : fingerprint_(fingerprint) {}

  // The n-th operation from now fails, counted from 0. Replaces an earlier plan.
  void fail_at(uint64_t n);
  // As the n-th operation begins, `event` happens (a crash, say), and the operation fails.
  void happen_at(uint64_t n, std::move_only_function<void()> event);
  // In the n-th operation memory runs out (std::bad_alloc). SQLite, which is C, gets
  // an I/O error.
  void run_out_of_memory_at(uint64_t n);
  void clear();

  bool fired() const { return fired_; }
  // "disk.sync mx1:/data/segments/000001"; empty before it fired.
  const std::string& fired_operation() const { return fired_operation_; }
  // Operations so far.
  uint64_t count() const { return count_; }

  // Keeps the name of every operation from now on; names()[i] is the i-th.
  void record_names() { recording_ = true; }
  const std::vector<std::string>& names() const { return names_; }

  // For the layers: one operation begins; true if it must fail.
  bool operation(std::string_view kind, std::string_view what);

 private:
  static constexpr uint64_t kNever = UINT64_MAX;
  Fingerprint& fingerprint_;
  uint64_t count_ = 0;
  uint64_t target_ = kNever;
  std::move_only_function<void()> event_;
  bool out_of_memory_ = false;
  bool fired_ = false;
  bool recording_ = false;
  std::string fired_operation_;
  std::vector<std::string> names_;
};

}  // namespace pabal::sim
