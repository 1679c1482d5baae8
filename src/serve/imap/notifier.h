// What a session that has said NOTIFY SET knows of mailboxes that it has not
// selected, and what is new there (RFC 5465). It costs nothing until the store
// tells of a change; then only what changed is read, and all of it again only
// when the tree of mailboxes has changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "directory/directory.h"
#include "proto/imap/sequence_set.h"
#include "reading/trees.h"
#include "serve/imap/list_tree.h"
#include "serve/imap/mailbox_status.h"
#include "serve/imap/names.h"
#include "serve/imap/notify_program.h"
#include "store/sharing.h"

namespace pabal::serve::imap {

inline constexpr size_t kWatchedMax = 20'000;  // mailboxes of one session

// A name that LIST is to tell of.
struct ListNews {
  std::string name, old_name;  // old_name: "" unless it was renamed
  bool exists = false;
  bool no_select = false;
  bool no_access = false;  // it is there, and the right to see it is gone
  bool subscribed = false, has_children = false;
};
struct StatusNews {
  std::string name;
  MailboxStatus status;
  bool messages = false;  // arrived or gone; else flags alone
  bool flags = false;     // wants to hear of them
};
struct MetadataNews {
  std::string mailbox;  // "": the server
  std::vector<std::string> entries;
};
struct NotifyNews {
  std::vector<ListNews> lists;
  std::vector<StatusNews> statuses;
  std::vector<MetadataNews> metadata;
  bool overflow = false;
};

class Notifier {
 public:
  Notifier(NotifyProgram program, std::string hostname)
      : program_(std::make_shared<const NotifyProgram>(std::move(program))), hostname_(std::move(hostname)) {}

  const NotifyProgram& program() const { return *program_; }

  // A mailbox of a watched account has changed (0: what belongs to the account
  // itself). selected: heard of otherwise, 0 for none. False: of no interest.
  bool mark(MailboxId mailbox, MailboxId selected);
  bool pending() const { return !dirty_.empty() || rescan_; }

  // Changes that the client itself made are not told to it (RFC 5465 §5).
  void expect_name(std::string name) { own_names_.insert(std::move(name)); }
  void expect_arrivals(MailboxId mailbox, const std::vector<NumberRange>& uids);
  // Whether the UID of a mailbox is one of these.
  bool is_own_arrival(MailboxId mailbox, uint32_t uid) const;
  void forget_arrivals(MailboxId mailbox) { own_arrivals_.erase(mailbox); }

  // How it is now: everything, or what is marked.
  struct Look {
    bool whole = false;
    bool tree_changed = false;  // of what is marked: it takes a whole look to tell what has
    std::vector<reading::SeenMailbox> mailboxes;
    std::vector<std::string> subscriptions;  // rising; of a whole look
    std::map<MailboxId, std::vector<store::Annotation>> annotations;
    std::vector<store::Annotation> server;
    std::unordered_set<MailboxId> out_of_sight;  // that are known and there, but must not be seen any more
  };
  // Takes the marks; they come back if the look fails.
  struct Marks {
    std::unordered_set<MailboxId> mailboxes;
    bool whole = false;
  };
  Marks take();
  void put_back(Marks marks);
  // What another thread has to know to look.
  struct Question {
    std::shared_ptr<const NotifyProgram> program;
    std::string hostname;
    directory::Account reader;
    std::shared_ptr<const reading::SeenTree> tree;  // of a whole look
    struct KnownName {
      std::string name;  // as it was seen; "" if it was not
      bool subscribed = false;
    };
    std::map<MailboxId, KnownName> mailboxes;  // of a whole look all that are known, else what is marked
  };
  Question question(const directory::Account& reader, const Marks& marks,
                    std::shared_ptr<const reading::SeenTree> tree) const;
  static Look look(store::Database& db, const Question& question);

  // The first time: nothing is news. selected: its messages are not told of here.
  NotifyNews compare(Look look, MailboxId selected);

  // Of the mailboxes whose messages are watched, as of the last compare().
  std::vector<StatusNews> all_statuses(MailboxId selected) const;
  // That were named, may be looked up, but not read.
  std::vector<std::string> no_access() const;
  // Whose accounts have to be watched besides the reader's own.
  const std::set<AccountId>& owners() const { return owners_; }
  // Whether that is another number than the client was told of last; from here on it is that.
  bool tell_unseen(MailboxId mailbox, uint64_t unseen);

 private:
  using Entries = std::map<std::string, size_t>;  // hashes of the values
  struct Known {
    reading::SeenMailbox seen;  // without keywords
    std::string name;
    unsigned events = 0;
    std::optional<uint64_t> unseen;  // as it was told
    Entries entries;
  };
  bool is_subscribed(const std::string& name) const;
  unsigned events_of(const reading::SeenMailbox& seen, const std::string& name) const;
  void compare_tree(Look& look, NotifyNews& news);
  void tell_gone(const Known& known, bool out_of_sight, NotifyNews& news);
  void tell_made(const Known& known, NotifyNews& news);
  // Renamed names and what they were, top levels first.
  using Renames = std::map<std::string, MailboxId>;  // by the old name
  void tell_renames(const Renames& renames, NotifyNews& news);
  void tell_subscriptions(const std::vector<std::string>& before, NotifyNews& news);
  ListNews describe(const std::string& name) const;
  bool is_quiet(std::string_view name);
  void tell_name(NotifyNews& news, ListNews line, unsigned events);
  void compare_mailbox(Known& known, reading::SeenMailbox&& seen, MailboxId selected, NotifyNews& news);
  static std::vector<std::string> update_entries(Entries& known, const std::vector<store::Annotation>& now);

  const std::shared_ptr<const NotifyProgram> program_;
  const std::string hostname_;
  std::unordered_map<MailboxId, Known> known_;
  std::map<std::string, MailboxId, bool (*)(std::string_view, std::string_view)> names_{tree_less};
  std::vector<std::string> subscriptions_;
  std::set<AccountId> owners_;
  Entries server_entries_;
  bool began_ = false;
  std::unordered_set<MailboxId> dirty_;
  bool rescan_ = true;
  std::set<std::string, std::less<>> own_names_;
  std::unordered_map<MailboxId, std::vector<NumberRange>> own_arrivals_;
  std::set<std::string> told_no_access_;
};

}  // namespace pabal::serve::imap
