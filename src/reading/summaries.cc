#include "reading/summaries.h"

#include <algorithm>

#include "io/error.h"
#include "reading/side_by_side.h"
#include "rt/offload.h"

namespace pabal::reading {

namespace {

constexpr size_t kBatchMessages = 1000;
// What is read at once of those that have to be summarized.
constexpr size_t kReadMessages = 64;
constexpr uint64_t kReadOctets = 4 << 20;
// Of those whose head will do; longer heads are read with all of the message.
constexpr uint64_t kHeadOctets = 16 << 10;

size_t index_of(const std::vector<MessageId>& messages, MessageId id) {
  return static_cast<size_t>(std::ranges::lower_bound(messages, id) - messages.begin());
}

struct SummaryRun {
  Context& context;
  const std::vector<MessageId>& messages;
  const store::SummaryWants wants;
  Progress& progress;
  const std::function<void(size_t, store::Summary&)>& use;
  size_t damaged = 0;
};

// Of the messages those that were not found; both are rising.
template <class Found>
std::vector<MessageId> left_out(const std::vector<MessageId>& messages, const std::vector<Found>& found,
                                MessageId Found::* message) {
  std::vector<MessageId> out;
  auto next = found.begin();
  for (MessageId id : messages) {
    if (next != found.end() && (*next).*message == id) {
      ++next;
    } else {
      out.push_back(id);
    }
  }
  return out;
}

rt::Task<std::vector<Summarized>> use_made(SummaryRun& run, std::vector<Summarized> made) {
  for (const Summarized& one : made) {
    store::Summary summary = one.summary;
    run.use(index_of(run.messages, summary.message), summary);
  }
  co_return made;
}

rt::Task<std::vector<Summarized>> add_summaries(std::vector<store::Summary>& to,
                                                std::vector<Summarized> made) {
  for (const Summarized& one : made) to.push_back(one.summary);
  co_return made;
}

rt::Task<void> read_batch(SummaryRun& run, size_t batch) {
  check_cut_off(run.context);
  const size_t begin = batch * kBatchMessages, end = std::min(begin + kBatchMessages, run.messages.size());
  const std::vector<MessageId> ids(run.messages.begin() + static_cast<ptrdiff_t>(begin),
                                   run.messages.begin() + static_cast<ptrdiff_t>(end));
  std::vector<store::Summary> found = co_await run.context.store.read(store::find_summaries, ids, run.wants);
  std::vector<MessageId> missing = left_out(ids, found, &store::Summary::message);
  for (store::Summary& summary : found) run.use(index_of(run.messages, summary.message), summary);
  auto use = [&run](std::vector<Summarized> made) { return use_made(run, std::move(made)); };
  size_t damaged = co_await summarize_now(run.context, std::move(missing), Depth::heads, use);
  run.damaged += damaged;
  co_await run.progress.add(ids.size());
}

rt::Task<void> give_threads(Context& context, std::vector<MessageId> messages) {
  const store::SummaryWants wants{.subject = true, .references = true};
  std::vector<store::Summary> summaries = co_await context.store.read(store::find_summaries, messages, wants);
  auto use = [&summaries](std::vector<Summarized> made) { return add_summaries(summaries, std::move(made)); };
  co_await summarize_now(context, left_out(messages, summaries, &store::Summary::message), Depth::heads, use);
  // Who came first begins the thread.
  std::ranges::sort(summaries, {}, &store::Summary::message);
  if (!summaries.empty()) co_await context.store.write(store::give_threads, std::move(summaries));
}

// Somebody may have made them just now. Returns the others.
rt::Task<std::vector<MessageId>> use_kept(Context& context, std::vector<MessageId> messages, Depth depth,
                                          const SummarizedUse& use) {
  std::vector<MessageId> others;
  for (size_t begin = 0; begin < messages.size(); begin += kBatchMessages) {
    const size_t end = std::min(begin + kBatchMessages, messages.size());
    const std::vector<MessageId> batch(messages.begin() + static_cast<ptrdiff_t>(begin),
                                       messages.begin() + static_cast<ptrdiff_t>(end));
    std::vector<Summarized> kept = context.indexer.find_kept(batch, depth == Depth::heads);
    for (MessageId id : batch) {
      auto of = [](const Summarized& one) { return one.summary.message; };
      if (!std::ranges::binary_search(kept, id, {}, of)) others.push_back(id);
    }
    if (!kept.empty()) co_await use(std::move(kept));
  }
  co_return others;
}

std::vector<MessageId> some_of(const std::vector<MessageId>& messages, size_t begin) {
  const size_t end = std::min(begin + kReadMessages, messages.size());
  return {messages.begin() + static_cast<ptrdiff_t>(begin), messages.begin() + static_cast<ptrdiff_t>(end)};
}

// Returns those that need the whole message.
rt::Task<std::vector<MessageId>> use_heads(Context& context, std::vector<MessageId> messages,
                                           const SummarizedUse& use) {
  std::vector<MessageId> others;
  for (size_t next = 0; next < messages.size(); next += kReadMessages) {
    check_cut_off(context);
    std::vector<store::MessageRange> ranges;
    for (MessageId id : some_of(messages, next)) ranges.push_back({id, {.begin = 0, .octets = kHeadOctets}});
    std::vector<store::MessageBytes> read = co_await context.store.read(std::move(ranges));
    SummarizedHeads heads =
        co_await rt::offload(context.world.blocking, summarize_heads, std::move(read), context.cut_off);
    check_cut_off(context);
    others.insert(others.end(), heads.others.begin(), heads.others.end());
    std::vector<Summarized> made = co_await use(std::move(heads.made));
    context.indexer.keep(std::move(made));
  }
  co_return others;
}

}  // namespace

void check_cut_off(const Context& context) {
  if (*context.cut_off) throw io::IoError(io::IoFault::closed, "shutdown during a search");
}

rt::Task<size_t> summarize_now(Context& context, std::vector<MessageId> messages, Depth depth,
                               SummarizedUse use) {
  messages = co_await use_kept(context, std::move(messages), depth, use);
  if (depth == Depth::heads) messages = co_await use_heads(context, std::move(messages), use);
  size_t damaged = 0;
  for (size_t next = 0; next < messages.size();) {
    check_cut_off(context);
    std::vector<store::MessageBytes> read =
        co_await context.store.messages(some_of(messages, next), kReadOctets);
    next += read.size();
    for (const store::MessageBytes& message : read)
      damaged += !message.error.empty() && !message.gone ? 1 : 0;
    std::vector<Summarized> made = co_await rt::offload(
        context.world.blocking, summarize_all, std::move(read), context.indexer.forms(), context.cut_off);
    check_cut_off(context);
    made = co_await use(std::move(made));
    context.indexer.keep(std::move(made));
  }
  co_return damaged;
}

rt::Task<size_t> read_summaries(Context& context, const std::vector<MessageId>& messages,
                                store::SummaryWants wants, Progress& progress,
                                std::function<void(size_t, store::Summary&)> use) {
  SummaryRun run{.context = context, .messages = messages, .wants = wants, .progress = progress, .use = use};
  progress.begin(messages.size());
  size_t batches = (messages.size() + kBatchMessages - 1) / kBatchMessages;
  auto batch = [&run](size_t number) { return read_batch(run, number); };
  co_await side_by_side(batches, batch);
  co_return run.damaged;
}

rt::Task<std::vector<store::FoundThread>> read_threads(Context& context, std::vector<MessageId> messages) {
  std::vector<store::FoundThread> found = co_await context.store.read(store::find_threads, messages);
  std::vector<MessageId> without = left_out(messages, found, &store::FoundThread::message);
  if (without.empty()) co_return found;
  for (size_t begin = 0; begin < without.size(); begin += kBatchMessages) {
    size_t end = std::min(begin + kBatchMessages, without.size());
    co_await give_threads(context, {without.begin() + static_cast<ptrdiff_t>(begin),
                                    without.begin() + static_cast<ptrdiff_t>(end)});
  }
  co_return co_await context.store.read(store::find_threads, std::move(messages));
}

}  // namespace pabal::reading
