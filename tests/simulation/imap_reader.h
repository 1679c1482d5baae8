// One of an account's IMAP programs: connects now and then, looks, changes and
// searches at random, idles, breaks off, and comes back with what it remembers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imap_client.h"
#include "imap_model.h"
#include "imap_view.h"
#include "io/world.h"
#include "sim/random.h"
#include "tls/context.h"

namespace pabal::simulation {

// How a program goes about it.
struct ReaderHabits {
  int64_t haste = 1;  // all pauses are so many times shorter
  // Whatever the server was still doing when a connection broke is done or undone by then.
  Duration decided_after = std::chrono::minutes(2);
  // Per cent, at each step: the connection is gone, and the next one goes on from
  // there (QRESYNC).
  unsigned cuts = 0;
  unsigned compresses = 0;  // per cent of its sessions
  bool asks_more = false;   // also what the model knows nothing of
};

class ImapReader {
 public:
  ImapReader(io::World& world, tls::ClientContext& tls, io::Endpoint server, std::string name,
             ImapModel& model, uint64_t seed)
      : world_(world),
        tls_(tls),
        server_(server),
        name_(std::move(name)),
        model_(model),
        ledger_(model.ledger()),
        random_(seed) {}

  void set_habits(const ReaderHabits& habits) { habits_ = habits; }
  // Sessions until `over`.
  rt::Task<void> live(const bool& over, Duration active);
  // Everything in every mailbox. False: the connection broke.
  rt::Task<bool> check_all();
  // Mail of this server may rot from now on.
  void expect_rot() { rot_expected_ = true; }

 private:
  using Moment = ImapModel::Moment;
  enum class Enabled { nothing, condstore, qresync };

  // imap_reader.cc: sessions
  rt::Task<bool> connect();
  rt::Task<bool> log_in();
  rt::Task<void> enable();
  rt::Task<void> session();
  rt::Task<void> do_something();
  void hear(const ImapResponse& response, bool renumbers);
  void learn_modseq(const ImapResponse& response);
  void hear_while_selecting(const ImapResponse& response);
  rt::Task<ImapResponse> ask(std::string command, bool renumbers = true);
  void complain(const std::string& what);
  const std::string& some_name();
  std::string mailbox(const std::string& name);  // as an argument

  // imap_looking.cc: nothing is changed
  rt::Task<bool> select(std::string name, bool examine);
  rt::Task<void> look(Moment begun);  // UID FETCH 1:*, behind a command that synchronised
  rt::Task<void> poll();
  rt::Task<void> read_mails(size_t most, bool again);
  rt::Task<void> fetch_something();
  void see_thread(const ImapFetched& fetched);
  rt::Task<void> idle();
  rt::Task<std::optional<std::set<std::string>>> list();  // names of mailboxes; nullopt: declined
  rt::Task<void> status();
  rt::Task<void> pipeline();
  rt::Task<void> search();
  void leave();  // remembers the mailbox for QRESYNC

  // imap_asking.cc: what the model knows nothing of, or little
  rt::Task<void> ask_more();
  rt::Task<void> ask_politely(std::string command, bool renumbers = true);
  rt::Task<void> be_notified();
  rt::Task<void> sort();
  rt::Task<void> fetch_url();
  rt::Task<void> log_in_again();
  rt::Task<void> replace();
  Duration pause(uint64_t most) { return Duration(random_.below(most)) / habits_.haste; }

  // imap_changing.cc: something is changed
  rt::Task<void> store();
  rt::Task<void> read_and_mark();
  rt::Task<void> append();
  rt::Task<void> copy();
  rt::Task<void> expunge();
  rt::Task<void> close();
  rt::Task<void> change_tree();
  rt::Task<void> break_off();
  // One command that changes something. The reply; nullopt and the connection is
  // broken: then it may have happened, and two minutes later that is decided.
  rt::Task<ImapResponse> change_by(ImapChange& change, ImapCommand command);
  void conclude(ImapChange& change, const ImapResponse& reply, const std::vector<uint32_t>& uids = {});
  std::vector<uint32_t> some_uids(bool readable_only, size_t most);
  std::string set_of(const std::vector<uint32_t>& uids, bool by_uid) const;
  ImapFlags some_flags(bool deleted);
  std::shared_ptr<const std::string> compose();

  io::World& world_;
  tls::ClientContext& tls_;
  const io::Endpoint server_;
  const std::string name_;
  ImapModel& model_;
  Ledger& ledger_;
  sim::SimRandom random_;
  ReaderHabits habits_;
  std::string cut_in_;  // the mailbox in which the last session was cut
  bool rot_expected_ = false;
  int letters_ = 0;

  // of the session
  std::unique_ptr<ImapClient> client_;
  Enabled enabled_ = Enabled::nothing;
  bool rev2_ = false, condstore_ = false;
  ImapBox* box_ = nullptr;  // selected
  std::string box_name_;
  bool examined_ = false;
  uint32_t known_below_ = 1;
  ImapView view_;
  // of the command
  std::vector<ImapResponse> told_;      // untagged responses that are not about the mailbox
  std::vector<ImapFetched> fetched_;    // in the order of their coming
  bool vanished_ = false;               // VANISHED (EARLIER) came
  std::vector<ImapFetched> too_early_;  // before the mailbox is known

  // Between sessions: mailboxes as they were left, by name.
  struct Remembered {
    uint64_t uid_validity = 0, modseq = 0;
    int crashes = 0;  // of the server, until then
    ImapView::Known mails;
  };
  // As RFC 7162 §6 has a client compute it, from what came since the last tagged response.
  uint64_t known_modseq_ = 0, fetched_modseq_ = 0;
  std::optional<uint64_t> highest_modseq_;
  bool silenced_ = false;  // by NOTIFY NONE: what others change it does not hear (RFC 5465 §3.1)
  int selecting_ = -1;     // EXISTS since SELECT was sent; -1: it is answered
  std::map<std::string, Remembered> remembered_;
};

}  // namespace pabal::simulation
