// Kept summaries: what readers had to make themselves because the indexer had not come
// to it yet. Whoever needs the same before it is written finds it here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/summaries.h"

namespace pabal::reading {

struct Summarized {
  store::Summary summary;
  store::SearchText text;
  bool head_only = false;  // of the message's head: without the texts of lists and the body
};

// Any thread.
class KeptSummaries {
 public:
  explicit KeptSummaries(uint64_t octets_max) : octets_max_(octets_max) {}

  // What finds no room is made again when it is asked for again.
  void add(std::vector<Summarized> made);
  // Of these messages (rising), rising. heads: what is of heads only will do.
  std::vector<Summarized> find(const std::vector<MessageId>& messages, bool heads) const;
  // The first of those that are of whole messages, which can be written.
  std::vector<Summarized> first_whole(size_t max) const;
  bool any_whole() const;
  // They are written.
  void forget(const std::vector<MessageId>& written);

 private:
  using ByMessage = std::map<MessageId, std::shared_ptr<const Summarized>>;
  void erase(ByMessage& from, MessageId message);

  const uint64_t octets_max_;
  mutable std::mutex mutex_;
  ByMessage whole_, heads_;
  uint64_t octets_ = 0;
};

}  // namespace pabal::reading
