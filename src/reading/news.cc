#include "reading/news.h"

#include <algorithm>

#include "store/changes.h"
#include "store/private_seen.h"

namespace pabal::reading {

namespace {

Item to_item(const store::Mail& mail) {
  return {.uid = static_cast<uint32_t>(mail.uid.value),
          .size_octets = static_cast<uint32_t>(std::min<uint64_t>(mail.size_octets, UINT32_MAX)),
          .flags = mail.flags,
          .modseq = mail.modseq.value,
          .message = mail.message.value,
          .internal_date_ms = mail.internal_date.ms,
          .saved_at_ms = mail.saved_at.ms};
}

// Ranges of several changes, in any order, as one rising list.
store::UidRanges merge(std::vector<store::UidRange> ranges) {
  std::ranges::sort(ranges, {}, &store::UidRange::first);
  store::UidRanges out;
  for (const store::UidRange& range : ranges) {
    if (!out.empty() && range.first.value <= out.back().last.value + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

// Without the UIDs that are in `items`.
store::UidRanges without(const store::UidRanges& ranges, const std::vector<Item>& items) {
  store::UidRanges out;
  auto item = items.begin();
  for (const store::UidRange& range : ranges) {
    int64_t from = range.first.value;
    while (item != items.end() && item->uid < from) ++item;
    for (; item != items.end() && item->uid <= range.last.value; ++item) {
      if (item->uid > from) out.push_back({Uid{from}, Uid{int64_t{item->uid} - 1}});
      from = int64_t{item->uid} + 1;
    }
    if (from <= range.last.value) out.push_back({Uid{from}, range.last});
  }
  return out;
}

}  // namespace

News read_news(store::Database& db, const store::Mailbox& known, AccountId reader, Known what) {
  News news;
  news.mailbox = store::find_mailbox(db, known.id);
  if (!news.mailbox) return news;
  std::vector<store::Mail> mails;
  const bool forgotten = what != Known::nothing && store::is_forgotten(db, known.account, known.modseq);
  if (what == Known::nothing || forgotten) {
    mails = store::list_mails(db, known.id, reader);
    if (forgotten) news.removed = {{Uid{1}, Uid{INT64_MAX}}};  // what is not read again
  } else {
    store::UidRanges touched, gone;
    if (what == Known::as_nobody_sees_it) touched = store::list_private_seen(db, known.id, reader);
    for (const store::Change& change :
         store::list_changes(db, known.account, known.modseq, known.id, reader)) {
      bool is_here = change.kind == store::ChangeKind::added || change.kind == store::ChangeKind::flags;
      if (is_here) touched.push_back({change.first, change.last});
      if (change.kind == store::ChangeKind::expunged) gone.push_back({change.first, change.last});
    }
    // A range may reach over mails that are still there: what is read below wins.
    news.removed = merge(std::move(gone));
    for (const store::UidRange& range : news.removed) touched.push_back(range);
    if (!touched.empty()) mails = store::list_mails(db, known.id, merge(std::move(touched)), reader);
  }
  news.upserts.reserve(mails.size());
  for (const store::Mail& mail : mails) news.upserts.push_back(to_item(mail));
  news.removed = without(news.removed, news.upserts);
  return news;
}

}  // namespace pabal::reading
