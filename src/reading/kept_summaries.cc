#include "reading/kept_summaries.h"

namespace pabal::reading {

namespace {

uint64_t octets_of(const Summarized& made) {
  const store::SummaryTexts& texts = made.summary.texts;
  return sizeof(made) + texts.envelope.size() + texts.body_structure.size() + texts.outline.size() +
         (texts.preview ? texts.preview->size() : 0) + made.text.header.size() + made.text.addresses.size() +
         made.text.body.size();
}

}  // namespace

void KeptSummaries::add(std::vector<Summarized> made) {
  std::lock_guard lock(mutex_);
  for (Summarized& one : made) {
    const MessageId id = one.summary.message;
    const uint64_t octets = octets_of(one);
    if (whole_.contains(id) || (one.head_only && heads_.contains(id))) continue;
    // What is of heads of messages that are gone is never written: it goes when there is no room.
    while (octets_ + octets > octets_max_ && !heads_.empty()) erase(heads_, heads_.begin()->first);
    if (octets_ + octets > octets_max_) return;
    octets_ += octets;
    erase(heads_, id);
    ByMessage& kind = one.head_only ? heads_ : whole_;
    kind.emplace(id, std::make_shared<const Summarized>(std::move(one)));
  }
}

std::vector<Summarized> KeptSummaries::find(const std::vector<MessageId>& messages, bool heads) const {
  std::vector<std::shared_ptr<const Summarized>> found;
  {
    std::lock_guard lock(mutex_);
    if (whole_.empty() && heads_.empty()) return {};
    for (MessageId id : messages) {
      if (auto whole = whole_.find(id); whole != whole_.end()) {
        found.push_back(whole->second);
      } else if (auto head = heads_.find(id); heads && head != heads_.end()) {
        found.push_back(head->second);
      }
    }
  }
  std::vector<Summarized> out;
  out.reserve(found.size());
  for (const std::shared_ptr<const Summarized>& one : found) out.push_back(*one);
  return out;
}

std::vector<Summarized> KeptSummaries::first_whole(size_t max) const {
  std::lock_guard lock(mutex_);
  std::vector<Summarized> out;
  for (auto next = whole_.begin(); next != whole_.end() && out.size() < max; ++next)
    out.push_back(*next->second);
  return out;
}

bool KeptSummaries::any_whole() const {
  std::lock_guard lock(mutex_);
  return !whole_.empty();
}

void KeptSummaries::forget(const std::vector<MessageId>& written) {
  std::lock_guard lock(mutex_);
  for (MessageId message : written) {
    erase(whole_, message);
    erase(heads_, message);
  }
}

void KeptSummaries::erase(ByMessage& from, MessageId message) {
  auto found = from.find(message);
  if (found == from.end()) return;
  octets_ -= octets_of(*found->second);
  from.erase(found);
}

}  // namespace pabal::reading
