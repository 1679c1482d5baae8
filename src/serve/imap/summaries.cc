#include "serve/imap/summaries.h"

#include <algorithm>

#include "io/error.h"
#include "rt/offload.h"
#include "serve/imap/side_by_side.h"

namespace pabal::serve::imap {

namespace {

constexpr size_t kBatchMessages = 1000;
// What is read at once of those that have to be summarized.
constexpr size_t kReadMessages = 64;
constexpr uint64_t kReadOctets = 4 << 20;

size_t index_of(const std::vector<MessageId>& messages, MessageId id) {
  return static_cast<size_t>(std::ranges::lower_bound(messages, id) - messages.begin());
}

struct SummaryRun {
  Service& service;
  const std::vector<MessageId>& messages;
  const store::SummaryWants wants;
  Progress& progress;
  const std::function<void(size_t, store::Summary&)>& use;
  size_t damaged = 0;
};

rt::Task<void> read_batch(SummaryRun& run, size_t batch) {
  check_cut_off(run.service);
  const size_t begin = batch * kBatchMessages, end = std::min(begin + kBatchMessages, run.messages.size());
  const std::vector<MessageId> ids(run.messages.begin() + static_cast<ptrdiff_t>(begin),
                                   run.messages.begin() + static_cast<ptrdiff_t>(end));
  auto query = [&](store::Database& db) {
    std::vector<MessageId> missing;
    size_t at = begin;
    for (store::Summary& summary : store::find_summaries(db, ids, run.wants)) {
      for (; run.messages[at] != summary.message; ++at) missing.push_back(run.messages[at]);
      run.use(at++, summary);
    }
    missing.insert(missing.end(), run.messages.begin() + static_cast<ptrdiff_t>(at),
                   run.messages.begin() + static_cast<ptrdiff_t>(end));
    return missing;
  };
  std::vector<MessageId> missing = co_await run.service.store.read(query);
  auto use = [&run](const Summarized& made) {
    store::Summary summary = made.summary;
    run.use(index_of(run.messages, summary.message), summary);
  };
  size_t damaged = co_await summarize_now(run.service, std::move(missing), use);
  run.damaged += damaged;
  co_await run.progress.add(ids.size());
}

// Of the messages those that were not found; both are rising.
template <class Found>
std::vector<MessageId> left_out(const std::vector<MessageId>& messages, const std::vector<Found>& found) {
  std::vector<MessageId> out;
  auto next = found.begin();
  for (MessageId id : messages) {
    if (next != found.end() && next->message == id) {
      ++next;
    } else {
      out.push_back(id);
    }
  }
  return out;
}

rt::Task<void> give_threads(Service& service, std::vector<MessageId> messages) {
  auto query = [&](store::Database& db) {
    return store::find_summaries(db, messages, {.subject = true, .references = true});
  };
  std::vector<store::Summary> summaries = co_await service.store.read(query);
  auto use = [&](const Summarized& made) { summaries.push_back(made.summary); };
  co_await summarize_now(service, left_out(messages, summaries), use);
  // Who came first begins the thread.
  std::ranges::sort(summaries, {}, &store::Summary::message);
  auto give = [&](store::Transaction& tx) {
    for (const store::Summary& summary : summaries) store::give_thread(tx, summary);
  };
  if (!summaries.empty()) co_await service.store.write(give);
}

}  // namespace

void check_cut_off(const Service& service) {
  if (service.cut_off) throw io::IoError(io::IoFault::closed, "shutdown during a search");
}

rt::Task<size_t> summarize_now(Service& service, std::vector<MessageId> messages,
                               std::function<void(const Summarized&)> use) {
  size_t damaged = 0;
  std::vector<Summarized> made;
  for (size_t next = 0; next < messages.size();) {
    check_cut_off(service);
    size_t count = std::min(kReadMessages, messages.size() - next);
    auto first = messages.begin() + static_cast<ptrdiff_t>(next);
    std::vector<MessageId> ids(first, first + static_cast<ptrdiff_t>(count));
    std::vector<store::MessageBytes> read = co_await service.store.messages(std::move(ids), kReadOctets);
    next += read.size();
    auto work = [&] {
      for (const store::MessageBytes& message : read) {
        if (!message.error.empty()) {
          damaged += message.gone ? 0 : 1;
          continue;
        }
        Summarized summarized = summarize(message.id, message.bytes, message.received_at);
        use(summarized);
        made.push_back(std::move(summarized));
      }
    };
    co_await rt::offload(service.world.blocking, work);
    service.indexer.keep(std::exchange(made, {}));
  }
  co_return damaged;
}

rt::Task<size_t> read_summaries(Service& service, const std::vector<MessageId>& messages,
                                store::SummaryWants wants, Progress& progress,
                                std::function<void(size_t, store::Summary&)> use) {
  SummaryRun run{.service = service, .messages = messages, .wants = wants, .progress = progress, .use = use};
  progress.begin(messages.size());
  size_t batches = (messages.size() + kBatchMessages - 1) / kBatchMessages;
  auto batch = [&run](size_t number) { return read_batch(run, number); };
  co_await side_by_side(batches, batch);
  co_return run.damaged;
}

rt::Task<std::vector<store::FoundThread>> read_threads(Service& service, std::vector<MessageId> messages) {
  auto find = [&](store::Database& db) { return store::find_threads(db, messages); };
  std::vector<store::FoundThread> found = co_await service.store.read(find);
  std::vector<MessageId> without = left_out(messages, found);
  if (without.empty()) co_return found;
  for (size_t begin = 0; begin < without.size(); begin += kBatchMessages) {
    size_t end = std::min(begin + kBatchMessages, without.size());
    co_await give_threads(service, {without.begin() + static_cast<ptrdiff_t>(begin),
                                    without.begin() + static_cast<ptrdiff_t>(end)});
  }
  co_return co_await service.store.read(find);
}

}  // namespace pabal::serve::imap
