// News: what has changed in a mailbox since it was known.
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "reading/snapshot.h"
#include "store/mailboxes.h"
#include "store/store.h"

namespace pabal::reading {

struct News {
  std::optional<store::Mailbox> mailbox;  // as it is now; nullopt: it is gone
  std::vector<Item> upserts;              // what came and what changed, rising
  store::UidRanges removed;               // nothing of `upserts` among them
};

// What of a mailbox is known already, as of its MODSEQ.
enum class Known { nothing, as_nobody_sees_it, everything };

// As `reader` sees it, or everybody.
News read_news(store::Database& db, const store::Mailbox& known, AccountId reader, Known what);

}  // namespace pabal::reading
