#include "sim/faults.h"

#include <new>
#include <utility>

namespace pabal::sim {

void FaultPlan::fail_at(uint64_t n) {
  happen_at(n, nullptr);
}

void FaultPlan::happen_at(uint64_t n, std::move_only_function<void()> event) {
  target_ = count_ + n;
  event_ = std::move(event);
  out_of_memory_ = false;
  fired_ = false;
  fired_operation_.clear();
}

void FaultPlan::run_out_of_memory_at(uint64_t n) {
  fail_at(n);
  out_of_memory_ = true;
}

void FaultPlan::clear() {
  target_ = kNever;
  out_of_memory_ = false;
  event_ = nullptr;
}

bool FaultPlan::operation(std::string_view kind, std::string_view what) {
  fingerprint_.mix(kind);
  fingerprint_.mix(what);
  uint64_t number = count_++;
  bool fails = number == target_;
  if (recording_ || fails) {
    std::string name = std::string(kind) + ' ' + std::string(what);
    if (fails) fired_operation_ = name;
    if (recording_) names_.push_back(std::move(name));
  }
  if (!fails) return false;
  fired_ = true;
  auto event = std::exchange(event_, nullptr);
  if (event) event();
  if (out_of_memory_ && !kind.starts_with("sqlite.")) throw std::bad_alloc();
  return true;
}

}  // namespace pabal::sim
