// One IMAP session (RFC 9051 §3): not authenticated, authenticated, selected. The
// loop in session.cc does what is common to all commands; their handlers, one
// file per command with the name of its grammar in proto/imap, write what is
// untagged and return the Outcome.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "directory/gate.h"
#include "io/connection.h"
#include "proto/imap/command.h"
#include "proto/imap/receiver.h"
#include "proto/imap/url.h"
#include "proto/sasl/mechanism.h"
#include "reading/search_run.h"
#include "serve/imap/arrival.h"
#include "serve/imap/command_table.h"
#include "serve/imap/fetch_line.h"
#include "serve/imap/names.h"
#include "serve/imap/outcome.h"
#include "serve/imap/search_contexts.h"
#include "serve/imap/search_meaning.h"
#include "serve/imap/search_request.h"
#include "serve/imap/server.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;

struct MailboxStatus;
struct SearchSource;
struct StatusNews;
struct NotifyNews;
class FetchAhead;
class Notifier;
class UrlMessages;

// The mailbox that a session has selected.
struct Selected {
  std::shared_ptr<reading::View> view;
  std::shared_ptr<const reading::Snapshot> told;  // as the client knows it
  // All that has happened up to here the client knows: never above what is held back
  // from it, so that it can resynchronise from here (RFC 7162 §3.2).
  ModSeq told_modseq;
  uint64_t synced = 0;         // refreshes of the view when it was last told of changes
  bool withheld = false;       // it may have seen MODSEQs above told_modseq
  bool removals_held = false;  // some of `told` are gone, and it has not heard of that
  bool flags_skipped = false;  // NOTIFY wants no flags told: these changes it never hears of
  bool pinned = false;         // it was told to stay at told_modseq
  bool pin_due = false;        // it has seen a higher one, and was not told yet
  size_t keywords_told = 0;    // of view->mailbox().keywords
  std::string name;            // as the client wrote it
  reading::Rights rights;
  bool own = true;         // in his own tree
  uint64_t refreshes = 0;  // of the view when `rights` were read
  bool has_news() const { return view->stale() || view->refreshes() != synced; }
  bool examined = false;           // EXAMINE
  bool read_only = false;          // that, or no right to change anything
  std::vector<NumberRange> saved;  // "$": UIDs (RFC 5182)
  std::vector<SearchContext> contexts;
  std::vector<NumberRange> recent;      // UIDs that this session was told of before all others
  std::optional<uint32_t> recent_told;  // how many of them there were
  bool recent_due = false;              // the store does not know yet what it was told of
  bool is_recent(uint32_t uid) const { return contains(recent, uid); }
  uint32_t next_read = 0;  // behind the message whose bytes were fetched last
};

class Session final : public listen::Session, public reading::Observer {
 public:
  Session(Service& service, std::unique_ptr<io::Stream> stream, listen::Visitor visitor);
  ~Session() override;

  // Never throws.
  rt::Task<void> run() override;
  // Look also at the view.
  void wake() override { conn_.wake(); }
  // A mailbox of his own account or one that is watched (NOTIFY) has changed; 0: what
  // belongs to the account itself.
  void account_changed(MailboxId mailbox) override;

 private:
  // session.cc: the loop
  enum class Event { input, closed, deadline, stopped };
  rt::Task<void> converse();
  rt::Task<void> secure();
  rt::Task<bool> next_command();  // false: the session is over
  rt::Task<Event> wait_for_input(Instant deadline, bool tell_changes);
  rt::Task<void> execute(std::string text);
  rt::Task<Outcome> dispatch(wire::Command command);
  std::optional<Outcome> refuse_state(const CommandFacts& facts) const;
  void log_store_failed(std::string_view command, std::string_view reason) const;
  void respond(std::string_view tag, const Outcome& outcome);
  void bye(std::string_view text, std::string_view code = {});
  rt::Task<void> flush();
  rt::Task<void> flush_if_full();
  rt::Task<std::string> send_out();  // returns what was sent: its memory
  void log_end(std::string_view why);
  Instant idle_deadline() const;
  wire::ReceiverLimits receiver_limits() const;
  // What is untagged goes here. Nothing follows BYE (RFC 9051 §7.1.5): from then on it is dropped.
  std::string& out() { return said_bye_ ? unsaid_ : conn_.out(); }
  bool names_utf8() const { return utf8_ || rev2_; }
  wire::TextForm text_form() const {
    return rev2_ ? wire::TextForm::rev2 : utf8_ ? wire::TextForm::utf8 : wire::TextForm::seven_bit;
  }

