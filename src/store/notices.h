// Notices: tells listeners on their loops which mailboxes a commit has changed.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "rt/loop.h"
#include "store/store.h"

namespace pabal::store {

class Notices {
 public:
  // `self`: the subscription may outlive the store.
  static std::unique_ptr<Subscription> subscribe(const std::shared_ptr<Notices>& self, rt::Loop& loop,
                                                 ChangeListener listener);

  // Any thread.
  void publish(std::vector<MailboxChange> changes);

 private:
  class Entry;
  struct Listener {
    rt::Loop& loop;
    ChangeListener call;
    bool ended = false;  // seen by the loop's thread only
  };

  // Held while posting: when a subscription is gone, nobody posts to its loop any more.
  std::mutex mutex_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::atomic<bool> any_ = false;
};

}  // namespace pabal::store
