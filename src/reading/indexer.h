// Indexer: makes the summary and the search text of every message that has none
// yet and gives it its thread, in the background, in the order in which messages
// came. Who needs one at once makes it himself (summarize) and tells the indexer to
// keep it; who needs its texts alone makes these, and the indexer makes way, but for a
// share of the time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/world.h"
#include "mail/message.h"
#include "reading/kept_summaries.h"
#include "reading/text_forms.h"
#include "rt/event.h"
#include "rt/task.h"
#include "store/store.h"
#include "store/summaries.h"

namespace pabal::reading {

// From the message as its reader gets it (prefix and bytes).
// with_preview: it costs as much as all the rest.
store::SummaryTexts summary_texts(const mail::Part& root, std::string_view message, const TextForms& forms,
                                  bool with_preview);
// Said to work on other threads: nobody waits for it any more, it ends where it can.
using StopWord = std::shared_ptr<std::atomic<bool>>;

Summarized summarize(MessageId id, std::string_view message, Time received_at, const TextForms& forms);
// From its head, as far as its empty line.
Summarized summarize_head(MessageId id, std::string_view head, Time received_at);
// Those whose head is all there and needs no charset, which may stand in a part; the
// others need the whole message.
struct SummarizedHeads {
  std::vector<Summarized> made;
  std::vector<MessageId> others;
};
SummarizedHeads summarize_heads(const std::vector<store::MessageBytes>& beginnings, const StopWord& stop);
// Those that could be read.
std::vector<Summarized> summarize_all(const std::vector<store::MessageBytes>& messages,
                                      const TextForms& forms, const StopWord& stop);

struct IndexerOptions {
  TextForms forms;
  // Waits until deliveries, and readers who cannot wait for it, pause for so long; for
  // deliveries at most until the oldest work is delay_max old.
  Duration quiet = std::chrono::milliseconds(200);
  Duration delay_max = std::chrono::seconds(10);
  // Who never pauses has so many times as long as a batch took before the next one, and
  // that at least: the indexer keeps a share of the machine however busy others are.
  int others_share = 4;
  Duration others_time_min = std::chrono::milliseconds(10);
  size_t batch_max = 50;                   // messages in one commit: others wait for it
  uint64_t octets_max = 16 * 1024 * 1024;  // that are read at a time
};

// One per server, on the loop that runs it.
class Indexer {
 public:
  Indexer(io::World& world, store::Store& store, IndexerOptions options);

  // Works until stop(). Never throws.
  rt::Task<void> run();
  void stop();

  // Somebody had to make these himself: they are written soon, or in their turn if they
  // are of heads only. Any thread.
  void keep(std::vector<Summarized> made);
  // Of these messages (rising), what is kept and not written yet, rising; with heads, also
  // what is of heads only. Any thread.
  std::vector<Summarized> find_kept(const std::vector<MessageId>& messages, bool heads) const {
    return kept_.find(messages, heads);
  }
  // Somebody is just making what he needs of mails that are not indexed. Any thread.
  void make_way();

  struct Counters {
    std::atomic<uint64_t> indexed{0}, failed{0};
  };
  const Counters& counters() const { return counters_; }
  const TextForms& forms() const { return options_.forms; }

 private:
  rt::Task<void> wait_for_work();
  rt::Task<void> let_others_pass();
  rt::Task<void> write_kept();
  rt::Task<void> work_off();
  rt::Task<void> summarize_batch(std::vector<MessageId> ids);
  rt::Task<void> write(std::vector<Summarized> made);

  io::World& world_;
  store::Store& store_;
  const IndexerOptions options_;
  Counters counters_;
  std::atomic<rt::Loop*> home_ = nullptr;  // while run() runs
  rt::Event wake_;
  const StopWord stopping_ = std::make_shared<std::atomic<bool>>(false);
  Instant last_change_;
  std::optional<Instant> first_change_;     // of what is not worked off yet
  Instant last_reader_;                     // who made something himself
  std::chrono::microseconds last_batch_{};  // so long the last one took
  MessageId after_, last_end_;
  KeptSummaries kept_;
};

}  // namespace pabal::reading
