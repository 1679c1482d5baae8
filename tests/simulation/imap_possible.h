// What may be the case as far as clients were told: one value when all is
// known, several after a command that was never answered.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace pabal::simulation {

template <class T>
class Possible {
 public:
  Possible() = default;  // anything
  explicit Possible(T value) { values_.push_back({std::move(value), false}); }

  bool is_anything() const { return values_.empty(); }
  // nullptr unless only one value is possible.
  const T* known() const { return values_.size() == 1 ? &values_[0].value : nullptr; }
  template <class P>
  bool may_be(P predicate) const {
    if (is_anything()) return true;
    return std::ranges::any_of(values_, [&](const One& one) { return predicate(one.value); });
  }
  template <class P>
  bool must_be(P predicate) const {
    return !is_anything() &&
           std::ranges::all_of(values_, [&](const One& one) { return predicate(one.value); });
  }

  template <class F>
  void each(F use) const {
    for (const One& one : values_) use(one.value);
  }
  // What all values have in common; nullopt if they differ.
  template <class F>
  auto common(F part) const -> std::optional<decltype(part(std::declval<const T&>()))> {
    if (is_anything()) return std::nullopt;
    auto first = part(values_[0].value);
    for (const One& one : values_) {
      if (part(one.value) != first) return std::nullopt;
    }
    return first;
  }

  // It has been changed so.
  template <class F>
  void happens(F change) {
    for (One& one : values_) change(one.value);
    drop_doubles();
  }
  // It has been changed so; what comes late may know nothing of that, if there was
  // nothing to change and therefore no commit.
  template <class F>
  void happens_now(F change) {
    std::vector<One> late;
    std::ranges::copy_if(values_, std::back_inserter(late), &One::late);
    happens(change);
    for (One& one : late) values_.push_back(std::move(one));
    drop_doubles();
    if (values_.size() > kMax) values_.clear();
  }
  // It may have been changed so. late: or will be, when a power cut brings to life
  // what a commit that failed had written.
  template <class F>
  void may_happen(F change, bool late) {
    std::vector<One> more = values_;
    for (One& one : more) {
      change(one.value);
      one.late |= late;
    }
    for (One& one : more) values_.push_back(std::move(one));
    drop_doubles();
    if (values_.size() > kMax) values_.clear();
  }
  // Nothing comes late any more.
  void settle() {
    for (One& one : values_) one.late = false;
    drop_doubles();
  }
  void forget() { values_.clear(); }
  void set(T value) {
    values_.clear();
    values_.push_back({std::move(value), false});
  }

  // Whether only what came late is like that (true), or only what did not (false).
  template <class P>
  std::optional<bool> is_late(P predicate) const {
    bool late = false, early = false;
    for (const One& one : values_) {
      if (predicate(one.value)) (one.late ? late : early) = true;
    }
    if (late == early) return std::nullopt;
    return late;
  }
  // Somebody saw that it is so. False: that cannot be.
  template <class P>
  bool observe(P predicate) {
    if (is_anything()) return true;
    bool any = false, early = false;
    for (const One& one : values_) {
      bool so = predicate(one.value);
      any |= so;
      early |= so && !one.late;
    }
    if (!any) return false;
    // What comes late can still follow on what was seen.
    std::erase_if(values_, [&](const One& one) { return !predicate(one.value) && !(early && one.late); });
    return true;
  }

 private:
  static constexpr size_t kMax = 32;
  struct One {
    T value;
    bool late = false;
  };
  void drop_doubles() {
    std::vector<One> kept;
    for (One& one : values_) {
      bool is_there = std::ranges::any_of(
          kept, [&](const One& other) { return other.value == one.value && other.late == one.late; });
      if (!is_there) kept.push_back(std::move(one));
    }
    values_ = std::move(kept);
  }
  std::vector<One> values_;  // none: anything
};

}  // namespace pabal::simulation
