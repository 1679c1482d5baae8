// What searching, sorting and threading read of many messages: what is stored of
// them, and what is not stored yet is made from their bytes.
#pragma once

#include <functional>
#include <vector>

#include "reading/context.h"
#include "reading/progress.h"
#include "rt/task.h"
#include "store/threads.h"

namespace pabal::reading {

// Reads the messages, and has use(summarized) look at some of them at a time: what it
// gives back, the indexer is told to keep. Returns how many are damaged; those that
// are gone are left out. Throws StoreError, and IoError when the server is cut off.
using SummarizedUse = std::function<rt::Task<std::vector<Summarized>>(std::vector<Summarized>)>;
enum class Depth { heads, whole };  // heads: use() may get what is of heads only, which costs a third
rt::Task<size_t> summarize_now(Context& context, std::vector<MessageId> messages, Depth depth,
                               SummarizedUse use);

// Calls use(index in messages, summary) for each of the messages (rising, each
// once), in any order. Returns and throws likewise.
rt::Task<size_t> read_summaries(Context& context, const std::vector<MessageId>& messages,
                                store::SummaryWants wants, Progress& progress,
                                std::function<void(size_t, store::Summary&)> use);

// The threads of the messages (rising, each once), those included that had none
// yet; what is damaged or gone is left out. Throws likewise.
rt::Task<std::vector<store::FoundThread>> read_threads(Context& context, std::vector<MessageId> messages);

// Between two steps of a long command. Throws IoError when the server is cut off.
void check_cut_off(const Context& context);

}  // namespace pabal::reading
