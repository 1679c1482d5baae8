// What must be true of one account's mailboxes, whoever looks: made from what
// IMAP clients were told and from nothing else. Some facts hold for ever (a UID
// has one content, a UID and a MODSEQ have one set of flags); the others are what
// was acknowledged, and, where no reply came, what may be so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "imap_possible.h"
#include "imap_response.h"
#include "ledger.h"
#include "rt/event.h"
#include "rt/task.h"

namespace pabal::simulation {

using ImapFlags = std::set<std::string>;

struct ImapMailState {
  bool present = true;
  ImapFlags flags;
  bool operator==(const ImapMailState&) const = default;
};

// A number that never goes back, and when the highest was heard of.
struct Rising {
  uint64_t value = 0;
  uint64_t learnt = 0;
};

struct ImapMail {
  std::shared_ptr<const std::string> bytes;
  std::optional<uint64_t> size_octets;
  std::optional<std::string> internal_date;
  std::string email_id;  // RFC 8474
  std::map<uint64_t, ImapFlags> at_modseq;
  Rising modseq;
  Possible<ImapMailState> state;
  std::optional<Instant> appended;  // when the reply to its APPEND came
  bool unreadable = false;          // the last time that somebody tried
  uint64_t first_seen = 0;
  bool removed = false;  // by a command that was answered, perhaps
  bool was_read = false;
  bool lost_reply = false;  // to a command that changes it; nobody has looked since
};

// A mail that a command without reply may have put somewhere.
struct ImapArrival {
  std::shared_ptr<const std::string> bytes;
  ImapFlags flags;
  std::optional<std::string> internal_date;
  std::pair<struct ImapBox*, uint32_t> source = {nullptr, 0};  // of COPY and MOVE
  bool found = false;
};
struct ImapArrivals {
  std::vector<ImapArrival> mails;
  bool moves = false;
  // Nobody could have removed them unseen, or taken others for them; and it is known
  // into which mailbox they came.
  bool certain = true;
};

struct ImapBox {
  int id = 0;
  std::string name;            // when it was made
  std::string last_name;       // under which somebody saw it
  uint64_t uid_validity = 0;   // 0: nobody has seen it yet
  ImapBox* seen_as = nullptr;  // it turned out to be this one
  std::string mailbox_id;      // RFC 8474
  Rising uid_next, highest_modseq;
  uint32_t complete_below = 1;  // every UID below has been seen by somebody who looked at all of them
  std::map<uint32_t, ImapMail> mails;
  std::vector<ImapArrivals> arrivals;  // that may have come
  int lost_unread = 0;                 // mails that went before anybody had read them
  bool deletion_tried = false;         // who has it open then sees what was there at some time
};

struct ImapTree {
  std::map<std::string, int> boxes;  // by name; kSomeBox: nobody knows which
  std::set<std::string> subscribed;
  bool operator==(const ImapTree&) const = default;
};
inline constexpr int kSomeBox = -1;

// What a command changes if it happens.
struct ImapChange {
  std::string what;  // for the story
  ImapBox* box = nullptr;
  std::vector<uint32_t> uids;
  bool everything = false;  // all of the mailbox instead
  std::function<void(ImapMailState&)> on_mail;
  std::function<void(ImapTree&)> on_tree;
  std::function<bool(const ImapTree&)> tree_before;  // OK says that it was like that
  std::string deletes;                               // the mailbox of this name
  ImapBox* into = nullptr;
  std::string into_name;
  ImapArrivals arrivals;
  uint64_t changes_before = 0;
  bool alone = true;  // when it began
};
enum class ImapEnd {
  done,     // OK
  undone,   // NO, BAD
  refused,  // NO because the store could not: see Possible
  lost,     // no reply
};

class ImapModel {
 public:
  // takes_turns: one command that changes something at a time.
  ImapModel(std::string address, bool takes_turns, Ledger& ledger);

  const std::string& address() const { return address_; }
  Ledger& ledger() { return ledger_; }
  void violation(const std::string& what) { ledger_.violation(address_ + ": " + what); }