  // update.cc: what the client is told of changes
  struct SyncOptions {
    bool may_expunge = true;
    ModSeq silent;       // changes with this MODSEQ are the client's own, it did not want to hear of
    ModSeq own;          // and these it has to hear of, even if NOTIFY wants no changes of flags told
    bool as_is = false;  // the view knows what the client did; what others did since may wait
  };
  rt::Task<void> sync(SyncOptions options);
  void take_over(const reading::Snapshot::Difference& difference, bool all, const SyncOptions& options);
  bool wants_told(const reading::Item& item, const SyncOptions& options) const;
  void tell_position(Outcome& outcome);  // codes that say where the client stands
  void tell_highest_modseq();
  void tell_withheld();  // where no tagged response will do it
  void tell_removed(const reading::Snapshot::Difference& difference);
  void tell_flags(uint32_t number, const reading::Item& item, bool flags);
  void tell_keywords(bool always);
  // Of another account's mailbox, when it has changed; BYE if he may no longer read.
  rt::Task<void> look_at_rights();
  rt::Task<void> check_rights();
  void begin_fetch_line(uint32_t number, const reading::Item& item);  // "* 3 FETCH (UID 17"

  // numbers.cc: message numbers, UIDs and "$"
  // Rising message numbers of what `set` names; a number that does not exist: nullopt (BAD).
  std::optional<std::vector<NumberRange>> numbers_of(const wire::SequenceSet& set, bool uid) const;
  store::UidRanges uids_of(const std::vector<NumberRange>& numbers) const;
  // The same as UIDs, which stay right when numbers change; and what their numbers are now.
  std::optional<store::UidRanges> uids_named(const wire::SequenceSet& set, bool uid) const;
  std::vector<NumberRange> numbers_now(const store::UidRanges& uids) const;
  Outcome no_such_number() const;

  // names.cc
  rt::Task<std::optional<Place>> find(std::string name);
  rt::Task<std::optional<Place>> find_or_recall(std::string name, reading::Needs needs);
  // The mailbox, if it is there and he has one of these rights on it; else why not.
  rt::Task<std::expected<Place, Outcome>> find_with_right(std::string name, std::string_view rights,
                                                          reading::Needs needs = reading::Needs::itself);

  // login.cc
  rt::Task<Outcome> on(wire::StartTls command);
  rt::Task<Outcome> on(wire::Login command);
  rt::Task<Outcome> on(wire::Authenticate command);
  rt::Task<Outcome> on(wire::Unauthenticate command);
  bool may_log_in() const { return directory::Gate::is_open(visitor_); }
  bool offers_starttls() const { return service_.server.offers_starttls(visitor_); }
  class LoginLines;
  rt::Task<directory::SaslPeer::Answer> exchange_line(std::string challenge);
  Outcome settle(directory::Login login);
  Outcome logged_in(directory::Account account);
  void log_out();
  bool in_doubt() const { return account_ && service_.directory.has_changed(login_seen_); }
  // BYE if his account is no longer there for him.
  rt::Task<void> check_login();

  // capability.cc: CAPABILITY, ENABLE, ID, NOOP, CHECK, LOGOUT
  rt::Task<Outcome> on(wire::Capability command);
  rt::Task<Outcome> on(wire::Enable command);
  rt::Task<Outcome> on(wire::Id command);
  rt::Task<Outcome> on(wire::Noop command);
  rt::Task<Outcome> on(wire::Check command);
  rt::Task<Outcome> on(wire::Logout command);
  std::string capabilities() const;
  void enable_condstore();

