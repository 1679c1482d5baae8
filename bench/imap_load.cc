// The load generator for IMAP: plays commands and times them, fills mailboxes,
// logs in again and again, and holds sessions in IDLE while it delivers mail to
// them. Bounded in count and time, loopback only, one JSON object per result.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <signal.h>
#include <span>
#include <sstream>
#include <sys/resource.h>
#include <thread>

#include "bench/imap_client.h"
#include "bench/imap_idle.h"
#include "bench/load_common.h"
#include "bench/mailbag.h"

namespace pabal::bench {
namespace {

// ---- run: a script of commands, one line each -----------------------------------

// What one line of the script took in one session.
struct Timing {
  std::vector<double> each;  // seconds of each round trip
  uint64_t octets = 0, untagged = 0, mails = 0;
  std::string failed;
};

class Player {
 public:
  Player(const LoadArguments& arguments, SSL_CTX* tls, int64_t session)
      : arguments_(arguments), tls_(tls), session_(session) {}

  // Makes the mails that the line sends, so that making them is not timed.
  void prepare(const std::string& line) {
    mails_.clear();
    std::istringstream words(line);
    std::string verb;
    uint64_t commands = 0, each = 1, octets = 0;
    words >> verb >> commands;
    if (verb == "@multiappend") words >> each;
    if (verb != "@append" && verb != "@multiappend" && verb != "@large") return;
    words >> octets;
    for (uint64_t i = 0; verb == "@large" && i < commands; ++i) mails_.push_back(bag_.large(i, octets));
    for (uint64_t i = 0; verb != "@large" && i < commands * each; ++i)
      mails_.push_back(bag_.plain(i * 64 + static_cast<uint64_t>(session_), octets));
  }

  // Lines beginning with @ are ours, everything else is sent as it is.
  void play(const std::string& line, Timing& timing) {
    timing_ = &timing;
    uint64_t octets_before = client_ ? client_->octets_read() : 0;
    std::istringstream words(line);
    std::string verb, mailbox;
    uint64_t count = 0, each = 1, octets = 0;
    words >> verb;
    if (verb == "@connect") {
      ImapClient::Selected seen = client_ ? client_->selected() : ImapClient::Selected{};
      client_.reset();
      client_ = std::make_unique<ImapClient>(arguments_.server, tls_,
                                             std::chrono::seconds(arguments_.number("timeout", 120)));
      client_->remember(seen);
      octets_before = client_->octets_read();
      run_once({"LOGIN " + user() + " " + arguments_.text("password", "pass"), rest(words)});
    } else if (verb == "@repeat") {
      words >> count;
      std::string command = rest(words);
      for (uint64_t i = 0; i < count; ++i) run_once({expand(command, i)});
    } else if (verb == "@append" || verb == "@multiappend" || verb == "@large") {
      words >> count;
      if (verb == "@multiappend") words >> each;
      words >> octets >> mailbox;
      for (size_t i = 0; i < mails_.size(); i += each) {
        append(mailbox, std::span(mails_).subspan(i, each), {});
      }
    } else if (verb == "@fill") {
      words >> count >> mailbox;
      fill(mailbox, count);
    } else {
      run_once({expand(line, 0)});
    }
    timing.octets += client_->octets_read() - octets_before;
  }

 private:
  static std::string rest(std::istringstream& words) {
    std::string text;
    std::getline(words >> std::ws, text);
    return text;
  }

  std::string user() const {
    std::string pattern = arguments_.text("user", "u%d");
    return expand_number(pattern, session_ + arguments_.number("first", 0));
  }

  // %d: 1, 2, 3, ...   %p: 0, 65536, 131072, ...   %s: numbers spread over the mailbox   %m: 1 to 5 in turns
  // %v, %q: UIDVALIDITY and HIGHESTMODSEQ   \r\n: a line end inside a literal
  std::string expand(const std::string& pattern, uint64_t n) const {
    std::string out;
    const ImapClient::Selected& selected = client_->selected();
    for (size_t at = 0; at < pattern.size(); ++at) {
      std::string_view here = std::string_view(pattern).substr(at);
      if (here.starts_with("\\r\\n")) {
        out += "\r\n";
        at += 3;
      } else if (here.size() > 1 && here[0] == '%' &&
                 std::string_view("dpsmvq").find(here[1]) != std::string_view::npos) {
        uint64_t value = here[1] == 'd'   ? n + 1
                         : here[1] == 'p' ? n * 65536
                         : here[1] == 's' ? 1 + n * 7919 % std::max<uint64_t>(1, selected.exists)
                         : here[1] == 'm' ? 1 + n % 5
                         : here[1] == 'v' ? selected.uid_validity
                                          : selected.modseq;
        out += std::to_string(value);
        ++at;
      } else {
        out += here[0];
      }
    }
    return out;
  }

  // One round trip each; timed as one operation.
  void run_once(const std::vector<std::string>& commands) {
    Clock::time_point begin = Clock::now();
    for (const std::string& command : commands) {
      if (!command.empty()) send(command);
    }
    timing_->each.push_back(seconds_since(begin));
  }
  void send(const std::string& command) {
    if (!client_) throw std::runtime_error("a script begins with @connect");
    Answer answer = client_->command(command);
    timing_->untagged += answer.untagged;
    if (!answer.ok && timing_->failed.empty()) timing_->failed = command.substr(0, 80) + ": " + answer.text;
  }