  // A point in the order of all that clients heard and did.
  struct Moment {
    uint64_t tick = 0, changes = 0;
    bool quiet = false;
  };
  Moment now() { return {++tick_, changes_, under_way_.empty()}; }
  // Nothing was being changed by a client since.
  bool quiet_since(const Moment& moment) const {
    return moment.quiet && under_way_.empty() && moment.changes == changes_;
  }
  // No other change was under way at the same time, nor is now.
  bool is_alone(const ImapChange& change) const { return change.alone && change.changes_before == changes_; }
  bool is_surely_there(const ImapBox& box) const;  // under whatever name

  rt::Task<void> begin(ImapChange& change);
  // uids: of the arrivals, after OK.
  void end(ImapChange& change, ImapEnd end, const std::vector<uint32_t>& uids = {});

  // imap_observe.cc: what sessions see; begun: before the command that shows it
  ImapBox* see_box(const std::string& name, uint64_t uid_validity, const std::string& mailbox_id,
                   const Moment& begun);
  void see_uid_next(ImapBox& box, uint64_t uid_next, const Moment& begun);
  void see_modseq(ImapBox& box, uint64_t modseq, const Moment& begun);
  struct Seen {
    const ImapFlags* flags = nullptr;
    uint64_t modseq = 0;
    std::optional<uint64_t> size_octets;
    std::optional<std::string> internal_date;
  };
  // known_below: UIDs below were all known when the session selected the mailbox.
  void see_mail(ImapBox& box, uint32_t uid, const Seen& seen, uint32_t known_below);
  // All that is in the mailbox, by somebody who was up to date; flags may be missing (nullptr).
  void see_all(ImapBox& box, const std::map<uint32_t, const ImapFlags*>& mails, const Moment& begun);
  void see_tree(const std::set<std::string>& names, const std::set<std::string>& subscribed,
                const Moment& begun);
  void see_messages(ImapBox& box, uint64_t messages, const Moment& begun);
  void see_bytes(ImapBox& box, uint32_t uid, std::string bytes);
  // RFC 8474 §5: the ids of a mail never change.
  void see_thread(ImapBox& box, uint32_t uid, const std::string& email_id, const std::string& thread_id);
  void see_unreadable(ImapBox& box, uint32_t uid) { mail(box, uid).unreadable = true; }
  // It lies there with these octets and cannot be read any more.
  void see_rotten(const std::string& name, uint32_t uid, const std::string& octets);
  struct Unreadable {
    std::string mailbox;
    int64_t uid;
  };
  std::vector<Unreadable> unreadable() const;
  void check_rises(Rising& known, uint64_t value, const Moment& begun, const std::string& what);

  // The server has crashed.
  void crashed() { ++crashes_; }
  int crashes() const { return crashes_; }

  // What was refused has come to life by now, or never will.
  void settle();
  // When everything has been read at the end.
  void judge();

  const Possible<ImapTree>& tree() const { return tree_; }
  ImapBox& new_box(const std::string& name);
  // The mailbox with this UIDVALIDITY, as which `box` may be seen for the first time now.
  ImapBox& identify(ImapBox& box, uint64_t uid_validity);
  const std::map<int, std::unique_ptr<ImapBox>>& boxes() const { return boxes_; }
  ImapBox* box_named(const std::string& name);  // if that is certain
  ImapMail& mail(ImapBox& box, uint32_t uid);
  bool is_inbox(const ImapBox& box) const { return box.name == "INBOX"; }

 private:
  bool surely_changes(const ImapChange& change);
  ImapBox* box_with(uint64_t uid_validity);
  void merge(ImapBox& unseen, ImapBox& box);
  bool is_there(const ImapBox& box) const;
  void arrive(ImapChange& change, const std::vector<uint32_t>& uids);
  void try_deletion(const std::string& name);
  void expect_soon(ImapChange& change);
  void expect(ImapChange& change);
  bool is_expected(ImapBox& box, const std::string& bytes);

  const std::string address_;
  const bool takes_turns_;
  Ledger& ledger_;
  std::map<int, std::unique_ptr<ImapBox>> boxes_;
  std::map<std::string, std::string> threads_;  // THREADID by EMAILID
  Possible<ImapTree> tree_;
  uint64_t tick_ = 0;
  uint64_t changes_ = 0;  // begun so far
  std::vector<ImapChange*> under_way_;
  int crashes_ = 0;
  bool late_ = false;  // something refused may still come to life
  rt::Event turn_ended_;
};

std::string to_text(const ImapFlags& flags);

}  // namespace pabal::simulation
