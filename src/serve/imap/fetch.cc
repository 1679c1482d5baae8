// FETCH and UID FETCH (RFC 9051 §6.4.5).
#include <algorithm>

#include "mail/header.h"
#include "proto/imap/response.h"
#include "rt/offload.h"
#include "serve/imap/fetch_line.h"
#include "serve/imap/session.h"
#include "serve/imap/window.h"
#include "store/changes.h"

namespace pabal::serve::imap {

namespace {

// What one step reads and writes.
constexpr size_t kBatchMessages = 256;
constexpr uint64_t kBatchOctets = 2 * 1024 * 1024;

bool has(const std::vector<wire::FetchItem>& items, wire::FetchItem::Kind kind) {
  return std::ranges::find(items, kind, &wire::FetchItem::kind) != items.end();
}

void add_first(std::vector<wire::FetchItem>& items, wire::FetchItem::Kind kind) {
  if (!has(items, kind)) items.insert(items.begin(), wire::FetchItem{.kind = kind});
}

std::vector<MessageId> ids_of(const std::vector<FetchSource>& sources) {
  std::vector<MessageId> ids;
  ids.reserve(sources.size());
  for (const FetchSource& source : sources) ids.push_back(MessageId{source.item.message});
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

}  // namespace

// What is read for one batch, and stays while its lines are written.
struct Session::FetchBatch {
  std::vector<FetchSource> sources;
  std::vector<store::Summary> summaries;   // rising by message
  std::vector<store::MessageBytes> bytes;  // rising by message
};

rt::Task<Outcome> Session::on(wire::Fetch command) {
  std::optional<std::vector<NumberRange>> numbers = numbers_of(command.set, command.uid);
  if (!numbers)
    co_return bad("there is no such message number: the mailbox has " +
                  std::to_string(selected_->told->size()));
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
  if (command.vanished) co_await tell_vanished(command.set, *command.changed_since);

  FetchNeeds needs = needs_of(command.items);
  if (needs.sets_seen) {
    ModSeq seen = co_await set_seen(*numbers);
    // Who reads a message sees that it is read now.
    if (seen.value != 0) add_first(command.items, wire::FetchItem::flags);
  }
  co_return co_await tell_messages(std::move(*numbers), std::move(command.items), needs);
}

std::vector<NumberRange> Session::changed_after(const std::vector<NumberRange>& numbers,
                                                int64_t modseq) const {
  std::vector<NumberRange> out;
  for (const NumberRange& range : numbers) {
    selected_->told->each(range.first, range.last, [&](uint32_t number, const Item& item) {
      if (item.modseq > modseq) wire::add_to(out, number);
    });
  }
  return out;
}

// RFC 7162 §3.2.6: UIDs of the set that were expunged since.
rt::Task<void> Session::tell_vanished(wire::SequenceSet set, uint64_t since) {
  const View& view = *selected_->view;
  ModSeq modseq{static_cast<int64_t>(std::min<uint64_t>(since, INT64_MAX))};
  auto query = [&](store::Database& db) {
    return store::expunged_since(db, view.owner(), view.id(), modseq);
  };
  store::UidRanges gone = co_await service_.store.read(query);
  uint32_t highest = static_cast<uint32_t>(std::min<int64_t>(view.mailbox().uid_next.value, UINT32_MAX));
  std::vector<NumberRange> wanted = set.saved ? selected_->saved : wire::normalize(set, highest);
  std::vector<NumberRange> vanished;
  for (const store::UidRange& range : gone) {
    for (int64_t uid = range.first.value; uid <= range.last.value; ++uid) {
      uint32_t value = static_cast<uint32_t>(uid);
      if (wire::contains(wanted, value) && !selected_->told->find(value)) wire::add_to(vanished, value);
    }
  }
  if (!vanished.empty())
    out().append("* VANISHED (EARLIER) ").append(wire::format_set(vanished)).append("\r\n");
}

// The MODSEQ of the change; 0: all were seen, or may not be marked.
rt::Task<ModSeq> Session::set_seen(std::vector<NumberRange> numbers) {
  if (selected_->read_only || !selected_->rights.has('s')) co_return ModSeq{};
  std::vector<NumberRange> unseen;
  for (const NumberRange& range : numbers) {
    selected_->told->each(range.first, range.last, [&](uint32_t number, const Item& item) {
      if ((item.flags & store::kSeen) == 0) wire::add_to(unseen, number);
    });
  }
  if (unseen.empty()) co_return ModSeq{};
  store::UidRanges uids = uids_of(unseen);
  const View& view = *selected_->view;
  store::FlagsChanged changed;
  auto work = [&](store::Transaction& tx) {
    changed = store::change_flags(tx, view.owner(), view.id(), uids,
                                  {.mode = store::FlagChange::add, .flags = store::kSeen});
  };
  co_await service_.store.write(work);
  co_await sync({.may_expunge = false, .silent = changed.modseq});
  co_return changed.modseq;
}

rt::Task<Outcome> Session::tell_messages(std::vector<NumberRange> numbers, std::vector<wire::FetchItem> items,
                                         FetchNeeds needs) {
  // Stays as it is, whatever sync() does to the session's own.
  const std::shared_ptr<const Snapshot> told = selected_->told;
  const std::vector<std::string> keywords = selected_->view->mailbox().keywords;
  FetchForm form{.items = items, .keywords = keywords, .uid_only = uid_only_, .utf8 = names_utf8()};
  const bool reads = needs.bytes || needs.any_summary;
  size_t gone = 0, damaged = 0, not_decodable = 0;
  for (const NumberRange& range : numbers) {
    for (uint32_t first = range.first; first <= range.last;) {
      FetchBatch batch;
      uint64_t octets = 0;
      uint32_t last = std::min<uint64_t>(range.last, uint64_t{first} + kBatchMessages - 1);
      told->each(first, last, [&](uint32_t number, const Item& item) {
        if (octets > kBatchOctets && needs.bytes) return;
        octets += item.size_octets;
        batch.sources.push_back({.number = number, .item = item});
      });
      first = batch.sources.back().number + 1;
      if (reads) co_await load(batch, needs);
      for (FetchSource& source : batch.sources) {
        Loaded loaded = reads ? attach(source, batch, needs) : Loaded::yes;
        if (loaded == Loaded::gone) ++gone;
        if (loaded == Loaded::damaged) ++damaged;
        if (loaded != Loaded::yes) continue;
        if (!put_fetch_line(out(), source, form)) ++not_decodable;
        co_await flush_if_full();
      }
      service_.counters.fetched += batch.sources.size();
    }
  }
  if (damaged > 0)
    co_return no("SERVERBUG", std::to_string(damaged) + " messages are damaged on the disk of the server");
  if (not_decodable > 0) co_return no("UNKNOWN-CTE", "the part cannot be decoded; fetch it as BODY");
  if (gone > 0) co_return no("EXPUNGEISSUED", std::to_string(gone) + " messages are gone");
  co_return ok("fetched");
}

rt::Task<void> Session::load(FetchBatch& batch, FetchNeeds needs) {
  std::vector<MessageId> ids = ids_of(batch.sources);
  if (needs.any_summary) {
    auto query = [&](store::Database& db) { return store::find_summaries(db, ids, needs.summary); };
    batch.summaries = co_await service_.store.read(query);
  }
  std::vector<MessageId> wanted;
  for (MessageId id : ids) {
    bool summarized = std::ranges::binary_search(batch.summaries, id, {}, &store::Summary::message);
    if (needs.bytes || (needs.any_summary && !summarized)) wanted.push_back(id);
  }
  std::vector<MessageId> to_index;
  while (!wanted.empty()) {
    std::vector<store::MessageBytes> read = co_await service_.store.messages(wanted, kBatchOctets);
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(read.size()));
    if (needs.any_summary) co_await summarize_missing(read, batch, to_index);
    for (store::MessageBytes& message : read) {
      if (!needs.bytes) message.bytes.clear();
      batch.bytes.push_back(std::move(message));
    }
  }
  service_.indexer.want(std::move(to_index));
}

// Not indexed yet: made here, kept by the indexer.
rt::Task<void> Session::summarize_missing(const std::vector<store::MessageBytes>& read, FetchBatch& batch,
                                          std::vector<MessageId>& to_index) {
  std::vector<store::Summary> made;
  auto work = [&] {
    for (const store::MessageBytes& message : read) {
      bool there = std::ranges::binary_search(batch.summaries, message.id, {}, &store::Summary::message);
      if (there || !message.error.empty()) continue;
      made.push_back(summarize(message.id, message.bytes, message.received_at).summary);
    }
  };
  co_await rt::offload(service_.world.blocking, work);
  for (const store::Summary& summary : made) to_index.push_back(summary.message);
  std::ranges::move(made, std::back_inserter(batch.summaries));
  std::ranges::sort(batch.summaries, {}, &store::Summary::message);
}

Session::Loaded Session::attach(FetchSource& source, const FetchBatch& batch, const FetchNeeds& needs) const {
  MessageId id{source.item.message};
  if (needs.bytes) {
    auto found = std::ranges::lower_bound(batch.bytes, id, {}, &store::MessageBytes::id);
    if (found == batch.bytes.end() || found->id != id || found->gone) return Loaded::gone;
    if (!found->error.empty()) return Loaded::damaged;
    source.message = found->bytes;
    if (needs.head_only)
      source.message = source.message.substr(0, mail::parse_header(source.message).body_begin);
  }
  if (needs.any_summary) {
    auto found = std::ranges::lower_bound(batch.summaries, id, {}, &store::Summary::message);
    if (found == batch.summaries.end() || found->message != id) {
      auto bytes = std::ranges::lower_bound(batch.bytes, id, {}, &store::MessageBytes::id);
      bool damaged =
          bytes != batch.bytes.end() && bytes->id == id && !bytes->error.empty() && !bytes->gone;
      return damaged ? Loaded::damaged : Loaded::gone;
    }
    source.summary = &*found;
  }
  return Loaded::yes;
}

}  // namespace pabal::serve::imap
