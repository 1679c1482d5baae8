#include "store/notices.h"

#include <algorithm>

namespace pabal::store {

class Notices::Entry final : public Subscription {
 public:
  Entry(std::shared_ptr<Notices> notices, std::shared_ptr<Listener> listener)
      : notices_(std::move(notices)), listener_(std::move(listener)) {}
  ~Entry() override {
    listener_->ended = true;
    std::lock_guard lock(notices_->mutex_);
    std::erase(notices_->listeners_, listener_);
    notices_->any_ = !notices_->listeners_.empty();
  }

 private:
  const std::shared_ptr<Notices> notices_;
  const std::shared_ptr<Listener> listener_;
};

std::unique_ptr<Subscription> Notices::subscribe(const std::shared_ptr<Notices>& self, rt::Loop& loop,
                                                 ChangeListener listener) {
  auto added = std::make_shared<Listener>(loop, std::move(listener));
  std::lock_guard lock(self->mutex_);
  self->listeners_.push_back(added);
  self->any_ = true;
  return std::make_unique<Entry>(self, std::move(added));
}

void Notices::publish(std::vector<MailboxChange> changes) {
  if (changes.empty() || !any_) return;
  std::ranges::sort(changes);
  // Of a pair what says more comes first, and stays.
  auto same = [](const MailboxChange& a, const MailboxChange& b) {
    return a.account == b.account && a.mailbox == b.mailbox;
  };
  changes.erase(std::ranges::unique(changes, same).begin(), changes.end());
  auto shared = std::make_shared<const std::vector<MailboxChange>>(std::move(changes));
  std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Listener>& listener : listeners_) {
    listener->loop.post([listener, shared] {
      if (!listener->ended) listener->call(*shared);
    });
  }
}

}  // namespace pabal::store
