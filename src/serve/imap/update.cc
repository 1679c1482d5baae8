// What the client is told of changes in its mailbox (RFC 9051 §7.5, RFC 7162 §3.2.10).
#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/flags.h"
#include "serve/imap/notify_program.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

// In the order in which they were changed: whoever is cut off amid these has heard of
// everything up to the last MODSEQ that he saw.
std::vector<const reading::Item*> by_modseq(const std::vector<reading::Item>& items) {
  std::vector<const reading::Item*> out;
  out.reserve(items.size());
  for (const reading::Item& item : items) out.push_back(&item);
  std::ranges::sort(out, {}, [](const reading::Item* item) { return std::pair(item->modseq, item->uid); });
  return out;
}

// MODSEQs begin at 1 (RFC 7162 §7), an empty mailbox has had none yet.
uint64_t shown_modseq(const Selected& selected) {
  return static_cast<uint64_t>(std::max<int64_t>(selected.told_modseq.value, 1));
}

void pin(Selected& selected) {
  selected.pinned = selected.withheld;
  selected.pin_due = false;
}

}  // namespace

rt::Task<void> Session::sync(SyncOptions options) {
  if (closing_) co_return;
  reading::View& view = *selected_->view;
  if (view.stale() && !options.as_is) co_await view.refresh();
  if (view.removed()) {
    // RFC 9051 §6.3.5: there is no way to say that the mailbox is gone but to end.
    bye("the mailbox was deleted");
    co_return;
  }
  co_await look_at_rights();
  if (closing_) co_return;
  selected_->synced = view.refreshes();
  reading::Snapshot::Difference difference;
  if (view.now() != selected_->told) difference = view.now()->since(*selected_->told);
  // RFC 5465 §3.1: NOTIFY without events for the selected mailbox wants it to stay as it is told.
  const bool hold = !hears(kMessages) && !difference.empty();
  if (hold) {
    std::erase_if(difference.upserts,
                  [&](const reading::Item& item) { return !selected_->told->find(item.uid); });
    difference.removed.clear();
    difference.removed_uids.clear();
  }
  const uint32_t before = selected_->told->size();
  const bool all = !hold && (difference.removed.empty() || options.may_expunge);
  take_over(difference, all, options);
  if (difference.empty()) co_return;
  tell_keywords(false);
  const reading::Snapshot& told = *selected_->told;
  const uint32_t old_count = before - (all ? static_cast<uint32_t>(difference.removed.size()) : 0);
  if (told.size() > old_count) {
    out() += "* ";
    wire::put_number(out(), told.size());
    out() += " EXISTS\r\n";
    claim_recent(old_count + 1);
  }
  tell_recent();
  for (const reading::Item* item : by_modseq(difference.upserts)) {
    uint32_t number = *told.find(item->uid);
    if (number > old_count || !wants_told(*item, options)) continue;  // new: it asks for what it wants
    tell_flags(number, *item, item->modseq != options.silent.value);
    selected_->pin_due = selected_->withheld;
    co_await flush_if_full();
  }
  co_await tell_context_changes(difference.upserts, old_count + 1);
  if (notify_ && told.size() > old_count) co_await tell_new_messages(old_count + 1);
}

// The session knows now what the client is about to be told; all: everything.
void Session::take_over(const reading::Snapshot::Difference& difference, bool all,
                        const SyncOptions& options) {
  const reading::View& view = *selected_->view;
  selected_->flags_skipped |= std::ranges::any_of(difference.upserts, [&](const reading::Item& item) {
    bool own = item.modseq == options.own.value || item.modseq == options.silent.value;
    return !own && !hears(kFlags) && selected_->told->find(item.uid);
  });
  if (all) {
    tell_context_removals(difference);
    tell_removed(difference);
    selected_->told = view.now();
    if (!selected_->flags_skipped) selected_->told_modseq = view.mailbox().modseq;
  } else if (!difference.upserts.empty()) {
    // Those that are gone keep their numbers until the client may hear of it.
    selected_->told = selected_->told->with(difference.upserts, {});
  }
  selected_->removals_held = !all && !difference.removed.empty();
  selected_->withheld = selected_->told_modseq != view.mailbox().modseq;
}

// Of a message that it knew before.
bool Session::wants_told(const reading::Item& item, const SyncOptions& options) const {
  if (item.modseq == options.silent.value) return condstore_;
  return item.modseq == options.own.value || hears(kFlags);
}

