#include "imap_view.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::simulation {

std::optional<ImapFetched> parse_fetch(const ImapResponse& response) {
  if (!response.is_data("FETCH") || response.values.size() != 3) return std::nullopt;
  ImapFetched out;
  out.number = static_cast<uint32_t>(response.values[0].number().value_or(0));
  const std::vector<ImapValue>& items = response.values[2].items;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const ImapValue& value = items[i + 1];
    if (items[i].is("UID")) {
      out.uid = static_cast<uint32_t>(value.number().value_or(0));
    } else if (items[i].is("FLAGS")) {
      out.flags.emplace();
      for (const ImapValue& flag : value.items) {
        if (!flag.is("\\Recent")) out.flags->insert(flag.text);
      }
    } else if (items[i].is("MODSEQ")) {
      out.modseq = value.items.empty() ? 0 : value.items[0].number().value_or(0);
    } else if (items[i].is("RFC822.SIZE")) {
      out.size_octets = value.number();
    } else if (items[i].is("INTERNALDATE")) {
      out.internal_date = value.text;
    } else {
      std::string name = items[i].text;
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      out.others[name] = value;
    }
  }
  return out;
}

bool ImapView::is_complete() const {
  return std::ranges::all_of(entries_, [](const Entry& entry) { return entry.uid != 0 && entry.flags; });
}

ImapView::Known ImapView::known() const {
  Known known;
  for (const Entry& entry : entries_) {
    if (entry.uid != 0) known[entry.uid] = entry;
  }
  return known;
}

const ImapView::Entry* ImapView::find(uint32_t uid) const {
  auto found = std::ranges::find(entries_, uid, &Entry::uid);
  return found == entries_.end() ? nullptr : &*found;
}

void ImapView::forget_flags(uint32_t uid) {
  auto found = std::ranges::find(entries_, uid, &Entry::uid);
  if (found == entries_.end()) return;
  found->flags.reset();
}

void ImapView::clear() {
  entries_.clear();
  resync_.reset();
  resynced_.clear();
  fetching_ = comparing_ = false;
  complete_to_ = 0;
}

void ImapView::begin_resync(Known known) {
  clear();
  resync_ = std::move(known);
  resync_count_ = resync_arrived_ = 0;
  resync_begun_ = false;
}

std::string ImapView::end_resync(bool all) {
  if (!resync_) return "";
  Known known = std::move(*resync_);
  resync_.reset();
  size_t count = resync_count_;
  if (!all) {
    entries_.resize(count);
    resynced_ = std::move(known);
    return "";
  }
  for (auto& [uid, entry] : known) entries_.push_back(std::move(entry));
  bool as_many = known.size() <= count && known.size() + resync_arrived_ >= count;
  if (as_many) {
    entries_.resize(count);
    return "";
  }
  std::string uids;
  for (const auto& [uid, entry] : known) uids += " " + std::to_string(uid);
  return "after QRESYNC the client knows the UIDs" + uids + ", but there are " + std::to_string(count);
}

void ImapView::begin_fetching(bool compare) {
  fetching_ = true;
  comparing_ = compare;
  arrived_ = 0;
  for (Entry& entry : entries_) entry.fetched = false;
}

std::string ImapView::end_fetching() {
  fetching_ = comparing_ = false;
  complete_to_ = 0;
  Known resynced = std::exchange(resynced_, {});
  for (const auto& [uid, entry] : resynced) {
    if (find(uid) == nullptr) return "QRESYNC has not told that UID " + std::to_string(uid) + " is gone";
  }
  auto unknown = std::ranges::count_if(entries_, [](const Entry& entry) { return entry.uid == 0; });
  if (static_cast<size_t>(unknown) <= arrived_) return "";
  return "UID FETCH 1:* has said nothing about " + std::to_string(unknown) + " messages";
}

std::string ImapView::hear(const ImapResponse& response, bool renumbers, bool qresync) {
  if (response.is("VANISHED")) return hear_vanished(response, renumbers, qresync);
  uint64_t number = response.values[0].number().value_or(0);
  if (response.is_data("EXISTS")) {
    ++updates_;
    if (resync_) {
      if (number < resync_count_) return "EXISTS goes down";
      if (resync_begun_) resync_arrived_ += number - resync_count_;
      resync_begun_ = true;
      resync_count_ = number;
      return "";
    }
    if (number < entries_.size())
      return "EXISTS goes from " + std::to_string(entries_.size()) + " to " + std::to_string(number);
    arrived_ += number - entries_.size();
    entries_.resize(number);
    return "";
  }
  if (!response.is_data("EXPUNGE")) return "";
  ++updates_;
  if (!renumbers) return "EXPUNGE comes where message numbers may not change";
  if (resync_ || qresync) return "EXPUNGE comes instead of VANISHED";
  if (number == 0 || number > entries_.size())
    return "EXPUNGE " + std::to_string(number) + " of " + std::to_string(entries_.size());
  entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(number - 1));
  return "";
}

