// FETCH and UID FETCH (RFC 9051 §6.4.5).
#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/fetch_ahead.h"
#include "serve/imap/session.h"
#include "serve/imap/window.h"
#include "store/changes.h"

namespace pabal::serve::imap {

namespace {

bool has(const std::vector<wire::FetchItem>& items, wire::FetchItem::Kind kind) {
  return std::ranges::find(items, kind, &wire::FetchItem::kind) != items.end();
}

void add_first(std::vector<wire::FetchItem>& items, wire::FetchItem::Kind kind) {
  if (!has(items, kind)) items.insert(items.begin(), wire::FetchItem{.kind = kind});
}

}  // namespace

// Messages that got no line.
struct Session::FetchTally {
  size_t gone = 0, damaged = 0, not_decodable = 0;
};

rt::Task<Outcome> Session::on(wire::Fetch command) {
  std::optional<std::vector<NumberRange>> numbers = numbers_of(command.set, command.uid);
  if (!numbers) co_return no_such_number();
  if (command.vanished && !(qresync_ && command.uid && command.changed_since))
    co_return bad("VANISHED goes with UID FETCH and CHANGEDSINCE, after ENABLE QRESYNC");
  if (command.changed_since || has(command.items, wire::FetchItem::modseq)) enable_condstore();
  if (command.changed_since) {
    add_first(command.items, wire::FetchItem::modseq);
    *numbers =
        changed_after(*numbers, static_cast<int64_t>(std::min<uint64_t>(*command.changed_since, INT64_MAX)));
  }
  if (command.uid) add_first(command.items, wire::FetchItem::uid);
  if (command.partial) *numbers = window_of(*numbers, *command.partial);
  const store::UidRanges uids = uids_of(*numbers);  // which stay, whatever is told meanwhile
  if (command.vanished) co_await tell_vanished(command.set, *command.changed_since);

  FetchNeeds needs = needs_of(command.items);
  ModSeq seen = needs.sets_seen ? co_await set_seen(uids) : ModSeq{};
  if (seen.value == 0) co_return co_await tell_messages(numbers_now(uids), std::move(command.items), needs);

  // Who reads a message sees that it is read now, even when it cannot be read after all.
  add_first(command.items, wire::FetchItem::flags);
  Outcome outcome;
  std::exception_ptr error;
  try {
    outcome = co_await tell_messages(numbers_now(uids), std::move(command.items), needs);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return outcome;
  co_await tell_marked(uids, seen);
  std::rethrow_exception(error);
}

// The flags of those that a change has marked.
rt::Task<void> Session::tell_marked(store::UidRanges uids, ModSeq modseq) {
  const std::shared_ptr<const reading::Snapshot> told = selected_->told;
  for (const NumberRange& range : numbers_now(uids)) {
    for (uint32_t number = range.first; number <= range.last; ++number) {
      if (told->at(number).modseq == modseq.value) tell_flags(number, told->at(number), true);
      co_await flush_if_full();
    }
  }
}

std::vector<NumberRange> Session::changed_after(const std::vector<NumberRange>& numbers,
                                                int64_t modseq) const {
  std::vector<NumberRange> out;
  for (const NumberRange& range : numbers) {
    selected_->told->each(range.first, range.last, [&](uint32_t number, const reading::Item& item) {
      if (item.modseq > modseq) add_to(out, number);
    });
  }
  return out;
}

// RFC 7162 §3.2.6: UIDs of the set that were expunged since.
rt::Task<void> Session::tell_vanished(wire::SequenceSet set, uint64_t since) {
  const reading::View& view = *selected_->view;
  ModSeq modseq{static_cast<int64_t>(std::min<uint64_t>(since, INT64_MAX))};
  store::UidRanges gone =
      co_await service_.store.read(store::expunged_since, view.owner(), view.id(), modseq);
  uint32_t highest = static_cast<uint32_t>(std::min<int64_t>(view.mailbox().uid_next.value, UINT32_MAX));
  std::vector<NumberRange> wanted = set.saved ? selected_->saved : wire::normalize(set, highest);
  std::vector<NumberRange> vanished = intersection(selected_->told->missing(gone), wanted);
  if (!vanished.empty())
    out().append("* VANISHED (EARLIER) ").append(wire::format_set(vanished)).append("\r\n");
}

// The MODSEQ of the change; 0: all were seen, or may not be marked.
rt::Task<ModSeq> Session::set_seen(store::UidRanges uids) {
  if (selected_->read_only || !selected_->rights.has('s')) co_return ModSeq{};
  // As it is now: another session may have taken the flag away since this one was told.
  reading::View& view = *selected_->view;
  if (view.stale()) co_await view.refresh();
  std::vector<NumberRange> unseen;
  for (const NumberRange& range : numbers_now(uids)) {
    selected_->told->each(range.first, range.last, [&](uint32_t number, const reading::Item& item) {
      std::optional<uint32_t> now = view.now()->find(item.uid);
      if (now && (view.now()->at(*now).flags & store::kSeen) == 0) add_to(unseen, number);
    });
  }
  if (unseen.empty()) co_return ModSeq{};
  uids = uids_of(unseen);
  auto work = [](store::Transaction& tx, AccountId owner, AccountId reader, MailboxId mailbox,
                 const store::UidRanges& which) {
    return store::change_flags(tx, owner, mailbox, which,
                               {.mode = store::FlagChange::add, .flags = store::kSeen}, reader);
  };
  store::FlagsChanged changed =
      co_await service_.store.write(work, view.owner(), view.reader(), view.id(), std::move(uids));
  co_await sync({.may_expunge = false, .silent = changed.modseq});
  co_return changed.modseq;
}

rt::Task<Outcome> Session::tell_messages(std::vector<NumberRange> numbers, std::vector<wire::FetchItem> items,
                                         FetchNeeds needs) {
  // Stays as it is, whatever sync() does to the session's own.
  const std::shared_ptr<const reading::Snapshot> told = selected_->told;
  FetchAhead ahead(service_.reading, selected_->view->owner(), told, numbers, items, needs);
  if (bool single = numbers.size() == 1 && numbers[0].first == numbers[0].last; single && needs.bytes) {
    if (numbers[0].first == selected_->next_read) ahead.read_on_behind(numbers[0].first);
    selected_->next_read = numbers[0].first + 1;
  }
  FetchTally tally;
  std::exception_ptr error;
  try {
    co_await tell_batches(ahead, items, tally);
  } catch (...) {
    error = std::current_exception();
  }
  co_await ahead.stop();
  if (error) std::rethrow_exception(error);
  if (tally.damaged > 0)
    co_return no("SERVERBUG",
                 std::to_string(tally.damaged) + " messages are damaged on the disk of the server");
  if (tally.not_decodable > 0) co_return no("UNKNOWN-CTE", "the part cannot be decoded; fetch it as BODY");
  // RFC 2180 §4.1.2: what could be told has been told, the client may ask for the rest.
  if (tally.gone > 0) co_return ok("some messages are gone", "EXPUNGEISSUED");
  co_return ok("fetched");
}

void Session::log_damaged(const FetchSource& source) const {
  service_.world.log.error("imap.message_damaged", {{"account", account_->address},
                                                    {"mailbox", selected_->view->mailbox().name},
                                                    {"uid", static_cast<int64_t>(source.item.uid)},
                                                    {"message", source.item.message}});
}

rt::Task<void> Session::tell_batches(FetchAhead& ahead, const std::vector<wire::FetchItem>& items,
                                     FetchTally& tally) {
  const std::vector<std::string> keywords = selected_->view->mailbox().keywords;
  FetchForm form{.items = items, .keywords = keywords, .uid_only = uid_only_, .texts = text_form()};
  for (;;) {
    std::unique_ptr<FetchBatch> batch = co_await ahead.next();
    if (!batch) co_return;
    for (FetchSource& source : batch->sources) {
      FetchBatch::Loaded loaded = batch->attach(source);
      source.item.flags = shown_flags(source.item);
      if (loaded == FetchBatch::Loaded::gone) {
        ++tally.gone;
        tell_what_is_left(source, form);
      }
      if (loaded == FetchBatch::Loaded::damaged) {
        ++tally.damaged;
        log_damaged(source);
      }
      bool told = false;
      if (loaded == FetchBatch::Loaded::yes) {
        FetchLine line(source, form);
        told = line.can_be_told();
        while (told && line.put_piece(out())) co_await flush_if_full();
      }
      if (loaded == FetchBatch::Loaded::yes && !told) ++tally.not_decodable;
      // This command may have marked it as \Seen, and no line tells so.
      bool there = loaded != FetchBatch::Loaded::gone;
      if (!told && there && has(items, wire::FetchItem::flags)) tell_flags(source.number, source.item, true);
      co_await flush_if_full();
    }
    service_.counters.fetched += batch->sources.size();
    co_await look_at_rights();
    if (closing_) co_return;
  }
}

// Of a message that somebody else has expunged: what is known of it without its bytes.
void Session::tell_what_is_left(const FetchSource& source, const FetchForm& form) {
  std::vector<wire::FetchItem> left;
  for (const wire::FetchItem& item : form.items) {
    FetchNeeds needs = needs_of({item});
    bool there = !needs.bytes && (!needs.texts || source.texts != nullptr) &&
                 (!needs.threads || source.thread) && (!needs.preview || source.texts->preview);
    if (there) left.push_back(item);
  }
  auto says_something = [](const wire::FetchItem& item) { return item.kind != wire::FetchItem::uid; };
  if (std::ranges::none_of(left, says_something)) return;
  FetchForm rest{.items = left, .keywords = form.keywords, .uid_only = form.uid_only, .texts = form.texts};
  FetchLine line(source, rest);
  while (line.put_piece(out())) {
  }
}

}  // namespace pabal::serve::imap
