// Who is told that mailboxes change: a session, on the loop of what it watches.
#pragma once

#include "base/ids.h"

namespace pabal::reading {

class Observer {
 public:
  // A view that it watches has news.
  virtual void wake() = 0;
  // A mailbox of an account that it watches has changed; 0: what belongs to the account itself.
  virtual void account_changed(MailboxId mailbox) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace pabal::reading
