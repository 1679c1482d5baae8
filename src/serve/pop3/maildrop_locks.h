// One POP3 session per maildrop at a time (RFC 1939 §4): the server-wide set
// of those that are open. Shared by the loops, hence the mutex.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/ids.h"

namespace pabal::serve::pop3 {

class MaildropLocks {
 public:
  // Held until destroyed.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), account_(other.account_) {}
    Lock& operator=(Lock&& other) noexcept {
      std::swap(locks_, other.locks_);
      std::swap(account_, other.account_);
      return *this;
    }
    ~Lock() {
      if (locks_ != nullptr) locks_->release(account_);
    }

   private:
    friend class MaildropLocks;
    Lock(MaildropLocks& locks, AccountId account) : locks_(&locks), account_(account) {}
    MaildropLocks* locks_;
    AccountId account_;
  };

  // nullopt: another session has it.
  std::optional<Lock> try_lock(AccountId account) {
    std::lock_guard guard(mutex_);
    if (!open_.insert(account).second) return std::nullopt;
    return Lock(*this, account);
  }

 private:
  void release(AccountId account) {
    std::lock_guard guard(mutex_);
    open_.erase(account);
  }

  std::mutex mutex_;
  std::unordered_set<AccountId> open_;
};

}  // namespace pabal::serve::pop3
