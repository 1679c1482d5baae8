// Tallies: who has guessed how often lately, and how long the next attempt waits for
// it. Plain values and a mutex; any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/time.h"
#include "io/endpoint.h"

namespace pabal::directory {

// A map of bounded size that forgets what was not asked for longest, roughly: when one
// half is full, the older half goes.
template <class Key, class Value>
class Fading {
 public:
  explicit Fading(size_t entries_max) : half_max_(entries_max / 2) {}

  // nullptr: nothing there. Until the next call.
  Value* find(const Key& key) {
    if (auto found = young_.find(key); found != young_.end()) return &found->second;
    auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    return &put(key, std::move(found->second));
  }
  Value& operator[](const Key& key) {
    Value* found = find(key);
    return found != nullptr ? *found : put(key, Value{});
  }
  size_t size() const { return young_.size() + old_.size(); }

 private:
  Value& put(const Key& key, Value value) {
    old_.erase(key);
    if (young_.size() >= half_max_) old_ = std::exchange(young_, {});
    return young_[key] = std::move(value);
  }

  const size_t half_max_;
  std::map<Key, Value> young_, old_;
};

class Tallies {
 public:
  static constexpr Duration kDelayMax = std::chrono::seconds(16);
  static constexpr Duration kForgottenAfter = std::chrono::minutes(10);  // without another failure
  static constexpr Duration kTrustedFor = std::chrono::days(30);         // since the last login
  static constexpr size_t kEntriesMax = 100'000;                         // of each kind
  // No account has a longer name. What is longer is counted as one, since clients choose
  // the names that are kept here.
  static constexpr size_t kNameOctetsMax = 512;

  // delay: after the first failure; twice as long after each further one.
  explicit Tallies(Duration delay) : delay_(delay) {}

  // How long an attempt has to wait before it is looked at. It takes its turn with that:
  // those that come from there next wait behind it.
  Duration turn(const io::IpAddress& peer, const std::string& account, Instant now);
  // How long the answer to an attempt that failed is held back.
  Duration failed(const io::IpAddress& peer, const std::string& account, Instant now);
  void succeeded(const io::IpAddress& peer, const std::string& account, Instant now);

 private:
  struct Tally {
    int failures = 0;
    Instant last;  // of them
    Instant next;  // when the next attempt is looked at
  };
  static void count(Tally& tally, Instant now);
  static const std::string& kept_name(const std::string& account);
  Duration delay(int failures) const;

  const Duration delay_;
  std::mutex mutex_;
  Fading<io::IpAddress, Tally> hosts_{kEntriesMax};
  Fading<std::string, Tally> accounts_{kEntriesMax};
  Fading<std::pair<io::IpAddress, std::string>, Instant> trusted_{kEntriesMax};  // until then
};

}  // namespace pabal::directory
