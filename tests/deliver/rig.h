// One server of ours (store, queue, delivery) in the simulated world, with
// scripted peers beside it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "deliver/deliverer.h"
#include "peer.h"
#include "proto/dsn/dsn.h"
#include "queue/records.h"

namespace pabal::deliver {

struct RigOptions {
  queue::QueueOptions queue = queue::default_queue_options();
  DelivererOptions deliver;
  route::RouteOptions routes;
};

struct Letter {
  std::string from = "alice@seoul.test";  // "" for the null reverse-path
  std::vector<std::string> to = {"bob@busan.test"};
  std::string text = "From: alice@seoul.test\r\nSubject: hello\r\n\r\nHow are you?\r\n";
  bool smtputf8 = false;
  proto::smtp::Body body = proto::smtp::Body::seven_bit;
  proto::smtp::NotifySet notify;
  proto::smtp::Ret ret = proto::smtp::Ret::unset;
  std::string envid;
  std::string orcpt;
};

// What runs on our host; goes and comes back in a restart.
class OurServer {
 public:
  OurServer(io::World& world, const RigOptions& options, tls::ClientContext& tls);

  std::unique_ptr<store::Store> store;
  directory::Directory directory;
  queue::Queue queue;
  intake::Intake intake;
  Deliverer deliverer;
};

class Rig {
 public:
  explicit Rig(uint64_t seed = 1);
  ~Rig();

  using Scenario = rt::Task<void> (*)(Rig&);
  // Starts the peers and our server, runs the scenario, drains, ends all.
  void run(Scenario scenario);

  Peer& peer(const std::string& name, const std::string& ip);
  void start_server();
  rt::Task<void> stop_server();

  rt::Task<MessageId> accept(Letter letter);
  // Lets virtual time pass until `holds`, at most `limit`; what `holds` says then.
  rt::Task<bool> until(std::function<bool()> holds, Duration limit = std::chrono::hours(1));
  // Until nothing is in the queue.
  rt::Task<bool> until_empty(Duration limit = std::chrono::hours(1));

  rt::Task<std::vector<queue::Entry>> entries();
  // alice's mailbox, whole mails with prefix.
  rt::Task<std::vector<std::string>> inbox();
  // The reports in alice's mailbox.
  rt::Task<std::vector<proto::dsn::ParsedReport>> reports();
  rt::Task<std::vector<journey::Event>> journey(MessageId id);
  // The value of a fact of the journey's last event of that kind, "" if none.
  rt::Task<std::string> fact(MessageId id, std::string kind, std::string name);

  sim::SimWorld sim;
  RigOptions options;
  io::World world;
  tls::ClientContext tls;
  std::unique_ptr<OurServer> server;

  // Between a test and its scenario.
  uint64_t number = 0;
  std::string result;

 private:
  rt::Task<void> drive(Scenario scenario);
  std::vector<std::unique_ptr<Peer>> peers_;
  rt::TaskGroup peers_running_;
  rt::TaskGroup server_running_;
};

}  // namespace pabal::deliver
