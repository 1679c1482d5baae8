#include "store/holdings.h"

#include <algorithm>

namespace pabal::store {

// From one mailbox of the account to the next that has the message, over those that
// belong to others.
bool Holdings::has(MessageId message, const Going& but) {
  MailboxId mailbox{INT64_MIN};
  Uid uid;
  for (;;) {
    Statement select = db_.prepare(
        "SELECT mailbox, uid FROM mail WHERE message = ? AND (mailbox, uid) > (?, ?) ORDER BY mailbox, uid "
        "LIMIT 1");
    if (!select.bind(message.value).bind(mailbox.value).bind(uid.value).step()) return false;
    mailbox = MailboxId{select.number(0)};
    uid = Uid{select.number(1)};
    if (mailbox == but.mailbox && uid >= but.first && uid <= but.last) {
      uid = but.last;
      continue;
    }
    read_mailboxes();
    auto own = std::ranges::lower_bound(mailboxes_, mailbox);
    if (own == mailboxes_.end()) return false;
    if (*own == mailbox) return true;
    mailbox = *own;
    uid = {};
  }
}

void Holdings::read_mailboxes() {
  if (!mailboxes_.empty()) return;
  Statement select = db_.prepare("SELECT id FROM mailbox WHERE account = ? ORDER BY id");
  select.bind(account_.value);
  while (select.step()) mailboxes_.push_back(MailboxId{select.number(0)});
}

int64_t& Holdings::count_in_thread(ThreadId thread) {
  auto [count, fresh] = threads_.try_emplace(thread, 0);
  if (!fresh) return count->second;
  count->second = has(MessageId{thread.value}, {}) ? 1 : 0;
  Statement select = db_.prepare("SELECT message FROM thread WHERE thread = ? AND thread <> message");
  select.bind(thread.value);
  while (select.step()) count->second += has(MessageId{select.number(0)}, {}) ? 1 : 0;
  return count->second;
}

Name Holdings::coming(MessageId message) {
  Name name{.message = message};
  name.elsewhere = !came_.insert(message).second || has(message, {});
  Statement select = db_.prepare("SELECT thread FROM thread WHERE message = ?");
  if (!select.bind(message.value).step()) return name;
  name.thread = ThreadId{select.number(0)};
  name.thread_elsewhere = name.elsewhere || count_in_thread(name.thread)++ > 0;
  return name;
}

Name Holdings::going(const Leaving& mail, MailboxId mailbox, Uid first) {
  Name name{.message = mail.message, .thread = mail.thread};
  name.elsewhere = mail.others && has(mail.message, {mailbox, first, mail.uid});
  if (!name.thread) return name;
  const bool alone = name.thread.value == mail.message.value && !mail.followers;
  name.thread_elsewhere = name.elsewhere || (!alone && --count_in_thread(name.thread) > 0);
  return name;
}

Name Holdings::told(MessageId message, ThreadId thread) {
  const bool counted = threads_.contains(thread);
  int64_t& count = count_in_thread(thread);
  if (counted) ++count;
  return {.message = message, .thread = thread, .thread_elsewhere = count > 1};
}

}  // namespace pabal::store
