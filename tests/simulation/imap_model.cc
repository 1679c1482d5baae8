#include "imap_model.h"

#include "base/bytes.h"

namespace pabal::simulation {

namespace {

constexpr const char* kFirstBoxes[] = {"INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive"};

// What turned out to be another one; nullptr stays.
ImapBox* as_seen(ImapBox* box) {
  while (box != nullptr && box->seen_as != nullptr) box = box->seen_as;
  return box;
}

}  // namespace

std::string to_text(const ImapFlags& flags) {
  std::string text;
  for (const std::string& flag : flags) text += (text.empty() ? "" : " ") + flag;
  return "(" + text + ")";
}

ImapModel::ImapModel(std::string address, bool takes_turns, Ledger& ledger)
    : address_(std::move(address)), takes_turns_(takes_turns), ledger_(ledger) {
  ImapTree tree;
  for (const char* name : kFirstBoxes) {
    tree.boxes[name] = new_box(name).id;
    tree.subscribed.insert(name);
  }
  tree_.set(std::move(tree));
}

ImapBox& ImapModel::new_box(const std::string& name) {
  int id = static_cast<int>(boxes_.size());
  auto box = std::make_unique<ImapBox>();
  box->id = id;
  box->name = name;
  return *(boxes_[id] = std::move(box));
}

ImapBox* ImapModel::box_named(const std::string& name) {
  std::optional<int> id = tree_.common([&](const ImapTree& tree) {
    auto found = tree.boxes.find(name);
    return found == tree.boxes.end() ? kSomeBox : found->second;
  });
  return id && *id != kSomeBox ? boxes_[*id].get() : nullptr;
}

ImapBox* ImapModel::box_with(uint64_t uid_validity) {
  for (auto& [id, box] : boxes_) {
    if (box->uid_validity == uid_validity) return box.get();
  }
  return nullptr;
}

ImapBox& ImapModel::identify(ImapBox& box, uint64_t uid_validity) {
  if (box.seen_as != nullptr) return identify(*box.seen_as, uid_validity);
  if (box.uid_validity == uid_validity || uid_validity == 0) return box;
  ImapBox* other = box_with(uid_validity);
  if (other == nullptr) {
    ImapBox& known = box.uid_validity == 0 ? box : new_box(box.name);
    known.uid_validity = uid_validity;
    return known;
  }
  if (box.uid_validity == 0 && other->id > box.id) merge(box, *other);
  return *other;
}

void ImapModel::merge(ImapBox& unseen, ImapBox& box) {
  unseen.seen_as = &box;
  box.lost_unread += unseen.lost_unread;
  box.deletion_tried |= unseen.deletion_tried;
  for (ImapArrivals& arrivals : unseen.arrivals) box.arrivals.push_back(std::move(arrivals));
  unseen.arrivals.clear();
  tree_.happens([&](ImapTree& tree) {
    for (auto& [name, id] : tree.boxes) {
      if (id == unseen.id) id = box.id;
    }
  });
}

ImapMail& ImapModel::mail(ImapBox& box, uint32_t uid) {
  ImapMail& mail = box.mails[uid];
  if (mail.first_seen == 0) mail.first_seen = ++tick_;
  return mail;
}

rt::Task<void> ImapModel::begin(ImapChange& change) {
  while (takes_turns_ && !under_way_.empty()) co_await turn_ended_.wait();
  change.alone = under_way_.empty();
  if (!change.deletes.empty()) try_deletion(change.deletes);
  if (change.into != nullptr) expect_soon(change);
  under_way_.push_back(&change);
  change.changes_before = ++changes_;
}

// Somebody is about to delete what has this name.
void ImapModel::try_deletion(const std::string& name) {
  for (auto& [id, box] : boxes_) {
    if (id < static_cast<int>(std::size(kFirstBoxes))) continue;  // nobody does that
    box->deletion_tried |= tree_.may_be([&, id](const ImapTree& tree) {
      auto found = tree.boxes.find(name);
      return found != tree.boxes.end() && (found->second == id || found->second == kSomeBox);
    });
  }
}

void ImapModel::settle() {
  if (!late_) return;
  late_ = false;
  tree_.settle();
  for (auto& [id, box] : boxes_) {
    for (auto& [uid, mail] : box->mails) mail.state.settle();
  }
}

bool ImapModel::surely_changes(const ImapChange& change) {
  if (!change.arrivals.mails.empty() || change.tree_before) return true;
  auto differs = [](const auto& apply) {
    return [&apply](const auto& before) {
      auto after = before;
      apply(after);
      return !(after == before);
    };
  };
  if (change.on_tree) return tree_.must_be(differs(change.on_tree));
  return std::ranges::any_of(change.uids, [&](uint32_t uid) {
    return mail(*change.box, uid).state.must_be(differs(change.on_mail));
  });
}

void ImapModel::end(ImapChange& change, ImapEnd end, const std::vector<uint32_t>& uids) {
  change.alone = is_alone(change);
  ledger_.count(end == ImapEnd::done      ? "changes by IMAP acknowledged"
                : end == ImapEnd::undone  ? "changes by IMAP declined"
                : end == ImapEnd::refused ? "changes by IMAP refused by a store that could not"
                                          : "changes by IMAP without a reply");
  change.into = as_seen(change.into);
  change.box = as_seen(change.box);
  if (change.everything) {
    for (const auto& [uid, mail] : change.box->mails) change.uids.push_back(uid);
  }
  if (end == ImapEnd::undone) {
    if (change.arrivals.certain && std::ranges::any_of(change.arrivals.mails, &ImapArrival::found))
      violation("NO to " + change.what + ", and somebody has seen it there");
  } else if (!change.alone) {
    // Who came first, nobody can tell; nor what a power cut brings to life.
    late_ |= end != ImapEnd::done;
    if (change.on_tree) tree_.forget();
    if (!change.deletes.empty()) try_deletion(change.deletes);  // it may have been any
    for (uint32_t uid : change.uids) mail(*change.box, uid).state.forget();
  } else if (end == ImapEnd::done) {
    // A commit came behind everything that had failed before; where nothing changed, there was none.
    if (surely_changes(change)) settle();
    if (change.tree_before && !tree_.observe(change.tree_before))
      violation("OK to " + change.what + ", but that cannot be");
    if (change.on_tree) tree_.happens_now(change.on_tree);
    for (uint32_t uid : change.uids) {
      ImapMail& mail = this->mail(*change.box, uid);
      mail.state.happens_now(change.on_mail);
      mail.removed |= mail.state.must_be([](const ImapMailState& state) { return !state.present; });
    }
  } else {
    late_ = true;
    if (change.on_tree) tree_.may_happen(change.on_tree, true);
    for (uint32_t uid : change.uids) {
      mail(*change.box, uid).state.may_happen(change.on_mail, true);
      mail(*change.box, uid).lost_reply = end == ImapEnd::lost;
    }
  }
  if (change.into != nullptr && !change.arrivals.mails.empty()) {
    if (end == ImapEnd::done) arrive(change, uids);
    if (end == ImapEnd::lost || end == ImapEnd::refused) expect(change);
  }
  std::erase(under_way_, &change);
  turn_ended_.notify();
}

void ImapModel::arrive(ImapChange& change, const std::vector<uint32_t>& uids) {
  ImapBox& box = *change.into;
  for (size_t i = 0; i < uids.size() && i < change.arrivals.mails.size(); ++i) {
    ImapArrival& arrival = change.arrivals.mails[i];
    std::string which = "UID " + std::to_string(uids[i]) + " of " + box.name;
    bool known = box.mails.contains(uids[i]);
    // Another session may have seen it before this reply came.
    if (uids[i] < box.complete_below && !known)
      violation(which + " was given a second time, to " + change.what);
    ImapMail& mail = this->mail(box, uids[i]);
    if (known && mail.bytes && *mail.bytes != *arrival.bytes)
      violation(which + " was given a second time, to " + change.what);
    if (!known && change.alone) mail.state.set({.present = true, .flags = arrival.flags});
    if (arrival.source.first != nullptr) {
      ImapMail& source = arrival.source.first->mails[arrival.source.second];
      mail.state = change.alone ? source.state : Possible<ImapMailState>();
      mail.state.happens([](ImapMailState& state) { state.present = true; });
      if (!mail.internal_date) mail.internal_date = source.internal_date;
    } else {
      mail.appended = rt::Loop::current().now();
    }
    if (arrival.internal_date) mail.internal_date = arrival.internal_date;
    mail.bytes = arrival.bytes;
    mail.size_octets = arrival.bytes->size();
    check_rises(box.uid_next, std::max(box.uid_next.value, uint64_t{uids[i]} + 1), now(), which);
  }
}

// Its turn has come, and the name may be another mailbox's by now.
void ImapModel::expect_soon(ImapChange& change) {
  ImapBox* named = box_named(change.into_name);
  if (named != nullptr) change.into = named;
  change.arrivals.certain &= named != nullptr;
  // Of two commands that copy the same mail, nobody can tell whose copy it is.
  auto is_same = [&](const ImapArrival& earlier) {
    return std::ranges::any_of(change.arrivals.mails,
                               [&](const ImapArrival& one) { return *one.bytes == *earlier.bytes; });
  };
  auto compare = [&](ImapArrivals& earlier) {
    if (std::ranges::any_of(earlier.mails, is_same)) earlier.certain = change.arrivals.certain = false;
  };
  for (ImapChange* other : under_way_) compare(other->arrivals);
  for (auto& [id, box] : boxes_) std::ranges::for_each(box->arrivals, compare);
}

void ImapModel::expect(ImapChange& change) {
  for (const ImapArrival& arrival : change.arrivals.mails) {
    if (arrival.source.first == nullptr) continue;
    // Somebody may expunge a copy before anybody sees it.
    const ImapMail& source = arrival.source.first->mails[arrival.source.second];
    if (source.state.may_be([](const ImapMailState& s) { return s.flags.contains("\\Deleted"); }))
      change.arrivals.certain = false;
  }
  if (std::ranges::any_of(change.arrivals.mails, &ImapArrival::found))
    ledger_.mark("APPEND, COPY or MOVE without a reply had happened");
  change.arrivals.certain &= change.alone;
  change.into->arrivals.push_back(change.arrivals);
}

// A copy that some command may have made that got no reply, or has none yet.
bool ImapModel::is_expected(ImapBox& box, const std::string& bytes) {
  auto find_in = [&](ImapArrivals& arrivals) {
    auto is_it = [&](const ImapArrival& one) { return !one.found && *one.bytes == bytes; };
    auto arrival = std::ranges::find_if(arrivals.mails, is_it);
    if (arrival == arrivals.mails.end()) return false;
    return arrival->found = true;
  };
  // One that nobody has seen may be this one.
  auto may_be_here = [&](const ImapBox* into) { return into == &box || into->uid_validity == 0; };
  for (ImapChange* change : under_way_) {
    if (change->into == nullptr) continue;
    bool certain = change->arrivals.certain && is_alone(*change);
    if ((!certain || may_be_here(as_seen(change->into))) && find_in(change->arrivals)) return true;
  }
  for (auto& [id, one] : boxes_) {
    auto has_it = [&](ImapArrivals& arrivals) {
      return (!arrivals.certain || may_be_here(one.get())) && find_in(arrivals);
    };
    if (std::ranges::none_of(one->arrivals, has_it)) continue;
    ledger_.mark("APPEND, COPY or MOVE without a reply had happened");
    return true;
  }
  return false;
}

void ImapModel::judge() {
  for (auto& [id, box] : boxes_) {
    for (const ImapArrivals& arrivals : box->arrivals) {
      size_t found = static_cast<size_t>(std::ranges::count_if(arrivals.mails, &ImapArrival::found));
      if (found == 0) ledger_.mark("APPEND, COPY or MOVE without a reply had not happened");
      if (!arrivals.certain || box->lost_unread > 0 || box->deletion_tried) continue;
      if (!arrivals.moves && found > 0 && found < arrivals.mails.size())
        violation("only " + std::to_string(found) + " of " + std::to_string(arrivals.mails.size()) +
                  " mails of one command came into " + box->name);
      if (!arrivals.moves) continue;
      for (const ImapArrival& arrival : arrivals.mails) {
        const ImapMail& source = arrival.source.first->mails[arrival.source.second];
        // Gone from there, although nobody had marked it as deleted.
        bool gone = source.state.must_be(
            [](const ImapMailState& s) { return !s.present && !s.flags.contains("\\Deleted"); });
        if (gone && !source.removed && !arrival.found)
          violation("UID " + std::to_string(arrival.source.second) + " of " + arrival.source.first->name +
                    " was moved to " + box->name + " and is not there");
      }
    }
  }
}

}  // namespace pabal::simulation