  rt::Task<Outcome> on(wire::Compress command);  // compress.cc
  void start_compression();
  rt::Task<Outcome> on(wire::Idle command);  // idle.cc

  // select.cc: SELECT, EXAMINE, CLOSE, UNSELECT
  rt::Task<Outcome> on(wire::Select command);
  rt::Task<Outcome> on(wire::Close command);
  rt::Task<Outcome> on(wire::Unselect command);
  // recent_flag.cc: \Recent (RFC 3501 §2.3.2), which RFC 9051 has done away with
  rt::Task<void> look_for_recent(MailboxId mailbox);
  void claim_recent(uint32_t first_number);  // of what is told from this number on
  rt::Task<void> keep_recent();
  void tell_recent();
  std::vector<NumberRange> recent_ones() const;           // UIDs; none for a client of RFC 9051
  uint64_t shown_flags(const reading::Item& item) const;  // with it, if it is
  rt::Task<void> tell_qresync(wire::QresyncParameters parameters);
  void tell_selected();
  void leave_mailbox();
  rt::Task<void> part();  // keeps what is \Recent, and leaves

  // mailbox.cc: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE
  rt::Task<Outcome> on(wire::Create command);
  rt::Task<Outcome> on(wire::Delete command);
  rt::Task<Outcome> on(wire::Rename command);
  rt::Task<Outcome> on(wire::Subscribe command);

  // list.cc, status.cc
  rt::Task<Outcome> on(wire::List command);
  rt::Task<Outcome> on(wire::Namespace command);
  rt::Task<Outcome> on(wire::Status command);
  // What is unread for the reader, where each has his own \Seen.
  rt::Task<void> count_own_unseen(std::vector<MailboxStatus>& statuses);
  rt::Task<void> count_recent(std::vector<MailboxStatus>& statuses);
  void hold_back(std::vector<MailboxStatus>& statuses) const;

  // append.cc, replace.cc
  rt::Task<Outcome> on(wire::Append command);
  rt::Task<Outcome> on(wire::Replace command);
  rt::Task<std::expected<NewArrival, Outcome>> prepare(wire::AppendMessage message);
  rt::Task<std::expected<std::string, Outcome>> join_parts(std::vector<wire::CatenatePart> parts);
  // message_url.cc: the octets that it names for this account; nullopt: nothing there.
  rt::Task<std::optional<std::string>> read_url(wire::Url url, directory::Account as, UrlMessages& messages);

  // fetch.cc
  rt::Task<Outcome> on(wire::Fetch command);
  struct FetchTally;
  std::vector<NumberRange> changed_after(const std::vector<NumberRange>& numbers, int64_t modseq) const;
  rt::Task<void> tell_vanished(wire::SequenceSet set, uint64_t since);
  rt::Task<ModSeq> set_seen(store::UidRanges uids);
  rt::Task<void> tell_marked(store::UidRanges uids, ModSeq modseq);
  rt::Task<Outcome> tell_messages(std::vector<NumberRange> numbers, std::vector<wire::FetchItem> items,
                                  FetchNeeds needs);
  void log_damaged(const FetchSource& source) const;
  void tell_what_is_left(const FetchSource& source, const FetchForm& form);
  rt::Task<void> tell_batches(FetchAhead& ahead, const std::vector<wire::FetchItem>& items,
                              FetchTally& tally);

  rt::Task<Outcome> on(wire::Store command);  // store.cc
  rt::Task<void> tell_unchanged(store::UidRanges uids, store::FlagsChanged changed);
  rt::Task<Outcome> on(wire::Copy command);     // copy.cc: COPY, MOVE
  rt::Task<Outcome> on(wire::Expunge command);  // expunge.cc

  // search.cc, sort.cc, thread.cc
  rt::Task<Outcome> on(wire::Search command);
  rt::Task<Outcome> on(wire::Sort command);
  rt::Task<Outcome> on(wire::Thread command);
  rt::Task<Outcome> search(SearchRequest request);
  std::optional<Outcome> refuse_search(const SearchRequest& request) const;
  std::optional<Outcome> refuse_numbers(bool uid, const wire::SearchKeys& keys) const;
  rt::Task<std::optional<reading::SearchPlan>> plan_here(const wire::SearchProgram& program) const;
  rt::Task<void> tell_numbers(std::string_view name, const std::vector<reading::Hit>& hits, bool uid,
                              bool modseq);
  void log_damaged(const reading::SearchResult& result);
  reading::Progress show_progress();
  rt::Task<void> tell_progress(size_t done, size_t goal);

