// COPY and MOVE (RFC 9051 §6.4.7, §6.4.8, RFC 4315 §3, RFC 6851).
#include "serve/imap/flags.h"
#include "serve/imap/notifier.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

std::vector<NumberRange> to_numbers(const store::UidRanges& uids) {
  std::vector<NumberRange> out;
  out.reserve(uids.size());
  for (const store::UidRange& range : uids)
    out.push_back({static_cast<uint32_t>(range.first.value), static_cast<uint32_t>(range.last.value)});
  return out;
}

uint64_t count_of(const std::vector<NumberRange>& numbers) {
  uint64_t count = 0;
  for (const NumberRange& range : numbers) count += range.last - range.first + 1;
  return count;
}

struct CopyWork {
  AccountId from_owner, from_reader;
  MailboxId from;
  store::UidRanges uids;
  Place to;
  bool move = false;
  uint64_t wanted = 0;  // so many of them at least
};

// Leaves the unit of work: fewer are there.
struct SomeGone {};

store::Copied copy(store::Transaction& tx, const CopyWork& work) {
  const Place& to = work.to;
  const bool moves_within = work.move && to.owner == work.from_owner;
  const store::CopiedSeen seen{
      .from = work.from_reader, .to = to.reader, .all = moves_within && work.from_reader};
  store::Copied copied = store::copy_mails(tx, work.from, work.uids, to.owner, to.mailbox->id,
                                           reading::allowed_bits(to.rights), !moves_within, seen);
  if (copied.messages < work.wanted && !copied.over_quota) throw SomeGone{};
  if (work.move && !copied.over_quota) store::expunge(tx, work.from_owner, work.from, copied.from);
  return copied;
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Copy command) {
  const std::optional<store::UidRanges> named = uids_named(command.set, command.uid);
  if (!named) co_return no_such_number();
  const store::UidRanges uids = *named;
  if (command.move && selected_->read_only)
    co_return no("READ-ONLY", "the mailbox is open for reading only: nothing can be moved away");
  bool may_move = selected_->rights.has('t') && selected_->rights.has('e');
  if (command.move && !may_move) co_return no("NOPERM", "you may not delete in this mailbox");
  std::expected<Place, Outcome> to = co_await find_with_right(command.mailbox, "i");
  if (!to) {
    Outcome refusal = to.error();
    if (refusal.code == "NONEXISTENT") refusal.code = "TRYCREATE";  // RFC 9051 §6.4.7
    co_return refusal;
  }
  if (uids.empty()) co_return ok("nothing to copy");
  const std::string done = command.move ? "moved" : "copied";

  const reading::View& view = *selected_->view;
  CopyWork work{.from_owner = view.owner(),
                .from_reader = view.reader(),
                .from = view.id(),
                .uids = uids,
                .to = *to,
                .move = command.move};
  // Who names numbers means messages that he knows: all of them or none (RFC 9051 §6.4.7,
  // RFC 2180 §4.4.1). A UID may be of none (RFC 9051 §6.4.9).
  if (!command.uid) work.wanted = count_of(numbers_now(uids));
  store::Copied copied;
  try {
    copied = co_await service_.store.write(copy, std::move(work));
  } catch (const SomeGone&) {
    co_return no("EXPUNGEISSUED", "some of these messages are gone: nothing was " + done);
  }
  if (copied.over_quota) co_return no("OVERQUOTA", "there is no room for these messages");
  if (notify_) notify_->expect_arrivals(to->mailbox->id, to_numbers(copied.to));
  if (copied.messages == 0) co_return no("EXPUNGEISSUED", "these messages are gone");
  std::string code = "COPYUID " + std::to_string(to->mailbox->uid_validity.value) + " " +
                     wire::format_set(to_numbers(copied.from)) + " " +
                     wire::format_set(to_numbers(copied.to));
  if (!command.move) co_return ok("copied", code);
  // RFC 6851 §4.3: before the EXPUNGEs, so that the client knows where they went.
  out().append("* OK [").append(code).append("] moved\r\n");
  co_await sync({});
  Outcome outcome = ok("moved");
  outcome.highest_modseq = true;
  co_return outcome;
}

}  // namespace pabal::serve::imap
