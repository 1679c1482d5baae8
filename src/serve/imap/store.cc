// STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
#include <algorithm>

#include "base/bytes.h"
#include "proto/imap/response.h"
#include "serve/imap/flags.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

store::FlagChange::Mode mode_of(wire::Store::Mode mode) {
  switch (mode) {
    case wire::Store::replace:
      return store::FlagChange::replace;
    case wire::Store::add:
      return store::FlagChange::add;
    case wire::Store::remove:
      return store::FlagChange::remove;
  }
  return store::FlagChange::replace;
}

struct StoreWork {
  AccountId owner, reader;
  MailboxId mailbox;
  store::UidRanges uids;
  store::FlagChange change;  // without the keywords' bits
  std::vector<std::string> keywords;
  store::Mailbox known;  // by the client's view
};
struct Stored {
  store::FlagsChanged changed;
  bool gone = false, too_many_keywords = false;
  std::optional<reading::News> news;  // since `known`, if it is little
};

// More is read by a reader, so that no other commit waits for it.
constexpr int64_t kNewsModseqsMax = 64;
constexpr size_t kNewsRangesMax = 4;
constexpr int64_t kNewsUidsMax = 64;

bool is_little(const store::UidRanges& changed) {
  auto is_short = [](const store::UidRange& range) {
    return range.last.value - range.first.value < kNewsUidsMax;
  };
  return changed.size() <= kNewsRangesMax && std::ranges::all_of(changed, is_short);
}

Stored change(store::Transaction& tx, const StoreWork& work) {
  Stored stored;
  stored.gone = !store::find_mailbox(tx.db, work.mailbox);
  if (stored.gone) return stored;
  std::optional<uint64_t> keywords = store::keyword_bits(tx, work.owner, work.mailbox, work.keywords);
  stored.too_many_keywords = !keywords;
  if (stored.too_many_keywords) return stored;
  store::FlagChange change = work.change;
  change.flags |= *keywords;
  stored.changed = store::change_flags(tx, work.owner, work.mailbox, work.uids, change, work.reader);
  const bool near = stored.changed.modseq.value - work.known.modseq.value <= kNewsModseqsMax;
  if (stored.changed.modseq && near && is_little(stored.changed.changed))
    stored.news = reading::read_news(tx.db, work.known, work.reader, reading::Known::everything);
  return stored;
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Store command) {
  if (command.unchanged_since) enable_condstore();
  std::optional<store::UidRanges> named = uids_named(command.set, command.uid);
  if (!named) co_return no_such_number();
  reading::FlagNames names = reading::split_flags(command.flags);
  if (!names.unknown.empty()) co_return bad("there is no system flag " + names.unknown);
  if (std::optional<Outcome> refusal = refuse_flags(*selected_, names, command.mode == wire::Store::replace))
    co_return std::move(*refusal);
  if (named->empty()) co_return ok("nothing to change");

  const store::UidRanges uids = std::move(*named);
  const reading::View& view = *selected_->view;
  StoreWork work{.owner = view.owner(),
                 .reader = view.reader(),
                 .mailbox = view.id(),
                 .uids = uids,
                 .change = {},
                 .keywords = {},
                 .known = view.mailbox()};
  work.change.mode = mode_of(command.mode);
  work.change.flags = names.system;
  work.change.mask = reading::allowed_bits(selected_->rights);
  if (selected_->rights.has('w')) work.keywords = std::move(names.keywords);
  if (command.unchanged_since)
    work.change.unchanged_since = ModSeq{static_cast<int64_t>(*command.unchanged_since)};
  const ModSeq known = view.mailbox().modseq;
  Stored stored = co_await service_.store.write(change, std::move(work));
  const store::FlagsChanged& changed = stored.changed;
  if (stored.gone) co_return no("NONEXISTENT", "the mailbox was deleted");
  if (stored.too_many_keywords) {
    co_return no("LIMIT", "a mailbox can have " + std::to_string(store::kKeywordsMax) + " keywords");
  }
  const bool taken = stored.news && selected_->view->take(known, std::move(*stored.news));
  co_await sync({.may_expunge = command.uid,
                 .silent = command.silent ? changed.modseq : ModSeq{},
                 .own = changed.modseq,
                 .as_is = taken});
  if (!command.silent) co_await tell_unchanged(uids, changed);
  if (changed.modified.empty()) co_return ok("flags are as you wish");

  std::vector<uint32_t> left;
  for (Uid uid : changed.modified) {
    uint32_t value = static_cast<uint32_t>(uid.value);
    if (command.uid || uid_only_) {
      left.push_back(value);
    } else if (std::optional<uint32_t> number = selected_->told->find(value)) {
      left.push_back(*number);
    }
  }
  co_return ok("what others changed meanwhile was left alone", "MODIFIED " + wire::format_set(left));
}

// RFC 9051 §6.4.6: without .SILENT the flags of every message named are told; of
// those that changed, sync() has done so.
rt::Task<void> Session::tell_unchanged(store::UidRanges uids, store::FlagsChanged changed) {
  const std::shared_ptr<const reading::Snapshot> told = selected_->told;
  auto range = changed.changed.begin();
  for (const NumberRange& numbered : numbers_now(uids)) {
    for (uint32_t number = numbered.first; number <= numbered.last; ++number) {
      const reading::Item& item = told->at(number);
      while (range != changed.changed.end() && range->last.value < item.uid) ++range;
      bool was_told = range != changed.changed.end() && range->first.value <= item.uid;
      if (!was_told || item.modseq != changed.modseq.value) tell_flags(number, item, true);
      co_await flush_if_full();
    }
  }
}

}  // namespace pabal::serve::imap
