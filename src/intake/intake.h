// Intake: the one door in. A mail that passes it is in mailboxes and in the
// queue, durably, in one commit; then, and only then, it is accepted.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "intake/incoming.h"
#include "intake/report_limit.h"
#include "io/world.h"
#include "proto/dsn/dsn.h"
#include "queue/queue.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal::intake {

struct IntakeOptions {
  std::string hostname;               // in Received and as Reporting-MTA
  size_t reports_per_hour_max = 100;  // see report_limit.h
};

// A mail made ready to be committed: trace header built, hash taken, every
// recipient turned into a mailbox or a queue entry. Whoever commits it brings its
// blob, and calls run() in the unit of work, beside work of its own if need be.
class Staged {
 public:
  MessageId id() const { return message_.id; }
  std::string trace_id() const { return journey::trace_id(message_.id); }
  // Whether something waits in the queue now: then whoever commits it notifies the queue.
  bool run(store::Transaction& tx, const store::NewBlob& stored) const;
  // Throws Full if somebody has no room of whom that was not known.
  void expect_room(store::Transaction& tx) const;

 private:
  friend class Intake;
  struct Local {
    directory::Account account;
    std::string recipient;
    queue::NewEntry waiting;  // for when it is full
    std::string told;         // delivery_fields(), if they differ between the accounts
    bool full = false;        // it is: the mail waits
  };
  void tell_deliveries(const std::vector<std::vector<mail::Address>>& came_by);
  bool has_room(store::Transaction& tx, const Local& local) const;
  bool deliver(store::Transaction& tx, const Local& local, std::vector<journey::Event>& events) const;

  store::MessageRecord message_;
  std::vector<Local> locals_;
  std::vector<queue::NewEntry> entries_;
  std::vector<journey::Event> events_;
  bool refuses_when_full_ = false;
};

// The only mailbox that a mail is for has no room for it: who hands it in keeps it.
class OverQuota : public std::runtime_error {
 public:
  explicit OverQuota(const std::string& recipient) : std::runtime_error(recipient) {}
  std::string recipient() const { return what(); }
};

// Leaves a unit of work: they have no room, and a report of success did not know it.
struct Full {
  std::set<AccountId> accounts;
};

using StagedMails = std::vector<std::shared_ptr<const Staged>>;

struct Ready {
  store::NewBlob blob;
  std::shared_ptr<const Staged> mail;
};

class Intake {
 public:
  Intake(io::World& world, directory::Directory& directory, store::Store& store, queue::Queue& queue,
         IntakeOptions options)
      : world_(world),
        directory_(directory),
        store_(store),
        queue_(queue),
        options_(std::move(options)),
        report_limit_(options_.reports_per_hour_max) {}

  const IntakeOptions& options() const { return options_; }

  // full: for these accounts the mail waits.
  Ready stage(Incoming incoming, const std::set<AccountId>& full = {});

  // Durable when it returns. Throws store::StoreError or OverQuota; then nothing
  // happened. Of several mailboxes each stands for itself: for one that is full the
  // mail waits in the queue.
  // Recipients here with NOTIFY=SUCCESS are answered by a DSN in the same commit; for
  // whom the mail waits, when it has been delivered.
  rt::Task<MessageId> accept(Incoming incoming);

  // A report from us to a sender (RFC 3464), ready to be staged: null
  // reverse-path, recipient looked up. nullopt if `report.to` is one of ours
  // and does not exist: then nobody can be told; and if an address elsewhere has
  // had too many that tell of no failure.
  rt::Task<std::optional<Incoming>> report(proto::dsn::Report report);

 private:
  rt::Task<MessageId> commit(Incoming incoming, std::optional<Incoming> answer, std::set<AccountId> full);
  rt::Task<std::optional<Incoming>> delivered_report(const Incoming& mail, const std::set<AccountId>& full);

  io::World& world_;
  directory::Directory& directory_;
  store::Store& store_;
  queue::Queue& queue_;
  IntakeOptions options_;
  ReportLimit report_limit_;
};

}  // namespace pabal::intake

template <>
inline constexpr bool pabal::kPortable<pabal::intake::Staged> = true;