  // facts: what stands before each literal, "(flags) date ", or nothing at all.
  void append(const std::string& mailbox, std::span<const std::string> mails,
              const std::vector<std::string>& facts) {
    std::string command = "APPEND " + mailbox;
    for (size_t i = 0; i < mails.size(); ++i) {
      command +=
          " " + (facts.empty() ? "" : facts[i]) + "{" + std::to_string(mails[i].size()) + "+}\r\n" + mails[i];
    }
    timing_->mails += mails.size();
    run_once({command});
  }

  void fill(const std::string& mailbox, uint64_t count) {
    constexpr uint64_t kAtOnce = 200;
    for (uint64_t done = 0; done < count; done += kAtOnce) {
      std::vector<std::string> mails, facts;
      for (uint64_t n = done; n < std::min(count, done + kAtOnce); ++n) {
        mails.push_back(bag_.mail(n));
        facts.push_back(std::string(n % 10 < 7 ? "(\\Seen) " : "") + Mailbag::internal_date(n) + " ");
      }
      append(mailbox, mails, facts);
    }
  }

  const LoadArguments& arguments_;
  SSL_CTX* tls_;
  int64_t session_;
  Mailbag bag_;
  std::vector<std::string> mails_;  // prepared
  std::unique_ptr<ImapClient> client_;
  Timing* timing_ = nullptr;
};

void print_timing(const std::vector<Timing>& timings, double seconds) {
  Timing all;
  for (const Timing& one : timings) {
    all.each.insert(all.each.end(), one.each.begin(), one.each.end());
    all.octets += one.octets;
    all.untagged += one.untagged;
    all.mails += one.mails;
    if (all.failed.empty()) all.failed = one.failed;
  }
  // One command alone is timed by its own clock; many are timed together.
  if (all.each.size() == 1) seconds = all.each[0];
  Percentiles p(all.each);
  printf(
      "{\"ok\":%s,\"seconds\":%.7f,\"operations\":%zu,\"mails\":%llu,\"octets\":%llu,\"untagged\":%llu,\"p50_"
      "ms\":%.4f,"
      "\"p99_ms\":%.4f,\"error\":\"%s\"}\n",
      all.failed.empty() ? "true" : "false", seconds, all.each.size(),
      static_cast<unsigned long long>(all.mails), static_cast<unsigned long long>(all.octets),
      static_cast<unsigned long long>(all.untagged), p.at(0.5) * 1e3, p.at(0.99) * 1e3,
      json_text(all.failed).c_str());
  fflush(stdout);
}

// "@while N PAUSE_MS COMMAND || COMMAND; COMMAND": the first half of the sessions plays
// the one command N times, the others meanwhile what stands behind it, again and again
// with a pause. Only the first half is timed.
bool play_while(const std::string& line, std::vector<std::unique_ptr<Player>>& players) {
  std::istringstream words(line);
  std::string verb, all;
  uint64_t count = 0, pause_ms = 0;
  words >> verb >> count >> pause_ms;
  std::getline(words >> std::ws, all);
  size_t bar = all.find(" || ");
  if (bar == std::string::npos) throw std::runtime_error("@while N PAUSE_MS COMMAND || COMMAND; COMMAND");
  const std::string timed = "@repeat " + std::to_string(count) + " " + all.substr(0, bar);
  std::vector<std::string> meanwhile;
  for (std::string_view rest = std::string_view(all).substr(bar + 4); !rest.empty();) {
    size_t end = std::min(rest.find("; "), rest.size());
    meanwhile.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  const size_t half = std::max<size_t>(1, players.size() / 2);
  std::vector<Timing> timings(half);
  std::atomic<size_t> running = half;
  Clock::time_point begin = Clock::now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < players.size(); ++i) {
    threads.emplace_back([&, i] {
      Timing beside;
      try {
        if (i < half) players[i]->play(timed, timings[i]);
        while (i >= half && running > 0) {
          for (const std::string& command : meanwhile) players[i]->play(command, beside);
          std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
        }
      } catch (const std::exception& e) {
        if (i < half) timings[i].failed = e.what();
      }
      if (i < half) --running;
    });
  }
  for (std::thread& thread : threads) thread.join();
  print_timing(timings, seconds_since(begin));
  return std::ranges::all_of(timings, [](const Timing& timing) { return timing.failed.empty(); });
}

int play_script(const LoadArguments& arguments, SSL_CTX* tls) {
  int64_t sessions = std::clamp<int64_t>(arguments.number("sessions", 1), 1, 1000);
  std::vector<std::unique_ptr<Player>> players;
  for (int64_t i = 0; i < sessions; ++i) players.push_back(std::make_unique<Player>(arguments, tls, i));
  bool broken = false;
  for (std::string line; !broken && std::getline(std::cin, line);) {
    if (line.empty()) continue;
    if (line.starts_with("@while ")) {
      broken = !play_while(line, players);
      continue;
    }
    std::vector<Timing> timings(players.size());
    for (auto& player : players) player->prepare(line);
    Clock::time_point begin = Clock::now();
    std::vector<std::thread> threads;
    for (size_t i = 0; i < players.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          players[i]->play(line, timings[i]);
        } catch (const std::exception& e) {
          timings[i].failed = line.substr(0, 80) + ": " + e.what();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    print_timing(timings, seconds_since(begin));
    // A command that failed leaves the mailbox otherwise than those behind it expect.
    for (const Timing& timing : timings) broken = broken || !timing.failed.empty();
  }
  return broken ? 1 : 0;
}

// ---- login: connect, TLS, LOGIN, LOGOUT --------------------------------------------

int log_in(const LoadArguments& arguments, SSL_CTX* tls) {
  int64_t count = std::clamp<int64_t>(arguments.number("logins", 100), 1, 1'000'000);
  int64_t users = std::max<int64_t>(1, arguments.number("users", 50));
  double limit = static_cast<double>(arguments.number("timeout", 60));
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::vector<double> each;
  std::string failed;
  Clock::time_point begin = Clock::now();
  auto work = [&] {
    for (int64_t n; (n = next++) < count && seconds_since(begin) < limit;) {
      Clock::time_point one = Clock::now();
      std::string error;
      try {
        ImapClient client(arguments.server, tls, std::chrono::seconds(30));
        Answer answer = client.command("LOGIN " + expand_number(arguments.text("user", "u%d"), n % users) +
                                       " " + arguments.text("password", "pass"));
        if (answer.ok) answer = client.command("LOGOUT");
        if (!answer.ok) error = answer.text;
      } catch (const ClientError& e) {
        error = e.what();
      }
      std::lock_guard lock(mutex);
      if (error.empty()) {
        each.push_back(seconds_since(one));
      } else if (failed.empty()) {
        failed = error;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < std::clamp<int64_t>(arguments.number("sessions", 10), 1, 1000); ++i)
    threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  double seconds = seconds_since(begin);
  Percentiles p(each);
  printf("{\"logins\":%zu,\"seconds\":%.4f,\"rate\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"error\":\"%s\"}\n",
         each.size(), seconds, static_cast<double>(each.size()) / seconds, p.at(0.5) * 1e3, p.at(0.99) * 1e3,
         json_text(failed).c_str());
  return failed.empty() ? 0 : 1;
}

int usage() {
  fprintf(
      stderr,
      "pabal_imap_load VERB ADDRESS:PORT [NAME=VALUE ...]      (loopback only)\n"
      "  run    sessions=1 user=u%%d first=0 password=pass tls=0 timeout=120      plays standard input, a "
      "line each:\n"
      "           @connect [COMMAND]            anew; times LOGIN and the command together\n"
      "           @repeat N COMMAND             %%d: 1 to N; %%s: spread over the mailbox; %%m: 1 to 5 in "
      "turns\n"
      "           @append N OCTETS MAILBOX      N commands\n"
      "           @multiappend N M OCTETS MAILBOX   N commands of M mails\n"
      "           @fill N MAILBOX               N mails as people have them\n"
      "           @while N PAUSE_MS COMMAND || COMMAND; COMMAND   half of the sessions N times the first, "
      "the\n"
      "                                         others meanwhile what stands behind it\n"
      "           COMMAND                       %%v, %%q: UIDVALIDITY and HIGHESTMODSEQ of the last SELECT\n"
      "  login  sessions=10 logins=100 users=50 user=u%%d password=pass tls=0 timeout=60\n"
      "  idle   sessions=1000 users=1000 user=u%%d password=pass tls=0 timeout=120 lmtp=PORT "
      "to=u%%d@test.local\n"
      "           opens sessions, says so, then for each line of standard input\n"
      "           deliver MAILS RATE CONNECTIONS    delivers (RATE 0: as fast as it goes), times the EXISTS\n"
      "example: echo '@connect SELECT INBOX' | pabal_imap_load run 127.0.0.1:2143 user=alice@example.test\n");
  return 2;
}

int main_of(int argc, char** argv) {
  if (argc < 3) return usage();
  LoadArguments arguments;
  std::string verb = argv[1];
  auto server = io::Endpoint::parse(argv[2]);
  if (!server || !server->ip.is_loopback()) return usage();
  arguments.server = *server;
  for (int i = 3; i < argc; ++i) {
    std::string word = argv[i];
    size_t equals = word.find('=');
    if (equals == std::string::npos) return usage();
    arguments.options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(make_client_tls(), SSL_CTX_free);
  SSL_CTX* tls = arguments.number("tls", 0) != 0 ? context.get() : nullptr;
  if (verb == "run") return play_script(arguments, tls);
  if (verb == "login") return log_in(arguments, tls);
  if (verb == "idle") return hold_idle_sessions(arguments, tls);
  return usage();
}

}  // namespace

}  // namespace pabal::bench

int main(int argc, char** argv) {
  try {
    return pabal::bench::main_of(argc, argv);
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal_imap_load: %s\n", e.what());
    return 1;
  }
}
