#include "reading/known_mailboxes.h"

namespace pabal::reading {

std::optional<store::Mailbox> KnownMailboxes::find(AccountId owner, std::string_view name,
                                                   Needs needs) const {
  auto account = accounts_.find(owner);
  if (account == accounts_.end()) return std::nullopt;
  auto found = account->second.find(name);
  if (found == account->second.end() || (found->second.old && needs == Needs::counts)) return std::nullopt;
  return found->second.mailbox;
}

void KnownMailboxes::put(const store::Mailbox& mailbox, uint64_t since) {
  if (since != now_) return;
  if (count_ >= max_) {
    accounts_.clear();
    count_ = 0;
  }
  auto [place, is_new] = accounts_[mailbox.account].insert_or_assign(mailbox.name, Entry{mailbox});
  if (is_new) ++count_;
}

void KnownMailboxes::changed(const std::vector<store::MailboxChange>& changes) {
  ++now_;
  for (const store::MailboxChange& change : changes) changed(change);
}

void KnownMailboxes::changed(const store::MailboxChange& change) {
  auto account = accounts_.find(change.account);
  if (account == accounts_.end() || change.threads_only) return;
  Account& mailboxes = account->second;
  for (auto entry = mailboxes.begin(); entry != mailboxes.end();) {
    const bool meant = !change.mailbox || entry->second.mailbox.id == change.mailbox;
    entry->second.old |= meant;
    if (meant && !change.mails_only) {
      entry = mailboxes.erase(entry);
      --count_;
    } else {
      ++entry;
    }
  }
  if (mailboxes.empty()) accounts_.erase(account);
}

}  // namespace pabal::reading
