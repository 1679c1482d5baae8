// The town of one run: hosts, servers, DNS, and what is done to them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "imap_reader.h"
#include "machine.h"
#include "moods.h"
#include "plan.h"
#include "pop3_reader.h"
#include "rot.h"

namespace pabal::simulation {

class Town {
 public:
  explicit Town(const Plan& plan);

  // The whole run, with all of the plan's disturbances or `only` these.
  rt::Task<void> live(std::optional<std::set<size_t>> only);

  sim::SimWorld sim;
  Ledger ledger;

 private:
  rt::Task<void> disturb(std::optional<std::set<size_t>> only);
  rt::Task<void> happen(Disturbance disturbance);
  rt::Task<void> cause(const Disturbance& disturbance);
  void fail_dns(size_t server, std::optional<sim::DnsFault> fault);
  rt::Task<void> read_now_and_then();
  void calm_down();
  rt::Task<bool> read_twice();
  rt::Task<bool> all_up();
  rt::Task<bool> drain();
  rt::Task<std::optional<size_t>> queued();
  rt::Task<void> read_everything(Pop3Reader::Purpose purpose);
  rt::Task<void> read_imap(size_t programs);
  rt::Task<void> close();
  rt::Task<void> check_stores();
  void look_for_given_up();

  const Plan& plan_;
  sim::SimHost& people_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Rot>> rots_;  // one per machine
  std::vector<std::unique_ptr<MoodyPeer>> peers_;
  std::vector<std::unique_ptr<Pop3Reader>> readers_;
  struct ImapAccount {
    std::unique_ptr<ImapModel> model;
    std::vector<std::unique_ptr<ImapReader>> programs;
  };
  ImapAccount imap_[kServers];  // one on each server
  io::World people_world_, programs_world_;
  std::unique_ptr<tls::ClientContext> people_tls_;
  rt::TaskGroup running_, peers_running_, writing_, disturbing_, reading_, imap_reading_;
  bool writing_over_ = false;
  sim::SimRandom random_;
};

}  // namespace pabal::simulation
