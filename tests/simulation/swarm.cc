#include "swarm.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <poll.h>
#include <sstream>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::simulation {

namespace {

using SteadyClock = std::chrono::steady_clock;

// A worker's reports, one per line:
//   B seed                            begins
//   E seed letters accepted seconds mark|mark|...|count=n|...   went well
//   F seed what                       broke a promise
void say(int to, const std::string& line) {
  std::string out = line + '\n';
  for (size_t at = 0; at < out.size();) {
    ssize_t n = write(to, out.data() + at, out.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    at += static_cast<size_t>(n);
  }
}

// A run that never ends is a failure too. Processor time, because other work may
// slow us down; nearly all runs take less than a second of it.
constexpr time_t kRunSeconds = 60;
std::string last_words;
int last_words_to = -1;

void give_up(int) {
  [[maybe_unused]] ssize_t n = write(last_words_to, last_words.data(), last_words.size());
  _exit(1);
}

// In a process of its own, which ends with `words` when a run takes too long.
RunResult run_in_time(const RunOptions& options, int to, std::string words) {
  last_words = std::move(words) + "it does not end: " + std::to_string(kRunSeconds) +
               " s of processor time were not enough\n";
  last_words_to = to;
  std::signal(SIGPROF, give_up);
  itimerval time{.it_interval = {}, .it_value = {.tv_sec = kRunSeconds, .tv_usec = 0}};
  setitimer(ITIMER_PROF, &time, nullptr);
  return run(options);
}

[[noreturn]] void work(int to, uint64_t first, uint64_t step, uint64_t end) {
  for (uint64_t seed = first; seed < end; seed += step) {
    say(to, "B " + std::to_string(seed));
    RunResult result = run_in_time({seed, std::nullopt}, to, "F " + std::to_string(seed) + " ");
    if (!result.violations.empty()) {
      say(to, "F " + std::to_string(seed) + " " + result.violations[0]);
      continue;
    }
    std::ostringstream line;
    line << "E " << seed << ' ' << result.letters << ' ' << result.accepted << ' ' << result.virtual_seconds
         << ' ';
    for (const std::string& mark : result.marks) line << mark << '|';
    for (const auto& [what, times] : result.counts) line << what << '=' << times << '|';
    say(to, line.str());
  }
  _exit(0);
}

struct Worker {
  pid_t pid = 0;
  int from = -1;
  std::string buffer;
  std::optional<uint64_t> seed;  // in hand
};

Worker start(uint64_t first, uint64_t step, uint64_t end) {
  int ends[2];
  verify(pipe(ends) == 0, "there is a pipe for a worker");
  Worker worker;
  worker.pid = fork();
  verify(worker.pid >= 0, "a worker can be started");
  if (worker.pid == 0) {
    close(ends[0]);
    work(ends[1], first, step, end);
  }
  close(ends[1]);
  worker.from = ends[0];
  return worker;
}

class Crowd {
 public:
  explicit Crowd(const SwarmOptions& options) {
    unsigned n = options.workers != 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
    uint64_t end =
        options.seeds > UINT64_MAX - options.first_seed ? UINT64_MAX - n : options.first_seed + options.seeds;
    for (unsigned i = 0; i < n; ++i) workers_.push_back(start(options.first_seed + i, n, end));
  }
  ~Crowd() {
    for (Worker& worker : workers_) {
      if (worker.from >= 0) {
        kill(worker.pid, SIGKILL);
        close(worker.from);
      }
      waitpid(worker.pid, nullptr, 0);
    }
  }

  // False when all have ended, one has failed, or the time is up.
  bool watch(SwarmResult& result) {
    std::vector<pollfd> waiting;
    for (const Worker& worker : workers_) waiting.push_back({worker.from, POLLIN, 0});
    poll(waiting.data(), waiting.size(), 200);
    bool any = false;
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (waiting[i].revents != 0) listen(workers_[i], result);
      any |= workers_[i].from >= 0;
    }
    return any && !result.failed_seed;
  }

 private:
  static void listen(Worker& worker, SwarmResult& result) {
    char chunk[1 << 16];
    ssize_t n = read(worker.from, chunk, sizeof chunk);
    if (n > 0) {
      worker.buffer.append(chunk, static_cast<size_t>(n));
      for (size_t end; (end = worker.buffer.find('\n')) != std::string::npos;
           worker.buffer.erase(0, end + 1)) {
        hear(worker, worker.buffer.substr(0, end), result);
      }
      return;
    }
    close(worker.from);
    worker.from = -1;
    if (!worker.seed || result.failed_seed) return;
    result.failed_seed = worker.seed;
    result.failure = "the process stopped; its last words stand above";
  }

  static void hear(Worker& worker, const std::string& line, SwarmResult& result) {
    std::istringstream in(line);
    char kind = 0;
    uint64_t seed = 0;
    in >> kind >> seed;
    if (kind == 'B') {
      worker.seed = seed;
      return;
    }
    worker.seed = std::nullopt;
    if (kind == 'F') {
      if (!result.failed_seed || seed < *result.failed_seed) {
        result.failed_seed = seed;
        std::getline(in >> std::ws, result.failure);
      }
      return;
    }
    uint64_t letters = 0, accepted = 0, seconds = 0;
    std::string marks;
    in >> letters >> accepted >> seconds >> std::ws;
    std::getline(in, marks);
    ++result.runs;
    result.letters += letters;
    result.accepted += accepted;
    result.virtual_seconds += seconds;
    for (std::string_view mark : split(marks, '|')) {
      size_t equals = mark.find('=');
      if (equals != std::string_view::npos) {
        result.counts[std::string(mark.substr(0, equals))] += parse_uint(mark.substr(equals + 1)).value_or(0);
      } else if (!mark.empty()) {
        ++result.marks[std::string(mark)];
      }
    }
  }

  std::vector<Worker> workers_;
};

}  // namespace

SwarmResult swarm(const SwarmOptions& options) {
  SwarmResult result;
  Crowd crowd(options);
  bool terminal = isatty(STDERR_FILENO) != 0;
  auto begun = SteadyClock::now();
  auto shown = begun;
  while (crowd.watch(result)) {
    auto now = SteadyClock::now();
    if (options.time.count() > 0 && now - begun > options.time) break;
    if (!terminal || now - shown < std::chrono::seconds(1)) continue;
    shown = now;
    fprintf(stderr, "\r%llu runs, %llu letters, %llu days", static_cast<unsigned long long>(result.runs),
            static_cast<unsigned long long>(result.letters),
            static_cast<unsigned long long>(result.virtual_seconds / 86'400));
  }
  if (terminal) fprintf(stderr, "\r\033[K");
  return result;
}

std::string try_run(const RunOptions& options) {
  int ends[2];
  verify(pipe(ends) == 0, "there is a pipe for a worker");
  pid_t pid = fork();
  verify(pid >= 0, "a worker can be started");
  if (pid == 0) {
    if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    RunResult result = run_in_time(options, ends[1], "");
    if (!result.violations.empty()) say(ends[1], result.violations[0]);
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  char chunk[4096];
  for (ssize_t n; (n = read(ends[0], chunk, sizeof chunk)) > 0;) said.append(chunk, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!WIFEXITED(status)) return "the process stopped";
  return std::string(trim(said));
}

}  // namespace pabal::simulation