  // esearch.cc
  rt::Task<Outcome> on(wire::MultiSearch command);
  std::optional<Outcome> refuse_multi_search(const wire::MultiSearch& command) const;
  rt::Task<bool> search_selected(const MultiSearchRequest& request, std::string name);
  rt::Task<bool> search_other(const MultiSearchRequest& request, const SearchSource& source);
  void tell_found(const MultiSearchRequest& request, const reading::SearchResult& result,
                  std::string_view name, const store::Mailbox& mailbox);

  // contexts.cc
  rt::Task<Outcome> on(wire::CancelUpdate command);
  bool has_context(std::string_view tag) const;
  void add_context(SearchRequest request, reading::SearchPlan plan, const reading::SearchResult& result);
  void refuse_update(std::string_view tag, std::string_view why);
  void tell_context_removals(const reading::Snapshot::Difference& difference);
  rt::Task<void> tell_context_changes(const std::vector<reading::Item>& upserts, uint32_t first_new);
  rt::Task<std::vector<uint32_t>> next_result(const SearchContext& context,
                                              const std::vector<reading::Item>& upserts);
  rt::Task<void> tell_arrived(const std::vector<wire::FetchItem>& items, const ContextSteps& steps,
                              uint32_t first_new);

  // quota.cc, acl.cc, metadata.cc, notify.cc, urlauth.cc
  rt::Task<Outcome> on(wire::GetQuota command);
  rt::Task<Outcome> on(wire::GetQuotaRoot command);
  rt::Task<Outcome> on(wire::SetQuota command);
  rt::Task<Outcome> on(wire::GetAcl command);
  rt::Task<Outcome> on(wire::SetAcl command);
  rt::Task<Outcome> on(wire::DeleteAcl command);
  rt::Task<Outcome> on(wire::ListRights command);
  rt::Task<Outcome> on(wire::MyRights command);
  rt::Task<Outcome> on(wire::GetMetadata command);
  rt::Task<Outcome> on(wire::SetMetadata command);
  rt::Task<Outcome> on(wire::Notify command);
  bool has_news() const;
  bool hears(unsigned event) const;  // of a NotifyEvent in the selected mailbox
  rt::Task<NotifyNews> look_for_news();
  rt::Task<void> tell_notified();
  rt::Task<bool> look_while_idle();
  rt::Task<void> tell_statuses(std::vector<StatusNews> news, bool first);
  rt::Task<void> tell_new_messages(uint32_t first);  // from this number on
  void watch_accounts();
  void stop_notify();
  rt::Task<Outcome> on(wire::GenUrlAuth command);
  rt::Task<Outcome> on(wire::ResetKey command);
  rt::Task<Outcome> on(wire::UrlFetch command);
  rt::Task<std::optional<std::string>> fetch_authorized(std::string text, UrlMessages& messages);

  State state() const;

  Service& service_;
  listen::Visitor visitor_;
  std::string peer_;
  io::Connection conn_;
  std::unique_ptr<directory::Account> account_;  // after login
  uint64_t login_seen_ = 0;                      // of Directory::may_stay
  wire::Receiver receiver_;                      // its limits depend on account_
  std::string tag_;                              // of the command at hand
  bool compressed_ = false;
  bool closing_ = false;
  bool said_bye_ = false;
  std::string unsaid_;  // what would have followed BYE
  // ENABLE (RFC 5161)
  bool condstore_ = false, qresync_ = false, utf8_ = false, rev2_ = false, uid_only_ = false;
  int errors_ = 0;
  std::unique_ptr<Selected> selected_;
  std::unique_ptr<Notifier> notify_;  // after NOTIFY
  std::set<AccountId> watched_;       // for it
};

}  // namespace pabal::serve::imap
