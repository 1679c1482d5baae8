#include "town.h"

#include "furniture.h"
#include "openssl_world.h"
#include "queue/operate.h"
#include "rt/loop.h"
#include "store/check.h"
#include "writer.h"

namespace pabal::simulation {

namespace {

using Kind = Disturbance::Kind;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kPeopleIp = "192.0.2.9";
constexpr const char* kProgramsIp = "192.0.2.10";  // of those who read by IMAP
constexpr const char* kSilentIp = "192.0.2.77";    // nobody lives there
constexpr const char* kReaders[] = {"alice@seoul.test", "bob@seoul.test",  "small@seoul.test",
                                    "carol@busan.test", "dave@busan.test", "small@busan.test"};
constexpr const char* kImapAccounts[kServers] = {"erin@seoul.test", "frank@busan.test"};
constexpr const char* kProgramNames[] = {"desk", "phone", "web"};
// Longer than any lifetime of a queue entry, and what the clock may have been set back.
constexpr auto kRetryHorizon = hours(24 * 14);

size_t server_of(const std::string& address) {
  return address.ends_with(kDomains[0]) ? 0 : 1;
}

io::Endpoint endpoint(const char* ip, uint16_t port) {
  return {*io::IpAddress::parse(ip), port, {}};
}

}  // namespace

Town::Town(const Plan& plan)
    : sim(plan.seed),
      ledger(sim.clock()),
      plan_(plan),
      people_(sim.host("people", {kPeopleIp})),
      people_world_(people_.world()),
      programs_world_(sim.host("programs", {kProgramsIp}).world()),
      random_(sim.derive_seed()) {
  for (size_t i = 0; i < kServers; ++i) {
    machines_.push_back(std::make_unique<Machine>(sim, i, plan.servers[i], ledger));
    furnish(machines_.back()->host(), i);
    rots_.push_back(std::make_unique<Rot>(machines_.back()->host(), ledger));
    ledger.smallest_limit = std::min(ledger.smallest_limit, plan.servers[i].limits.message_octets_max);
    sim.resolver().add(std::string(kDomains[i]) + ". MX 10 " + kHosts[i] + ".");
    sim.resolver().add(std::string(kHosts[i]) + ". A " + kServerIps[i]);
  }
  for (size_t i = 0; i < 2; ++i) {
    peers_.push_back(std::make_unique<MoodyPeer>(sim, i, ledger));
    std::string host = "mx" + std::to_string(i + 1) + ".jeju.test.";
    sim.resolver().add("jeju.test. MX " + std::to_string(10 * (i + 1)) + " " + host);
    sim.resolver().add(host + " A " + kPeerIps[i]);
  }
  sim.resolver().zone("test");
  sim.resolver().add("null.test. MX 0 .");
  sim.resolver().add("silent.test. MX 10 mx.silent.test.");
  sim.resolver().add(std::string("mx.silent.test. A ") + kSilentIp);
  seed_openssl(sim.derive_seed());
  people_tls_ = std::make_unique<tls::ClientContext>(tls::ClientOptions{});
  for (const char* address : kReaders) {
    size_t server = server_of(address);
    readers_.push_back(std::make_unique<Pop3Reader>(people_world_, *people_tls_,
                                                    endpoint(kServerIps[server], kPop3Port), address, ledger,
                                                    sim.derive_seed()));
  }
  for (size_t i = 0; i < kServers; ++i) {
    imap_[i].model = std::make_unique<ImapModel>(kImapAccounts[i], plan.imap_takes_turns, ledger);
    for (size_t n = 0; n < std::max<size_t>(plan.imap_programs[i], 1); ++n) {
      imap_[i].programs.push_back(
          std::make_unique<ImapReader>(programs_world_, *people_tls_, endpoint(kServerIps[i], kImapPort),
                                       kProgramNames[n], *imap_[i].model, sim.derive_seed()));
    }
  }
}

rt::Task<void> Town::live(std::optional<std::set<size_t>> only) {
  for (auto& peer : peers_) {
    if (random_.chance(60)) peer->set_mood(static_cast<Mood>(random_.below(kMoods)));
    peers_running_.spawn(peer->peer().run());
  }
  for (auto& machine : machines_) running_.spawn(machine->run());
  bool up = co_await all_up();
  if (!up) co_return co_await close();
  for (size_t i = 0; i < plan_.writers; ++i) {
    writing_.spawn(write_letters(people_world_, *people_tls_, "w" + std::to_string(i), plan_.letters_each,
                                 plan_.active, ledger, sim.derive_seed()));
  }
  for (int i = 0; i < 2; ++i) reading_.spawn(read_now_and_then());
  for (size_t i = 0; i < kServers; ++i) {
    for (size_t n = 0; n < plan_.imap_programs[i]; ++n)
      imap_reading_.spawn(imap_[i].programs[n]->live(writing_over_, plan_.active));
  }
  disturbing_.spawn(disturb(std::move(only)));
  co_await disturbing_.join();
  co_await writing_.join();
  writing_over_ = true;
  co_await reading_.join();
  co_await imap_reading_.join();
  calm_down();
  bool read = co_await read_twice();
  co_await close();
  if (!read) co_return;
  co_await check_stores();
  look_for_given_up();
  for (ImapAccount& account : imap_) account.model->judge();
  judge(ledger);
}

// When all queues are empty, and once more after a power cut. False: a server does
// not come back.
rt::Task<bool> Town::read_twice() {
  bool drained = co_await drain();
  if (!drained) co_return false;
  co_await read_everything(Pop3Reader::Purpose::look);
  co_await read_imap(SIZE_MAX);
  // What was acknowledged was synced: it is there without anybody's cache.
  for (auto& machine : machines_) machine->power_off(seconds(1));
  bool up = co_await all_up();
  if (!up) co_return false;
  for (ImapAccount& account : imap_) account.model->settle();
  co_await read_everything(Pop3Reader::Purpose::check_all);
  co_await read_imap(1);
  co_return true;
}

rt::Task<bool> Town::all_up() {
  bool all = true;
  for (auto& machine : machines_) {
    bool up = co_await machine->until_up();
    all &= up;
  }
  co_return all;
}

// What expired, by the logs.
void Town::look_for_given_up() {
  for (auto& machine : machines_) {
    for (const std::string& line : machine->host().log().lines()) {
      if (line.find(" deliver.failed ") == std::string::npos) continue;
      if (line.find(" status=5.4.7 ") == std::string::npos) continue;
      size_t to = line.find(" to=") + 4;
      ledger.out_of_reach.insert(line.substr(to, line.find(' ', to) - to));
    }
  }
}

// Every reference, hash and counter, whatever has happened to the disk.
rt::Task<void> Town::check_stores() {
  for (size_t i = 0; i < kServers; ++i) {
    io::World world = machines_[i]->host().world();
    store::CheckResult result =
        store::check_store(world, "/pabal", {}, [](std::string_view, uint64_t, uint64_t) {});
    std::vector<Pop3Reader*> readers;
    for (auto& reader : readers_) {
      if (server_of(reader->address()) == i) readers.push_back(reader.get());
    }
    co_await rots_[i]->compare(std::move(result.findings), readers, *imap_[i].model);
  }
}

rt::Task<void> Town::disturb(std::optional<std::set<size_t>> only) {
  Instant begun = rt::Loop::current().now();
  rt::TaskGroup lasting;
  for (size_t i = 0; i < plan_.disturbances.size(); ++i) {
    if (only && !only->contains(i + 1)) continue;
    const Disturbance& disturbance = plan_.disturbances[i];
    co_await rt::sleep_until(begun + disturbance.at);
    lasting.spawn(happen(disturbance));
  }
  co_await lasting.join();
}

rt::Task<void> Town::happen(Disturbance disturbance) {
  ledger.note("* " + to_text(disturbance));
  if (disturbance.loses_replies()) ++ledger.disturbances;
  co_await cause(disturbance);
}

void Town::fail_dns(size_t server, std::optional<sim::DnsFault> fault) {
  sim.resolver().fail(kDomains[server], fault);
  sim.resolver().fail(kHosts[server], fault);
  sim.resolver().fail("jeju.test", fault);
}

rt::Task<void> Town::cause(const Disturbance& d) {
  Machine& machine = *machines_[d.server];
  sim::SimDisk& disk = machine.host().disk();
  sim::NetConditions& wires = sim.network().conditions();
  io::Endpoint smtp = endpoint(kServerIps[d.server], kSmtpPort);
  io::Endpoint entrance = endpoint(kServerIps[d.server], d.amount % 4 == 0   ? kSubmissionPort
                                                         : d.amount % 4 == 1 ? kImapPort
                                                                             : kSmtpPort);
  switch (d.kind) {
    case Kind::power_loss:
      ledger.mark("power lost");
      imap_[d.server].model->crashed();
      machine.power_off(d.lasts);
      break;
    case Kind::kill:
      ledger.mark("process killed");
      imap_[d.server].model->crashed();
      machine.kill(d.lasts);
      break;
    case Kind::crash_at:
      sim.faults().happen_at(d.amount, [this, &machine, server = d.server, lasts = d.lasts] {
        ledger.note("* power is lost in " + sim.faults().fired_operation());
        ledger.mark("power lost in the middle of an operation");
        imap_[server].model->crashed();
        machine.power_off(lasts);
      });
      break;
    case Kind::io_error:
      sim.faults().fail_at(d.amount);
      break;
    case Kind::sync_failures:
      ledger.mark("syncs failed");
      disk.set_sync_failures(d.amount % 2 == 0 ? 100 : 40);
      co_await rt::sleep_for(d.lasts);
      disk.set_sync_failures(0);
      break;
    case Kind::disk_full:
      ledger.mark("disk was full");
      disk.set_full(true);
      co_await rt::sleep_for(d.lasts);
      disk.set_full(false);
      break;
    case Kind::slow_disk:
      ledger.mark("disk was slow");
      machine.host().blocking().set_latency_max(std::chrono::milliseconds(d.amount));
      co_await rt::sleep_for(d.lasts);
      machine.host().blocking().set_latency_max(std::chrono::microseconds(0));
      break;
    case Kind::reset_all:
      sim.network().reset_all(smtp.ip);
      break;
    case Kind::lost_ack:
      sim.network().reset_next({entrance, sim::Side::accepting, d.amount, false});
      break;
    case Kind::lost_data:
      sim.network().reset_next({entrance, sim::Side::connecting, d.amount, d.amount % 2 == 0});
      break;
    case Kind::partition:
      sim.network().partition(*io::IpAddress::parse(kServerIps[0]), *io::IpAddress::parse(kServerIps[1]));
      co_await rt::sleep_for(d.lasts);
      sim.network().heal();
      break;
    case Kind::black_hole:
      sim.network().black_hole(smtp);
      co_await rt::sleep_for(d.lasts);
      sim.network().black_hole(smtp, false);
      break;
    case Kind::slow_network:
      wires.latency_max = std::chrono::seconds(1);
      co_await rt::sleep_for(d.lasts);
      wires.latency_max = sim::NetConditions{}.latency_max;
      break;
    case Kind::dns_failure: {
      constexpr sim::DnsFault faults[] = {sim::DnsFault::serv_fail, sim::DnsFault::timeout,
                                          sim::DnsFault::bogus};
      ledger.mark("DNS failed");
      fail_dns(d.server, faults[d.amount % 3]);
      co_await rt::sleep_for(d.lasts);
      fail_dns(d.server, std::nullopt);
      break;
    }
    case Kind::bit_rot:
      rots_[d.server]->strike(d.amount);
      for (auto& reader : readers_) {
        if (server_of(reader->address()) == d.server) reader->expect_rot();
      }
      for (auto& program : imap_[d.server].programs) program->expect_rot();
      break;
    case Kind::clock_jump:
      ledger.mark("clock jumped");
      sim.clock().shift(Duration(static_cast<int64_t>(d.amount)) - hours(12));
      break;
    case Kind::peer_mood:
      for (auto& peer : peers_) peer->set_mood(static_cast<Mood>(random_.below(kMoods)));
      co_await rt::sleep_for(d.lasts);
      for (auto& peer : peers_) peer->set_mood(Mood::kind);
      break;
  }
}

rt::Task<void> Town::read_now_and_then() {
  while (!writing_over_) {
    co_await rt::sleep_for(Duration(random_.up_to(static_cast<uint64_t>(plan_.active.count()) / 10)));
    co_await readers_[random_.below(readers_.size())]->visit(Pop3Reader::Purpose::fetch);
  }
}

// Faults stop here.
void Town::calm_down() {
  sim.faults().clear();
  sim.network().heal();
  for (auto& machine : machines_) {
    machine->host().disk().set_full(false);
    machine->host().disk().set_sync_failures(0);
  }
  for (auto& peer : peers_) peer->set_mood(Mood::kind);
  ledger.note("-- faults stop");
}

// nullopt: a server does not come back.
rt::Task<std::optional<size_t>> Town::queued() {
  size_t entries = 0;
  for (auto& machine : machines_) {
    bool up = co_await machine->until_up();
    if (!up) co_return std::nullopt;
    queue::Counts counts = co_await machine->server()->store().read(queue::count);
    entries += counts.waiting + counts.held;
  }
  co_return entries;
}

rt::Task<bool> Town::drain() {
  Instant horizon = rt::Loop::current().now() + kRetryHorizon;
  // While one queue is looked at, a mail may be on its way from the other: only
  // the third time counts.
  for (int empty = 0; empty < 3;) {
    std::optional<size_t> entries = co_await queued();
    if (!entries) co_return false;
    empty = *entries == 0 ? empty + 1 : 0;
    if (rt::Loop::current().now() > horizon) {
      ledger.violation(std::to_string(*entries) + " recipients still wait long after their time");
      co_return true;
    }
    co_await rt::sleep_for(*entries == 0 ? Duration(seconds(30)) : Duration(minutes(10)));
  }
  ledger.note("-- the queues are empty");
  co_return true;
}

rt::Task<void> Town::read_everything(Pop3Reader::Purpose purpose) {
  for (auto& reader : readers_) {
    bool through = false;
    for (int attempt = 0; attempt < 20 && !through; ++attempt) {
      if (attempt > 0) co_await rt::sleep_for(minutes(1));
      through = co_await reader->visit(purpose);
    }
    if (!through)
      ledger.violation(reader->address() + " cannot read the mailbox although nothing is broken any more");
  }
}

// By so many of each account's programs, one after the other: all see the same.
rt::Task<void> Town::read_imap(size_t programs) {
  for (ImapAccount& account : imap_) {
    for (size_t n = 0; n < std::min(programs, account.programs.size()); ++n) {
      bool through = false;
      for (int attempt = 0; attempt < 20 && !through; ++attempt) {
        if (attempt > 0) co_await rt::sleep_for(minutes(1));
        through = co_await account.programs[n]->check_all();
      }
      if (!through)
        ledger.violation(account.model->address() +
                         " cannot read by IMAP although nothing is broken any more");
    }
  }
}

rt::Task<void> Town::close() {
  for (auto& machine : machines_) machine->end();
  co_await running_.join();
  for (auto& peer : peers_) peer->peer().stop();
  co_await peers_running_.join();
  co_await rt::sleep_for(hours(1));
  if (sim.network().connections() > 0) ledger.violation("connections are left over");
}

}  // namespace pabal::simulation
