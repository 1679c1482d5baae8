#include "serve/imap/fetch_batch.h"

#include <algorithm>

#include "mail/header.h"
#include "rt/offload.h"
#include "serve/imap/summaries.h"

namespace pabal::serve::imap {

namespace {

// What is read at once from the store.
constexpr uint64_t kReadOctets = 2 * 1024 * 1024;
// The same where some of it was not asked for yet.
constexpr uint64_t kAheadOctets = 256 * 1024;

size_t octets_of(const store::SummaryTexts& texts) {
  return sizeof(texts) + texts.envelope.size() + texts.body_structure.size() +
         (texts.preview ? texts.preview->size() : 0);
}

// The texts of some messages, with the messages, which come back.
struct MadeTexts {
  std::vector<store::MessageBytes> of;
  std::vector<store::FoundTexts> texts;
};

// wanted: in the order of `read`.
MadeTexts make_texts_of(std::vector<store::MessageBytes> read, const std::vector<MessageId>& wanted,
                        bool preview) {
  MadeTexts made;
  auto next = wanted.begin();
  for (const store::MessageBytes& message : read) {
    if (next == wanted.end() || message.id != *next) continue;
    ++next;
    made.texts.push_back(
        {message.id, summary_texts(mail::parse_message(message.bytes), message.bytes, preview)});
  }
  made.of = std::move(read);
  return made;
}

}  // namespace

rt::Task<void> FetchBatch::load() {
  list_entries();
  if (needs_.texts) co_await find_texts();
  if (needs_.threads) co_await find_threads();
  std::vector<MessageId> wanted;
  for (Entry& entry : entries_) {
    if (needs_.bytes && !lacks(entry)) entry.message = service_.read_ahead.find(entry.id);
    if (lacks(entry) || (needs_.bytes && !entry.message)) wanted.push_back(entry.id);
  }
  if (!wanted.empty()) co_await read_messages(std::move(wanted));
}

// Then its bytes are read: texts are made of them, and if it has no thread they
// say whether it is gone or damaged.
bool FetchBatch::lacks(const Entry& entry) const {
  return lacks_texts(entry) || (needs_.threads && !entry.thread);
}

bool FetchBatch::lacks_texts(const Entry& entry) const {
  return needs_.texts && (!entry.texts || (needs_.preview && !entry.texts->preview));
}

void FetchBatch::list_entries() {
  entries_.reserve(sources.size());
  for (const FetchSource& source : sources)
    entries_.push_back(
        {.id = MessageId{source.item.message}, .texts = nullptr, .thread = {}, .message = nullptr});
  std::ranges::sort(entries_, {}, &Entry::id);
  auto [doubled, end] = std::ranges::unique(entries_, {}, &Entry::id);
  entries_.erase(doubled, end);
}

FetchBatch::Entry* FetchBatch::find_entry(MessageId id) {
  auto found = std::ranges::lower_bound(entries_, id, {}, &Entry::id);
  return found != entries_.end() && found->id == id ? &*found : nullptr;
}

rt::Task<void> FetchBatch::find_texts() {
  std::vector<MessageId> missing;
  for (Entry& entry : entries_) {
    entry.texts = service_.texts.find(entry.id);
    if (lacks_texts(entry)) missing.push_back(entry.id);
  }
  if (missing.empty()) co_return;
  std::vector<store::FoundTexts> found =
      co_await service_.store.read(store::find_summary_texts, std::move(missing));
  for (store::FoundTexts& one : found) keep_texts(*find_entry(one.message), std::move(one.texts));
}

rt::Task<void> FetchBatch::find_threads() {
  std::vector<MessageId> ids;
  for (const Entry& entry : entries_) ids.push_back(entry.id);
  std::vector<store::FoundThread> found = co_await read_threads(service_, std::move(ids));
  for (const store::FoundThread& one : found) find_entry(one.message)->thread = one.thread;
}

void FetchBatch::keep_texts(Entry& entry, store::SummaryTexts texts) {
  entry.texts = std::make_shared<const store::SummaryTexts>(std::move(texts));
  service_.texts.put(entry.id, entry.texts, octets_of(*entry.texts));
}

rt::Task<void> FetchBatch::read_messages(std::vector<MessageId> wanted) {
  const uint64_t octets_max = next_.empty() ? kReadOctets : kAheadOctets;
  size_t asked = wanted.size();
  wanted.insert(wanted.end(), next_.begin(), next_.end());
  while (asked > 0) {
    std::vector<store::MessageBytes> read = co_await service_.store.messages(wanted, octets_max, owner_);
    asked -= std::min(asked, read.size());
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(read.size()));
    if (needs_.texts) read = co_await make_texts(std::move(read));
    for (store::MessageBytes& message : read) {
      Entry* entry = find_entry(message.id);
      if (!needs_.bytes) message.bytes.clear();
      auto kept = std::make_shared<const store::MessageBytes>(std::move(message));
      if (!next_.empty() && kept->error.empty() && !kept->own)
        service_.read_ahead.put(kept->id, kept, kept->bytes.size());
      if (entry != nullptr) entry->message = std::move(kept);
    }
  }
}

// Not indexed yet. The rest of a summary is dearer and can wait for the indexer.
rt::Task<std::vector<store::MessageBytes>> FetchBatch::make_texts(std::vector<store::MessageBytes> read) {
  std::vector<MessageId> wanted;
  for (const store::MessageBytes& message : read) {
    const Entry* entry = find_entry(message.id);
    if (entry != nullptr && lacks_texts(*entry) && message.error.empty()) wanted.push_back(message.id);
  }
  if (wanted.empty()) co_return read;
  MadeTexts made = co_await rt::offload(service_.world.blocking, make_texts_of, std::move(read),
                                        std::move(wanted), needs_.preview);
  for (store::FoundTexts& one : made.texts) keep_texts(*find_entry(one.message), std::move(one.texts));
  service_.indexer.make_way();
  co_return std::move(made.of);
}

FetchBatch::Loaded FetchBatch::attach(FetchSource& source) const {
  if (!needs_.any()) return Loaded::yes;
  auto entry = std::ranges::lower_bound(entries_, MessageId{source.item.message}, {}, &Entry::id);
  const store::MessageBytes* message = entry->message.get();
  source.texts = entry->texts.get();
  source.thread = entry->thread;
  if (needs_.bytes || lacks(*entry)) {
    if (message == nullptr || message->gone) return Loaded::gone;
    if (!message->error.empty() || lacks(*entry)) return Loaded::damaged;
  }
  if (needs_.bytes) {
    source.message = message->bytes;
    if (needs_.head_only) {
      source.message = source.message.substr(0, mail::parse_header(source.message).body_begin);
      source.is_head = true;
    }
  }
  return Loaded::yes;
}

}  // namespace pabal::serve::imap
