// What the client is told of changes in its mailbox (RFC 9051 §7.5, RFC 7162 §3.2.10).
#include "proto/imap/response.h"
#include "serve/imap/flags.h"
#include "serve/imap/notify_program.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<void> Session::sync(SyncOptions options) {
  View& view = *selected_->view;
  if (view.stale()) co_await view.refresh();
  if (view.removed()) {
    // RFC 9051 §6.3.5: there is no way to say that the mailbox is gone but to end.
    bye("the mailbox was deleted");
    co_return;
  }
  if (!selected_->own && selected_->refreshes != view.refreshes()) co_await check_rights();
  if (closing_ || view.now() == selected_->told) co_return;
  Snapshot::Difference difference = view.now()->since(*selected_->told);
  // RFC 5465 §3.1: NOTIFY without events for the selected mailbox wants it to stay as it is told.
  const bool hold = !hears(kMessages);
  if (hold) {
    std::erase_if(difference.upserts, [&](const Item& item) { return !selected_->told->find(item.uid); });
    difference.removed.clear();
    difference.removed_uids.clear();
  }
  const uint32_t before = selected_->told->size();
  if (!hold && (difference.removed.empty() || options.may_expunge)) {
    tell_context_removals(difference);
    tell_removed(difference);
    selected_->told = view.now();
  } else {
    // Those that are gone keep their numbers until the client may hear of it.
    selected_->told = selected_->told->with(difference.upserts, {});
  }
  tell_keywords(false);
  const Snapshot& told = *selected_->told;
  uint32_t removed = options.may_expunge ? static_cast<uint32_t>(difference.removed.size()) : 0;
  uint32_t old_count = before - removed;
  if (told.size() > old_count) {
    out() += "* ";
    wire::put_number(out(), told.size());
    out() += " EXISTS\r\n";
  }
  for (const Item& item : difference.upserts) {
    uint32_t number = *told.find(item.uid);
    if (number > old_count) break;  // new: the client asks for what it wants
    bool silent = item.modseq == options.silent.value;
    if (silent && !condstore_) continue;
    if (!silent && item.modseq != options.own.value && !hears(kFlags)) continue;
    tell_flags(number, item, !silent);
    co_await flush_if_full();
  }
  co_await tell_context_changes(difference.upserts, old_count + 1);
  if (notify_ && told.size() > old_count) co_await tell_new_messages(old_count + 1);
}

// RFC 4314 §5.1.1: who may no longer read is shown the door.
rt::Task<void> Session::check_rights() {
  selected_->refreshes = selected_->view->refreshes();
  std::optional<SeenMailbox> seen =
      co_await service_.store.read(see_mailbox, *account_, selected_->view->id());
  if (!seen || !seen->rights.has('r')) {
    bye("you may no longer read this mailbox");
    co_return;
  }
  if (seen->rights == selected_->rights) co_return;
  selected_->rights = seen->rights;
  selected_->read_only = selected_->examined || !seen->rights.any_of("swite");
  tell_keywords(true);
}

void Session::tell_removed(const Snapshot::Difference& difference) {
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

void Session::begin_fetch_line(uint32_t number, const Item& item) {
  out() += "* ";
  wire::put_number(out(), uid_only_ ? item.uid : number);
  out() += uid_only_ ? " UIDFETCH (" : " FETCH (UID ";
  if (!uid_only_) wire::put_number(out(), item.uid);
}

void Session::tell_flags(uint32_t number, const Item& item, bool flags) {
  begin_fetch_line(number, item);
  if (flags) {
    out() += uid_only_ ? "FLAGS (" : " FLAGS (";
    wire::put_flags(out(), item.flags, selected_->view->mailbox().keywords);
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
    wire::put_flags(out(), every & allowed_bits(selected_->rights), keywords);
    if (selected_->rights.has('w') && keywords.size() < store::kKeywordsMax) out() += " \\*";
  }
  out() += ")] what can be kept\r\n";
}

}  // namespace pabal::serve::imap
