// Many clients at two accounts of the real server with its threads, all at once: IMAP
// programs that look, change, search, idle, break off and come back by QRESYNC, POP3,
// and mail that arrives. What each of them is told is checked by the model that the
// simulator has; what the threads do, by the sanitizer that this is built with.
//
//   stress --seconds 60 --programs 7
#include <CLI/CLI.hpp>
#include <cstdio>
#include <vector>

#include "household.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "rt/task_group.h"
#include "simulation/imap_reader.h"
#include "simulation/smtp_client.h"
#include "visitor.h"

namespace pabal::stress {

namespace {

using simulation::ImapModel;
using simulation::ImapReader;
using simulation::Ledger;
using simulation::Letter;
using simulation::Told;
using std::chrono::seconds;

constexpr size_t kStoryMax = 4000;  // lines, of which the last are shown
constexpr size_t kShownMax = 60;

struct Options {
  int64_t seconds = 60;
  int programs = 7;  // IMAP programs of each account
  int writers = 3;
  size_t loops = 3;
  uint64_t seed = 1;
};

// Whoever broke off in the middle of a change is judged that much later. The server
// may be slow; what it has not done by then it does not do.
constexpr Duration kDecidedAfter = seconds(30);

struct Account {
  std::unique_ptr<ImapModel> model;
  std::vector<std::unique_ptr<ImapReader>> programs;
  std::unique_ptr<Visitor> visitor;
};

rt::Task<void> write_letters(io::World world, tls::ClientContext& tls, const Household& house,
                             std::string name, Ledger& ledger, const bool& over, uint64_t seed) {
  sim::SimRandom random(seed);
  size_t n = 0;
  while (!over) {
    co_await rt::sleep_for(Duration(random.below(300)));
    std::string token = name + "-" + std::to_string(n++);
    Letter& letter = ledger.letters[token];
    letter.token = token;
    letter.from = "x@jeju.test";
    simulation::Manners manners = simulation::draw_manners(random, false);
    manners.dawdles = manners.wordy = false;
    bool lmtp = manners.entrance == simulation::Entrance::lmtp;
    letter.to = {kAccounts[random.below(2)]};
    if (!lmtp && random.chance(40)) letter.to = {kAccounts[0], kAccounts[1]};
    letter.text = "From: <x@jeju.test>\r\nTo: <" + letter.to[0] +
                  ">\r\nDate: Fri, 21 Nov 2025 00:00:00 +0000\r\nMessage-ID: <" + token +
                  "@client.test>\r\nSubject: letter " + token + "\r\n\r\n";
    constexpr uint64_t sizes[] = {100, 3'000, 40'000};
    for (uint64_t wanted = letter.text.size() + random.up_to(sizes[random.below(3)]);
         letter.text.size() < wanted;)
      letter.text += std::string(random.up_to(76), static_cast<char>('a' + random.below(26))) + "\r\n";
    letter.text += "the end\r\n";
    co_await simulation::send_letter(world, tls, house.at(lmtp ? Household::lmtp : Household::relay), manners,
                                     letter, ledger);
  }
}

rt::Task<void> end_after(Duration time, bool& over) {
  co_await rt::sleep_for(time);
  over = true;
}

// One more program each, that comes new and reads everything.
rt::Task<void> read_everything(Account& account) {
  bool through = co_await account.programs.front()->check_all();
  if (!through) account.model->violation("cannot be read at the end");
}

// Every letter for which the server answered is there, once.
void judge_letters(Ledger& ledger) {
  for (const auto& [token, letter] : ledger.letters) {
    for (const std::string& to : letter.to) {
      int found = ledger.fates[{token, to}].mailbox;
      bool accepted =
          letter.told == Told::accepted && std::ranges::find(letter.accepted, to) != letter.accepted.end();
      if (accepted && found == 0) ledger.violation(token + " was accepted and did not come to " + to);
      if (found > 1) ledger.violation(token + " came to " + to + " " + std::to_string(found) + " times");
      if (found > 0 && letter.told == Told::refused)
        ledger.violation(token + " was refused and came to " + to);
    }
  }
}

rt::Task<void> live(io::World world, const Household& house, const Options& options, Ledger& ledger) {
  tls::ClientContext tls{tls::ClientOptions{}};
  sim::SimRandom random(options.seed);
  std::vector<Account> accounts;
  bool over = false;
  rt::TaskGroup group;
  for (const char* address : kAccounts) {
    Account& account = accounts.emplace_back();
    account.model = std::make_unique<ImapModel>(address, false, ledger);
    for (int n = 0; n < options.programs; ++n) {
      account.programs.push_back(std::make_unique<ImapReader>(
          world, tls, house.at(Household::imap), "p" + std::to_string(n), *account.model, random.next()));
      account.programs.back()->set_habits(
          {.haste = 50, .decided_after = kDecidedAfter, .cuts = 6, .compresses = 30, .asks_more = true});
      group.spawn(account.programs.back()->live(over, seconds(60)));
    }
    account.visitor = std::make_unique<Visitor>(world, house.at(Household::pop3), *account.model,
                                                kDecidedAfter, random.next());
    group.spawn(account.visitor->live(over));
  }
  for (int n = 0; n < options.writers; ++n)
    group.spawn(write_letters(world, tls, house, "w" + std::to_string(n), ledger, over, random.next()));
  group.spawn(end_after(seconds(options.seconds), over));
  co_await group.join();
  for (Account& account : accounts) {
    co_await read_everything(account);
    account.model->judge();
  }
  judge_letters(ledger);
}

int run(const Options& options) {
  os::SystemClock clock;
  Ledger ledger(clock);
  ledger.limit_story(kStoryMax);
  {
    Household house(options.loops);
    os::RealWorld clients({.log = {.path = "/dev/null"}});
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(live(clients.world(), house, options, ledger));
    house.stop();
    for (const std::string& finding : house.check()) ledger.violation("store check: " + finding);
  }
  bool good = ledger.violations().empty();
  if (!good) {
    size_t shown = std::min(ledger.story().size(), kStoryMax);
    for (size_t i = ledger.story().size() - shown; i < ledger.story().size(); ++i)
      printf("%s\n", ledger.story()[i].c_str());
    for (size_t i = 0; i < std::min(ledger.violations().size(), kShownMax); ++i)
      printf("BROKEN PROMISE: %s\n", ledger.violations()[i].c_str());
    printf("%zu promises broken\n", ledger.violations().size());
  }
  for (const auto& [what, count] : ledger.counts)
    printf("%8llu %s\n", static_cast<unsigned long long>(count), what.c_str());
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pabal::stress

int main(int argc, char** argv) {
  pabal::stress::Options options;
  CLI::App app(
      "Many clients at two accounts of a real server at once, each answer checked. Status 1 if a\n"
      "promise is broken; under a sanitizer, its own status if it has found something.\n"
      "Example: stress --seconds 3600 --seed 7");
  app.add_option("--seconds", options.seconds, "how long, before all is read once more")
      ->check(CLI::Range(1, 86'400));
  app.add_option("--programs", options.programs, "IMAP programs of each account")->check(CLI::Range(1, 100));
  app.add_option("--writers", options.writers, "clients that send mail")->check(CLI::Range(0, 100));
  app.add_option("--loops", options.loops, "of the server")->check(CLI::Range(1, 64));
  app.add_option("--seed", options.seed, "of what the clients do");
  CLI11_PARSE(app, argc, argv);
  return pabal::stress::run(options);
}
