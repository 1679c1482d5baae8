// Passwords that were right a while ago: Argon2id is slow on purpose, and mail
// programs log in again and again. Only a keyed hash is kept, in memory; it stands
// beside the stored password, so a new one makes it worthless at once. Any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/time.h"

namespace pabal::directory {

class Proven {
 public:
  // key: 32 random octets of this process.
  explicit Proven(std::string key) : key_(std::move(key)) {}

  // Whether `password` was proven against the stored `phc` lately.
  bool knows(AccountId account, std::string_view phc, std::string_view password, Instant now);
  void remember(AccountId account, std::string_view phc, std::string_view password, Instant now);

 private:
  struct Entry {
    std::string digest;
    Instant until;
  };
  std::string digest(std::string_view phc, std::string_view password) const;

  const std::string key_;
  std::mutex mutex_;
  std::unordered_map<AccountId, Entry> entries_;
};

}  // namespace pabal::directory
