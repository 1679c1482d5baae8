#include "store/flag_counts.h"

#include "store/mailboxes.h"

namespace pabal::store {

FlagCounts count_flags(Database& db, MailboxId mailbox) {
  Statement select = db.prepare(
      "SELECT sum(CASE WHEN flags & ? = 0 THEN 1 ELSE 0 END), sum(CASE WHEN flags & ? <> 0 THEN 1 ELSE 0 "
      "END), "
      "sum(CASE WHEN flags & ? <> 0 THEN size_octets ELSE 0 END) FROM mail WHERE mailbox = ?");
  select.bind(int64_t{kSeen}).bind(int64_t{kDeleted}).bind(int64_t{kDeleted}).bind(mailbox.value).step();
  // Without mails the sums are null, which reads as 0.
  return {static_cast<uint64_t>(select.number(0)), static_cast<uint64_t>(select.number(1)),
          static_cast<uint64_t>(select.number(2))};
}

}  // namespace pabal::store
