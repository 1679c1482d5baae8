// What FETCH reads for some messages at a time: what was asked for lately lies in
// memory, the rest comes from the store, of large messages what is shown alone. Texts that the indexer has
// not made yet are made here, and the indexer waits meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "rt/task.h"
#include "serve/imap/fetch_line.h"
#include "serve/imap/server.h"

namespace pabal::serve::imap {

class FetchBatch {
 public:
  // owner: of the mailbox.
  // items: outlive it.
  FetchBatch(reading::Context& reading, AccountId owner, const std::vector<proto::imap::FetchItem>& items,
             FetchNeeds needs)
      : reading_(reading), owner_(owner), items_(items), needs_(needs) {}

  void add(uint32_t number, const reading::Item& item) {
    sources.push_back({.number = number, .item = item});
  }
  // Messages that are likely to be asked for next: read in one go with the others.
  void expect(std::vector<MessageId> next) { next_ = std::move(next); }
  // Throws StoreError.
  rt::Task<void> load();

  // After load(): fills in what is needed, which lives as long as the batch; of one
  // that is gone, what is known of it all the same.
  enum class Loaded { yes, gone, damaged };
  Loaded attach(FetchSource& source) const;
  // The message, if it was read whole.
  std::shared_ptr<const store::MessageBytes> whole(const FetchSource& source) const;

  std::vector<FetchSource> sources;

 private:
  struct Piece {
    store::ByteRange range;
    store::MessageBytes read;
  };
  struct Entry {
    MessageId id;
    uint64_t size_octets = 0;
    std::shared_ptr<const store::SummaryTexts> texts;
    ThreadId thread;
    std::shared_ptr<const store::MessageBytes> message;  // all of it
    std::vector<Piece> pieces;                           // or what is needed of it, rising
    std::optional<mail::Outline> outline;
  };
  void list_entries();
  Entry* find_entry(MessageId id);
  rt::Task<void> find_texts();
  rt::Task<void> find_threads();
  bool lacks(const Entry& entry) const;
  bool lacks_texts(const Entry& entry) const;
  bool is_large(const Entry& entry) const;
  bool needs_head_alone(const Entry& entry) const;
  bool needs_stored_outline(const Entry& entry) const;
  bool plan_pieces(Entry& entry) const;
  rt::Task<void> read_pieces(std::vector<Entry*> entries);
  rt::Task<std::vector<Entry*>> read_on_in_heads(std::vector<Entry*> entries);
  rt::Task<void> read_messages(std::vector<MessageId> wanted);
  rt::Task<std::vector<store::MessageBytes>> make_texts(std::vector<store::MessageBytes> read);
  void keep_texts(Entry& entry, store::SummaryTexts texts);
  void outline_message(Entry& entry) const;

  reading::Context& reading_;
  const AccountId owner_;
  const std::vector<proto::imap::FetchItem>& items_;
  const FetchNeeds needs_;
  std::vector<MessageId> next_;
  std::vector<Entry> entries_;  // rising by message
};

}  // namespace pabal::serve::imap