std::string ImapView::hear_vanished(const ImapResponse& response, bool renumbers, bool qresync) {
  if (!qresync) return "VANISHED comes without QRESYNC";
  bool earlier = response.values.size() == 3;
  for (uint32_t uid : numbers_of_set(response.values.back().text)) {
    if (earlier) {
      if (resync_) resync_->erase(uid);
      if (!resync_ && find(uid) != nullptr) return "VANISHED (EARLIER) of what is there";
      continue;
    }
    ++updates_;
    resynced_.erase(uid);
    if (!renumbers) return "VANISHED comes where message numbers may not change";
    if (resync_) {
      if (resync_count_ > 0) --resync_count_;
      resync_->erase(uid);
      continue;
    }
    auto found = std::ranges::find(entries_, uid, &Entry::uid);
    if (found == entries_.end()) {
      // It may be one that the client does not know the UID of yet, before the next higher that it knows.
      auto higher = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.uid > uid; });
      if (higher != entries_.begin() && std::prev(higher)->uid == 0) found = std::prev(higher);
    }
    if (found == entries_.end()) return "VANISHED " + std::to_string(uid) + ", which is not there";
    entries_.erase(found);
  }
  return "";
}

std::string ImapView::hear_resynced(const ImapFetched& fetched) {
  if (fetched.uid == 0) return "FETCH without UID after QRESYNC";
  Entry& entry = (*resync_)[fetched.uid];
  entry.uid = fetched.uid;
  if (fetched.flags) entry.flags = fetched.flags;
  if (fetched.modseq < entry.modseq && fetched.modseq != 0) return "MODSEQ goes back";
  if (fetched.modseq != 0) entry.modseq = fetched.modseq;
  return "";
}

std::string ImapView::hear(const ImapFetched& fetched) {
  if (resync_) return hear_resynced(fetched);
  std::string what = "message " + std::to_string(fetched.number);
  if (fetched.number == 0 || fetched.number > entries_.size())
    return "FETCH of " + what + " of " + std::to_string(entries_.size());
  size_t at = fetched.number - 1;
  Entry& entry = entries_[at];
  if (fetched.uid != 0 && entry.uid != 0 && entry.uid != fetched.uid)
    return what + " had UID " + std::to_string(entry.uid) + " and now has " + std::to_string(fetched.uid);
  if (fetched.uid != 0) entry.uid = fetched.uid;
  if (entry.uid != 0) {
    for (size_t before = at; before > 0; --before) {
      if (entries_[before - 1].uid == 0) continue;
      if (entries_[before - 1].uid >= entry.uid) return "the UIDs of " + what + " and before do not rise";
      break;
    }
    if (at + 1 < entries_.size() && entries_[at + 1].uid != 0 && entries_[at + 1].uid <= entry.uid)
      return "the UIDs of " + what + " and behind do not rise";
  }
  if (fetched.modseq != 0 && fetched.modseq < entry.modseq)
    return what + ": MODSEQ goes from " + std::to_string(entry.modseq) + " to " +
           std::to_string(fetched.modseq);
  if (auto resynced = resynced_.find(entry.uid); resynced != resynced_.end()) {
    if (!entry.flags) entry = resynced->second;
    entry.fetched = false;
    resynced_.erase(resynced);
  }
  std::string wrong;
  bool told_late = fetching_ && !entry.fetched && entry.flags && entry.modseq != 0 && fetched.modseq != 0 &&
                   fetched.modseq <= complete_to_ && fetched.modseq != entry.modseq;
  if (told_late)
    wrong = what + " has MODSEQ " + std::to_string(fetched.modseq) + ", and QRESYNC up to " +
            std::to_string(complete_to_) + " has told only of " + std::to_string(entry.modseq);
  if (fetching_ && comparing_ && !entry.fetched && fetched.flags) {
    if (entry.flags && *entry.flags != *fetched.flags)
      wrong = what + " has the flags " + to_text(*fetched.flags) + ", and the client was only told of " +
              to_text(*entry.flags);
    if (entry.modseq != 0 && fetched.modseq != 0 && entry.flags && fetched.modseq != entry.modseq)
      wrong = what + " has MODSEQ " + std::to_string(fetched.modseq) + ", and the client was told of " +
              std::to_string(entry.modseq);
  }
  if (!fetching_ || entry.fetched) ++updates_;
  if (fetched.modseq != 0) {
    entry.modseq = fetched.modseq;
  } else if (fetched.flags && entry.flags && *fetched.flags != *entry.flags) {
    entry.modseq = 0;  // it has a new one
  }
  if (fetched.flags) {
    entry.flags = fetched.flags;
    entry.fetched = true;
  }
  return wrong;
}

}  // namespace pabal::simulation
