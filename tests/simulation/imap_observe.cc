// What sessions see, against what must be so.
#include <algorithm>

#include "base/bytes.h"
#include "imap_model.h"
#include "rt/loop.h"

namespace pabal::simulation {

namespace {

std::string name_of(const ImapBox& box, uint32_t uid) {
  return "UID " + std::to_string(uid) + " of " + box.name;
}

}  // namespace

void ImapModel::check_rises(Rising& known, uint64_t value, const Moment& begun, const std::string& what) {
  // What came in while the command was under way may be newer than its answer.
  if (value < known.value && known.learnt < begun.tick)
    violation(what + " went back from " + std::to_string(known.value) + " to " + std::to_string(value));
  if (value > known.value) known = {value, ++tick_};
}

void ImapModel::see_uid_next(ImapBox& box, uint64_t uid_next, const Moment& begun) {
  check_rises(box.uid_next, uid_next, begun, "UIDNEXT of " + box.name);
  if (!box.mails.empty() && begun.quiet && uid_next <= box.mails.rbegin()->first && quiet_since(begun))
    violation("UIDNEXT of " + box.name + " is " + std::to_string(uid_next) + ", and there was UID " +
              std::to_string(box.mails.rbegin()->first));
}

void ImapModel::see_modseq(ImapBox& box, uint64_t modseq, const Moment& begun) {
  check_rises(box.highest_modseq, modseq, begun, "HIGHESTMODSEQ of " + box.name);
}

ImapBox* ImapModel::see_box(const std::string& name, uint64_t uid_validity, const std::string& mailbox_id,
                            const Moment& begun) {
  ImapBox* box = box_with(uid_validity);
  if (box == nullptr) box = &new_box(name);
  box->uid_validity = uid_validity;
  if (!box->mailbox_id.empty() && !mailbox_id.empty() && box->mailbox_id != mailbox_id)
    violation("the mailbox with UIDVALIDITY " + std::to_string(uid_validity) + " has got another MAILBOXID");
  for (const auto& [id, other] : boxes_) {
    if (other.get() != box && !mailbox_id.empty() && other->mailbox_id == mailbox_id)
      violation(name + " has the MAILBOXID " + mailbox_id + " of another mailbox, " + other->name);
  }
  if (!mailbox_id.empty()) box->mailbox_id = mailbox_id;
  if (!quiet_since(begun)) return box;
  box->last_name = name;
  // It may be one that was made and that nobody had seen, unless its place is known.
  bool has_place = tree_.may_be([&](const ImapTree& tree) {
    return std::ranges::any_of(tree.boxes, [&](const auto& named) { return named.second == box->id; });
  });
  auto may_be_it = [&](const ImapTree& tree) {
    auto found = tree.boxes.find(name);
    if (found == tree.boxes.end()) return false;
    if (found->second == box->id || found->second == kSomeBox) return true;
    return !has_place && boxes_[found->second]->uid_validity == 0 && found->second < box->id;
  };
  if (!tree_.observe(may_be_it))
    violation(name + " is there with UIDVALIDITY " + std::to_string(uid_validity) + ", and that cannot be");
  const bool certain = box_named(name) != nullptr;
  std::set<int> unseen;
  tree_.happens([&](ImapTree& tree) {
    if (!may_be_it(tree)) return;
    int& id = tree.boxes[name];
    if (id != kSomeBox && id != box->id) unseen.insert(id);
    id = box->id;
  });
  for (int id : unseen) {
    if (certain) {
      merge(*boxes_[id], *box);
      continue;
    }
    // Or it is not this one, which has another name then.
    box->deletion_tried |= boxes_[id]->deletion_tried;
    for (ImapArrivals& arrivals : boxes_[id]->arrivals) arrivals.certain = false;
  }
  return box;
}

void ImapModel::see_mail(ImapBox& box, uint32_t uid, const Seen& seen, uint32_t known_below) {
  std::string what = name_of(box, uid);
  if (!box.mails.contains(uid) && uid < known_below)
    violation(what + " is new, but all below " + std::to_string(known_below) + " were given before");
  ImapMail& mail = this->mail(box, uid);
  if (seen.modseq != 0) {
    if (seen.flags != nullptr) {
      auto [known, fresh] = mail.at_modseq.try_emplace(seen.modseq, *seen.flags);
      if (!fresh && known->second != *seen.flags)
        violation(what + " had at MODSEQ " + std::to_string(seen.modseq) + " the flags " +
                  to_text(known->second) + " and now has " + to_text(*seen.flags));
    }
    if (seen.modseq > mail.modseq.value) mail.modseq = {seen.modseq, ++tick_};
    if (seen.modseq > box.highest_modseq.value) box.highest_modseq = {seen.modseq, ++tick_};
  }
  if (seen.size_octets) {
    if (mail.size_octets && *mail.size_octets != *seen.size_octets) violation(what + " has got another size");
    mail.size_octets = seen.size_octets;
  }
  if (seen.internal_date) {
    if (mail.internal_date && *mail.internal_date != *seen.internal_date)
      violation(what + " had the date " + *mail.internal_date + " and now has " + *seen.internal_date);
    mail.internal_date = seen.internal_date;
  }
}

void ImapModel::see_all(ImapBox& box, const std::map<uint32_t, const ImapFlags*>& mails,
                        const Moment& begun) {
  if (!quiet_since(begun) || (box.deletion_tried && !is_surely_there(box))) return;
  ledger_.count("mailboxes compared as a whole");
  for (auto& [uid, mail] : box.mails) {
    // Who came while the command was under way may not have been told of.
    if (mails.contains(uid) || mail.first_seen > begun.tick) continue;
    bool was_possible = mail.state.observe([](const ImapMailState& state) { return !state.present; });
    if (!was_possible) violation(name_of(box, uid) + " has vanished");
    if (!mail.bytes && !mail.state.known()) ++box.lost_unread;
    // It may have been marked as deleted and expunged.
    mail.removed |= mail.state.is_anything();
    if (mail.state.is_anything() && !late_) mail.state.set({.present = false, .flags = {}});
  }
  for (const auto& [uid, flags] : mails) {
    ImapMail& mail = this->mail(box, uid);
    bool present = mail.state.observe([](const ImapMailState& state) { return state.present; });
    if (!present) violation(name_of(box, uid) + " was expunged and is back");
    if (flags == nullptr) continue;
    auto same = [&](const ImapMailState& state) { return state.present && state.flags == *flags; };
    std::optional<bool> late = mail.state.is_late(same);
    if (std::exchange(mail.lost_reply, false) && late)
      ledger_.mark(*late ? "STORE without a reply had happened" : "STORE without a reply had not happened");
    bool flags_possible = mail.state.observe(same);
    if (present && !flags_possible) {
      std::string possible;
      mail.state.each([&](const ImapMailState& state) {
        possible += (possible.empty() ? "" : " or ") + (state.present ? to_text(state.flags) : "gone");
      });
      violation(name_of(box, uid) + " has the flags " + to_text(*flags) + ", expected: " + possible);
    }
    if (mail.state.is_anything() && !late_) mail.state.set({.present = true, .flags = *flags});
  }
  if (!mails.empty()) box.complete_below = std::max(box.complete_below, mails.rbegin()->first + 1);
}

void ImapModel::see_tree(const std::set<std::string>& names, const std::set<std::string>& subscribed,
                         const Moment& begun) {
  if (!quiet_since(begun)) return;
  auto same = [&](const ImapTree& tree) {
    if (tree.boxes.size() != names.size() || tree.subscribed != subscribed) return false;
    for (const auto& [name, id] : tree.boxes) {
      if (!names.contains(name)) return false;
    }
    return true;
  };
  if (!tree_.observe(same)) {
    std::string possible;
    tree_.each([&](const ImapTree& tree) {
      std::set<std::string> expected;
      for (const auto& [name, id] : tree.boxes) expected.insert(name);
      possible += (possible.empty() ? "; expected: " : ", or: ") + to_text(expected) + ", subscribed " +
                  to_text(tree.subscribed);
    });
    violation("the mailboxes are " + to_text(names) + ", subscribed " + to_text(subscribed) + possible);
  }
  if (!tree_.is_anything() || late_) return;
  ImapTree tree{.boxes = {}, .subscribed = subscribed};
  for (const std::string& name : names) tree.boxes[name] = kSomeBox;
  tree_.set(std::move(tree));
}

void ImapModel::see_messages(ImapBox& box, uint64_t messages, const Moment& begun) {
  if (!quiet_since(begun) || !box.arrivals.empty()) return;
  uint64_t there = 0;
  for (const auto& [uid, mail] : box.mails) {
    const ImapMailState* state = mail.state.known();
    if (state == nullptr) return;
    there += state->present;
  }
  // More may have been delivered.
  if (is_inbox(box) ? messages < there : messages != there)
    violation(box.name + " has " + std::to_string(messages) + " mails by STATUS, and not " +
              std::to_string(there));
}

void ImapModel::see_bytes(ImapBox& box, uint32_t uid, std::string bytes) {
  ImapMail& mail = this->mail(box, uid);
  mail.unreadable = false;
  ledger_.count("mails read by IMAP, each octet");
  if (mail.size_octets && *mail.size_octets != bytes.size())
    violation(name_of(box, uid) + " has another size");
  mail.size_octets = bytes.size();
  bool before = std::exchange(mail.was_read, true);
  if (mail.bytes) {
    if (*mail.bytes != bytes)
      violation(name_of(box, uid) + (before ? " has changed" : " has other bytes than were put there"));
    return;
  }
  mail.bytes = std::make_shared<const std::string>(std::move(bytes));
  if (is_expected(box, *mail.bytes)) return;
  if (is_inbox(box)) return ledger_.found_in_mailbox(address_, *mail.bytes);
  violation("nobody has put " + name_of(box, uid) + " there");
}

void ImapModel::see_thread(ImapBox& box, uint32_t uid, const std::string& email_id,
                           const std::string& thread_id) {
  ImapMail& mail = this->mail(box, uid);
  ledger_.count("threads of mails compared");
  if (!mail.email_id.empty() && mail.email_id != email_id)
    violation(name_of(box, uid) + " had the EMAILID " + mail.email_id + " and now has " + email_id);
  mail.email_id = email_id;
  auto [known, fresh] = threads_.try_emplace(email_id, thread_id);
  if (!fresh && known->second != thread_id)
    violation(name_of(box, uid) + " had the THREADID " + known->second + " and now has " + thread_id);
}

// Under the name by which somebody saw it last.
bool ImapModel::is_there(const ImapBox& box) const {
  return tree_.may_be([&](const ImapTree& tree) {
    auto found = tree.boxes.find(box.last_name);
    return found != tree.boxes.end() && found->second == box.id;
  });
}

bool ImapModel::is_surely_there(const ImapBox& box) const {
  return tree_.must_be([&](const ImapTree& tree) {
    auto is_it = [&](const auto& named) { return named.second == box.id; };
    return std::ranges::any_of(tree.boxes, is_it);
  });
}

void ImapModel::see_rotten(const std::string& name, uint32_t uid, const std::string& octets) {
  ImapBox* box = nullptr;
  for (auto& [id, one] : boxes_) {
    if (one->last_name == name && is_there(*one)) box = one.get();
  }
  if (box == nullptr) return violation(name + " has a rotten mail, and may not be there");
  if (mail(*box, uid).bytes || is_expected(*box, octets)) return;
  if (is_inbox(*box)) ledger_.found_in_mailbox(address_, octets);
}

std::vector<ImapModel::Unreadable> ImapModel::unreadable() const {
  std::vector<Unreadable> out;
  for (const auto& [id, box] : boxes_) {
    for (const auto& [uid, mail] : box->mails) {
      bool gone = mail.state.must_be([](const ImapMailState& state) { return !state.present; });
      if (mail.unreadable && !gone && is_there(*box)) out.push_back({box->last_name, uid});
    }
  }
  return out;
}

}  // namespace pabal::simulation
