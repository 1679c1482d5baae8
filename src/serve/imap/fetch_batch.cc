#include "serve/imap/fetch_batch.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/outline.h"
#include "proto/imap/response.h"
#include "reading/summaries.h"
#include "rt/offload.h"
#include "serve/imap/text_forms.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;

namespace {

// What is read at once from the store.
constexpr uint64_t kReadOctets = 2 * 1024 * 1024;
// The same where some of it was not asked for yet.
constexpr uint64_t kAheadOctets = 256 * 1024;
// Up to here a message is read whole: that costs no more than finding out what of it
// is needed.
constexpr uint64_t kSmallOctets = 64 * 1024;
// What is read first to find the end of a head, then as many times that as it takes.
constexpr uint64_t kHeadOctets = 64 * 1024;
constexpr uint64_t kHeadGrowth = 4;

size_t octets_of(const store::SummaryTexts& texts) {
  return sizeof(texts) + texts.envelope.size() + texts.body_structure.size() + texts.outline.size() +
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
    made.texts.push_back({message.id, reading::summary_texts(mail::parse_message(message.bytes),
                                                             message.bytes, text_forms(), preview)});
  }
  made.of = std::move(read);
  return made;
}

// Rising, and those that touch as one.
std::vector<store::ByteRange> join_ranges(std::vector<store::ByteRange> ranges) {
  std::ranges::sort(ranges, {}, &store::ByteRange::begin);
  std::vector<store::ByteRange> joined;
  for (const store::ByteRange& range : ranges) {
    if (!joined.empty() && range.begin <= joined.back().begin + joined.back().octets) {
      const uint64_t end = std::max(joined.back().begin + joined.back().octets, range.begin + range.octets);
      joined.back().octets = end - joined.back().begin;
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

// nullopt: what they need cannot be said without the whole message.
std::optional<std::vector<store::ByteRange>> ranges_of(const std::vector<wire::FetchItem>& items,
                                                       const mail::Outline& outline) {
  std::vector<store::ByteRange> ranges;
  for (const wire::FetchItem& item : items) {
    if (!needs_of({item}).bytes) continue;
    const wire::SectionPlace place = wire::octets_for(item, outline);
    if (place.kind == wire::SectionPlace::unknown) return std::nullopt;
    if (place.begin < place.end) ranges.push_back({place.begin, place.end - place.begin});
  }
  return join_ranges(std::move(ranges));
}

}  // namespace

rt::Task<void> FetchBatch::load() {
  list_entries();
  co_await find_texts();
  if (needs_.threads) co_await find_threads();
  std::vector<MessageId> wanted;
  std::vector<Entry*> in_pieces;
  for (Entry& entry : entries_) {
    if (needs_.bytes && !lacks(entry)) entry.message = reading_.read_ahead.find(entry.id);
    if (entry.message || !(needs_.bytes || lacks(entry))) continue;
    if (plan_pieces(entry)) {
      in_pieces.push_back(&entry);
    } else {
      wanted.push_back(entry.id);
    }
  }
  if (!in_pieces.empty()) co_await read_pieces(in_pieces);
  for (Entry* entry : in_pieces) {
    if (!entry->pieces.empty()) continue;
    entry->outline.reset();
    wanted.push_back(entry->id);
  }
  std::ranges::sort(wanted);
  if (!wanted.empty()) co_await read_messages(std::move(wanted));
  for (Entry& entry : entries_) outline_message(entry);
}

bool FetchBatch::is_large(const Entry& entry) const {
  return entry.size_octets > kSmallOctets;
}

// Of a message whose envelope is wanted and is not stored yet, too.
bool FetchBatch::needs_head_alone(const Entry& entry) const {
  const bool envelope = lacks_texts(entry) && !needs_.structure && !needs_.preview;
  const bool head = needs_.bytes && needs_.head_only;
  return (envelope || !lacks_texts(entry)) && (envelope || head) && (head || !needs_.bytes);
}

bool FetchBatch::needs_stored_outline(const Entry& entry) const {
  const bool parts = needs_.parts || (needs_.head && !needs_.head_only);
  return is_large(entry) && parts && !needs_.all_bytes;
}

// False: it is read whole.
bool FetchBatch::plan_pieces(Entry& entry) const {
  if (!is_large(entry) || needs_.all_bytes || (needs_.threads && !entry.thread)) return false;
  if (needs_head_alone(entry)) {
    entry.pieces.push_back({{0, kHeadOctets}, {}});
    return true;
  }
  if (lacks_texts(entry)) return false;
  mail::Outline outline{.body_end = entry.size_octets};
  if (needs_stored_outline(entry)) {
    std::optional<mail::Outline> stored;
    if (entry.texts) stored = mail::unpack_outline(entry.texts->outline);
    if (!stored) return false;
    // It is of the message as all have it; the owner may have fields in front.
    const auto longer = static_cast<int64_t>(entry.size_octets) - static_cast<int64_t>(stored->body_end);
    if (!mail::lengthen_front(*stored, longer)) return false;
    outline = std::move(*stored);
  }
  std::optional<std::vector<store::ByteRange>> ranges = ranges_of(items_, outline);
  if (!ranges) return false;
  // Whether it is there is to be known even if nothing of it is shown.
  if (ranges->empty()) ranges->push_back({0, 1});
  for (const store::ByteRange& range : *ranges) entry.pieces.push_back({range, {}});
  entry.outline = std::move(outline);
  return true;
}

// Afterwards those have no pieces that have to be read whole after all.
rt::Task<void> FetchBatch::read_pieces(std::vector<Entry*> entries) {
  std::vector<store::MessageRange> ranges;
  for (const Entry* entry : entries) {
    for (const Piece& piece : entry->pieces) ranges.push_back({entry->id, piece.range});
  }
  std::vector<store::MessageBytes> read = co_await reading_.store.read(std::move(ranges), owner_);
  auto next = read.begin();
  std::vector<Entry*> heads;
  for (Entry* entry : entries) {
    bool fits = true;
    for (Piece& piece : entry->pieces) {
      piece.read = std::move(*next++);
      fits = fits && (!piece.read.error.empty() || piece.read.size_octets == entry->size_octets);
    }
    if (!fits) entry->pieces.clear();
    if (fits && !entry->outline && entry->pieces.front().read.error.empty()) heads.push_back(entry);
  }
  while (!heads.empty()) heads = co_await read_on_in_heads(std::move(heads));
}

// Returns those whose head is longer than what was read of them.
rt::Task<std::vector<FetchBatch::Entry*>> FetchBatch::read_on_in_heads(std::vector<Entry*> entries) {
  std::vector<Entry*> longer;
  std::vector<store::MessageRange> ranges;
  for (Entry* entry : entries) {
    Piece& piece = entry->pieces.front();
    mail::Outline outline = mail::outline_of_head(piece.read.bytes, entry->size_octets);
    if (outline.body_begin < piece.read.bytes.size() || piece.read.bytes.size() == entry->size_octets) {
      const std::string_view head = std::string_view(piece.read.bytes).substr(0, outline.body_begin);
      if (lacks_texts(*entry) && mail::needs_no_charset(head)) {
        store::SummaryTexts texts;
        texts.envelope = wire::envelope_forms(mail::parse_header(head), {});
        entry->texts = std::make_shared<const store::SummaryTexts>(std::move(texts));
      }
      // The charset of raw 8-bit text stands somewhere behind.
      if (lacks_texts(*entry)) entry->pieces.clear();
      entry->outline = std::move(outline);
      continue;
    }
    piece.range.octets *= kHeadGrowth;
    ranges.push_back({entry->id, piece.range});
    longer.push_back(entry);
  }
  if (longer.empty()) co_return longer;
  std::vector<store::MessageBytes> read = co_await reading_.store.read(std::move(ranges), owner_);
  std::vector<Entry*> readable;
  for (size_t i = 0; i < longer.size(); ++i) {
    store::MessageBytes& found = longer[i]->pieces.front().read;
    found = std::move(read[i]);
    if (found.error.empty()) readable.push_back(longer[i]);
  }
  co_return readable;
}

// What of a message that was read whole is needed of its outline, where that is less
// than looking through all of it.
void FetchBatch::outline_message(Entry& entry) const {
  if (!needs_.bytes || needs_.parts || entry.outline || !entry.message) return;
  const std::string_view bytes = entry.message->bytes;
  entry.outline =
      needs_.head ? mail::outline_of_head(bytes, bytes.size()) : mail::Outline{.body_end = bytes.size()};
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
    entries_.push_back({.id = MessageId{source.item.message}, .size_octets = source.item.size_octets});
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
    if (!needs_.texts && !needs_stored_outline(entry)) continue;
    entry.texts = reading_.texts.find(entry.id);
    if (!entry.texts || lacks_texts(entry)) missing.push_back(entry.id);
  }
  if (missing.empty()) co_return;
  std::vector<store::FoundTexts> found =
      co_await reading_.store.read(store::find_summary_texts, std::move(missing));
  for (store::FoundTexts& one : found) keep_texts(*find_entry(one.message), std::move(one.texts));
}

rt::Task<void> FetchBatch::find_threads() {
  std::vector<MessageId> ids;
  for (const Entry& entry : entries_) ids.push_back(entry.id);
  std::vector<store::FoundThread> found = co_await reading::read_threads(reading_, std::move(ids));
  for (const store::FoundThread& one : found) find_entry(one.message)->thread = one.thread;
}

void FetchBatch::keep_texts(Entry& entry, store::SummaryTexts texts) {
  entry.texts = std::make_shared<const store::SummaryTexts>(std::move(texts));
  reading_.texts.put(entry.id, entry.texts, octets_of(*entry.texts));
}

rt::Task<void> FetchBatch::read_messages(std::vector<MessageId> wanted) {
  const uint64_t octets_max = next_.empty() ? kReadOctets : kAheadOctets;
  size_t asked = wanted.size();
  wanted.insert(wanted.end(), next_.begin(), next_.end());
  while (asked > 0) {
    std::vector<store::MessageBytes> read = co_await reading_.store.messages(wanted, octets_max, owner_);
    asked -= std::min(asked, read.size());
    wanted.erase(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(read.size()));
    read = co_await make_texts(std::move(read));
    for (store::MessageBytes& message : read) {
      Entry* entry = find_entry(message.id);
      if (!needs_.bytes) message.bytes.clear();
      auto kept = std::make_shared<const store::MessageBytes>(std::move(message));
      if (!next_.empty() && kept->error.empty() && !kept->own)
        reading_.read_ahead.put(kept->id, kept, kept->bytes.size());
      if (entry != nullptr) entry->message = std::move(kept);
    }
  }
}

// Not indexed yet. The rest of a summary is dearer and can wait for the indexer.
rt::Task<std::vector<store::MessageBytes>> FetchBatch::make_texts(std::vector<store::MessageBytes> read) {
  std::vector<MessageId> wanted;
  for (const store::MessageBytes& message : read) {
    const Entry* entry = find_entry(message.id);
    const bool lacks = entry != nullptr && (lacks_texts(*entry) || needs_stored_outline(*entry));
    if (lacks && message.error.empty()) wanted.push_back(message.id);
  }
  if (wanted.empty()) co_return read;
  MadeTexts made = co_await rt::offload(reading_.world.blocking, make_texts_of, std::move(read),
                                        std::move(wanted), needs_.preview);
  for (store::FoundTexts& one : made.texts) keep_texts(*find_entry(one.message), std::move(one.texts));
  reading_.indexer.make_way();
  co_return std::move(made.of);
}

FetchBatch::Loaded FetchBatch::attach(FetchSource& source) const {
  if (!needs_.any()) return Loaded::yes;
  auto entry = std::ranges::lower_bound(entries_, MessageId{source.item.message}, {}, &Entry::id);
  const store::MessageBytes* message = entry->message.get();
  source.texts = entry->texts.get();
  source.thread = entry->thread;
  for (const Piece& piece : entry->pieces) {
    if (piece.read.gone) return Loaded::gone;
    if (!piece.read.error.empty()) return Loaded::damaged;
    source.octets.add(piece.range.begin, piece.read.bytes);
  }
  if (entry->pieces.empty() && (needs_.bytes || lacks(*entry))) {
    if (message == nullptr || message->gone) return Loaded::gone;
    if (!message->error.empty() || lacks(*entry)) return Loaded::damaged;
    source.octets.add(0, message->bytes);
  }
  if (entry->outline) source.outline = &*entry->outline;
  return Loaded::yes;
}

std::shared_ptr<const store::MessageBytes> FetchBatch::whole(const FetchSource& source) const {
  return std::ranges::lower_bound(entries_, MessageId{source.item.message}, {}, &Entry::id)->message;
}

}  // namespace pabal::serve::imap