// EXPUNGEISSUED: something is gone, and this was no command that could say so (RFC
// 9051 §7.1). HIGHESTMODSEQ: up to where the client knows everything, although it has
// seen higher MODSEQs (RFC 7162 §3.2, §6); there is room for one code in a tagged
// response, so the other one goes before it.
void Session::tell_position(Outcome& outcome) {
  bool free = outcome.kind == Outcome::ok && outcome.code.empty();
  if (free && selected_->removals_held) outcome.code = "EXPUNGEISSUED";
  if (!condstore_ || !(outcome.highest_modseq || selected_->withheld || selected_->pinned)) return;
  free = outcome.kind == Outcome::ok && outcome.code.empty();
  if (!free) return tell_highest_modseq();
  outcome.code = "HIGHESTMODSEQ " + std::to_string(shown_modseq(*selected_));
  pin(*selected_);
}

void Session::tell_highest_modseq() {
  out() += "* OK [HIGHESTMODSEQ ";
  wire::put_number(out(), shown_modseq(*selected_));
  out() += "] all up to here is told\r\n";
  pin(*selected_);
}

void Session::tell_withheld() {
  if (selected_ && condstore_ && selected_->withheld && selected_->pin_due) tell_highest_modseq();
}

rt::Task<void> Session::look_at_rights() {
  const reading::View& view = *selected_->view;
  if (selected_->own || (!view.stale() && selected_->refreshes == view.refreshes())) co_return;
  co_await check_rights();
}

// RFC 4314 §5.1.1: who may no longer read is shown the door.
rt::Task<void> Session::check_rights() {
  selected_->refreshes = selected_->view->refreshes();
  std::optional<reading::SeenMailbox> seen =
      co_await service_.store.read(reading::see_mailbox, *account_, selected_->view->id());
  if (!seen || !seen->rights.has('r')) {
    bye("you may no longer read this mailbox");
    co_return;
  }
  if (seen->rights == selected_->rights) co_return;
  selected_->rights = seen->rights;
  selected_->read_only = selected_->examined || !seen->rights.any_of("swite");
  tell_keywords(true);
}

void Session::tell_removed(const reading::Snapshot::Difference& difference) {
  if (difference.removed.empty()) return;
  if (qresync_ || uid_only_) {
    std::vector<NumberRange> uids;
    for (const store::UidRange& range : difference.removed_uids)
      uids.push_back({static_cast<uint32_t>(range.first.value), static_cast<uint32_t>(range.last.value)});
    out().append("* VANISHED ").append(wire::format_set(uids)).append("\r\n");
    return;
  }
  // From the end, so that each number is still what it was.
  for (auto number = difference.removed.rbegin(); number != difference.removed.rend(); ++number) {
    out() += "* ";
    wire::put_number(out(), *number);
    out() += " EXPUNGE\r\n";
  }
}

void Session::begin_fetch_line(uint32_t number, const reading::Item& item) {
  out() += "* ";
  wire::put_number(out(), uid_only_ ? item.uid : number);
  out() += uid_only_ ? " UIDFETCH (" : " FETCH (UID ";
  if (!uid_only_) wire::put_number(out(), item.uid);
}

void Session::tell_flags(uint32_t number, const reading::Item& item, bool flags) {
  begin_fetch_line(number, item);
  if (flags) {
    out() += uid_only_ ? "FLAGS (" : " FLAGS (";
    wire::put_flags(out(), shown_flags(item), selected_->view->mailbox().keywords);
    out() += ')';
  }
  if (condstore_) {
    out() += uid_only_ && !flags ? "MODSEQ (" : " MODSEQ (";
    wire::put_number(out(), static_cast<uint64_t>(item.modseq));
    out() += ')';
  }
  out() += ")\r\n";
}

void Session::tell_keywords(bool always) {
  const std::vector<std::string>& keywords = selected_->view->mailbox().keywords;
  if (!always && keywords.size() == selected_->keywords_told) return;
  selected_->keywords_told = keywords.size();
  uint64_t every = store::kSystemFlags;
  for (size_t i = 0; i < keywords.size(); ++i) every |= uint64_t{1} << (store::kFirstKeywordBit + i);
  out() += "* FLAGS (";
  wire::put_flags(out(), every, keywords);
  out() += ")\r\n* OK [PERMANENTFLAGS (";
  if (!selected_->read_only) {
    wire::put_flags(out(), every & reading::allowed_bits(selected_->rights), keywords);
    if (selected_->rights.has('w') && keywords.size() < store::kKeywordsMax) out() += " \\*";
  }
  out() += ")] what can be kept\r\n";
}

}  // namespace pabal::serve::imap
