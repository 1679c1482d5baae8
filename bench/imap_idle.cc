#include "bench/imap_idle.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <sstream>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/imap_client.h"
#include "bench/line_socket.h"
#include "bench/mailbag.h"

namespace pabal::bench {
namespace {

constexpr size_t kMailOctets = 2048;
constexpr int kLastNoticeSeconds = 15;  // after the last delivery

class IdleSession;

// One account: when its deliveries were answered by 250, and who waits for them.
struct User {
  std::vector<Clock::time_point> accepted;
  std::vector<IdleSession*> sessions;
};

// What was heard of the deliveries.
struct Heard {
  std::vector<double> latencies;  // seconds from the 250 to the EXISTS
  uint64_t early = 0;             // of them: EXISTS came before the 250, counted as 0
};

class IdleSession : public LineSocket {
 public:
  IdleSession(int epoll, const io::Endpoint& server, SSL_CTX* tls, std::string login, User& user,
              Heard& heard)
      : LineSocket(epoll, server, tls), login_(std::move(login)), user_(user), heard_(heard) {}

  bool idling() const { return state_ == State::idling; }
  // The user's deliveries are counted from here.
  void begin_counting() {
    baseline_ = exists_;
    seen_ = 0;
  }
  bool has_seen(size_t deliveries) const { return seen_ >= deliveries; }

 private:
  enum class State { greeting, login, select, idle, idling } state_ = State::greeting;

  void on_line(std::string_view line) override {
    if (line.starts_with("* ") && line.ends_with(" EXISTS")) return on_exists(line.substr(2));
    switch (state_) {
      case State::greeting:
        return next("* OK", line, State::login, "a LOGIN " + login_ + "\r\n");
      case State::login:
        return next("a ", line, State::select, "b SELECT INBOX\r\n");
      case State::select:
        return next("b ", line, State::idle, "c IDLE\r\n");
      case State::idle:
        return next("+", line, State::idling, "");
      case State::idling:
        if (line.starts_with("* BYE") || line.starts_with("c ")) throw ClientError(std::string(line));
    }
  }

  void next(std::string_view expected, std::string_view line, State then, const std::string& out) {
    if (line.starts_with("* BYE")) throw ClientError(std::string(line));
    if (!line.starts_with(expected)) return;
    if (expected.size() == 2 && !line.substr(2).starts_with("OK")) throw ClientError(std::string(line));
    state_ = then;
    send(out);
  }

  void on_exists(std::string_view number) {
    std::from_chars(number.data(), number.data() + number.size(), exists_);
    if (state_ != State::idling || exists_ < baseline_) return;
    for (; seen_ < exists_ - baseline_; ++seen_) {
      if (seen_ < user_.accepted.size()) heard_.latencies.push_back(seconds_since(user_.accepted[seen_]));
    }
  }

  const std::string login_;
  User& user_;
  Heard& heard_;
  uint64_t exists_ = 0, baseline_ = 0, seen_ = 0;
};

// Delivers one mail after the other, when it is told to.
class LmtpSession : public LineSocket {
 public:
  LmtpSession(int epoll, const io::Endpoint& server, std::function<void(size_t, bool)> answered)
      : LineSocket(epoll, server, nullptr), answered_(std::move(answered)) {}

  bool free() const { return state_ == State::ready; }
  void deliver(size_t number, const std::string& to, std::string mail) {
    number_ = number;
    mail_ = std::move(mail) + ".\r\n";
    refused_ = false;
    state_ = State::mail;
    send("MAIL FROM:<load@client.test>\r\nRCPT TO:<" + to + ">\r\nDATA\r\n");
  }

 private:
  enum class State { greeting, hello, ready, mail, rcpt, data, body } state_ = State::greeting;

  void on_line(std::string_view line) override {
    if (line.size() > 3 && line[3] == '-') return;
    bool good = line.starts_with('2') || line.starts_with('3');
    if (!good) refused_ = true;
    switch (state_) {
      case State::greeting:
        state_ = State::hello;
        return send("LHLO client.test\r\n");
      case State::hello:
        state_ = State::ready;
        return;
      case State::ready:
        throw ClientError("LMTP: " + std::string(line));
      case State::mail:
        state_ = State::rcpt;
        return;
      case State::rcpt:
        state_ = State::data;
        return;
      case State::data:
        if (!good) return answer();
        state_ = State::body;
        return send(mail_);
      case State::body:
        return answer();
    }
  }

  void answer() {
    state_ = State::ready;
    answered_(number_, !refused_);
  }

  std::function<void(size_t, bool)> answered_;
  size_t number_ = 0;
  std::string mail_;
  bool refused_ = false;
};

class Crowd {
 public:
  Crowd(const LoadArguments& arguments, SSL_CTX* tls)
      : arguments_(arguments), tls_(tls), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    users_.resize(static_cast<size_t>(std::clamp<int64_t>(arguments.number("users", 1000), 1, 50'000)));
  }
  ~Crowd() {
    sessions_.clear();
    close(epoll_);
  }

  void open() {
    size_t count = static_cast<size_t>(std::clamp<int64_t>(arguments_.number("sessions", 1000), 1, 50'000));
    size_t at_once = static_cast<size_t>(std::clamp<int64_t>(arguments_.number("opening", 20), 1, 1000));
    Clock::time_point begin = Clock::now();
    std::deque<IdleSession*> opening;
    while (sessions_.size() < count || !opening.empty()) {
      require_time(begin, "opened " + std::to_string(sessions_.size()) + " sessions");
      while (sessions_.size() < count && opening.size() < at_once) {
        size_t n = sessions_.size();
        User& user = users_[n % users_.size()];
        std::string login =
            expand_number(arguments_.text("user", "u%d"), static_cast<int64_t>(n % users_.size())) + " " +
            arguments_.text("password", "pass");
        sessions_.push_back(
            std::make_unique<IdleSession>(epoll_, arguments_.server, tls_, login, user, heard_));
        user.sessions.push_back(sessions_.back().get());
        opening.push_back(sessions_.back().get());
      }
      wait(100);
      std::erase_if(opening, [](const IdleSession* s) { return s->idling(); });
    }
    printf("{\"sessions\":%zu,\"seconds\":%.3f}\n", sessions_.size(), seconds_since(begin));
    fflush(stdout);
  }

  // Until standard input ends.
  void obey() {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    std::string input;
    for (;;) {
      if (!wait(60'000)) continue;
      char chunk[4096];
      ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
      if (n <= 0) return;
      input.append(chunk, static_cast<size_t>(n));
      for (size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
        std::istringstream words(input.substr(0, end));
        std::string verb;
        size_t mails = 0, connections = 0;
        double rate = 0;
        words >> verb >> mails >> rate >> connections;
        if (verb != "deliver" || !words) throw ClientError("what is " + input.substr(0, end));
        deliver(mails, rate, std::clamp<size_t>(connections, 1, 500));
      }
    }
  }

 private:
  // Handles what has happened. True if there is something to read on standard input.
  bool wait(int milliseconds) {
    epoll_event events[512];
    int count = epoll_wait(epoll_, events, 512, milliseconds);
    bool input = false;
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        input = true;
      } else {
        static_cast<LineSocket*>(events[i].data.ptr)->progress();
      }
    }
    return input;
  }

  void require_time(Clock::time_point begin, const std::string& what) const {
    if (seconds_since(begin) > static_cast<double>(arguments_.number("timeout", 120)))
      throw ClientError("only " + what + " in time");
  }

  void accepted(User& user) {
    user.accepted.push_back(Clock::now());
    for (const IdleSession* session : user.sessions) {
      if (!session->has_seen(user.accepted.size())) continue;
      heard_.latencies.push_back(0);
      ++heard_.early;
    }
  }

  // rate: mails per second; 0: each connection sends its next one at once.
  void deliver(size_t mails, double rate, size_t connections) {
    for (User& user : users_) user.accepted.clear();
    for (auto& session : sessions_) session->begin_counting();
    heard_ = {};
    size_t taken = 0, refused = 0, expected = 0;
    std::vector<std::unique_ptr<LmtpSession>> lmtp;
    io::Endpoint server = arguments_.server;
    server.port = static_cast<uint16_t>(arguments_.number("lmtp", 24));
    for (size_t i = 0; i < connections; ++i) {
      lmtp.push_back(std::make_unique<LmtpSession>(epoll_, server, [&](size_t number, bool ok) {
        if (!ok) return static_cast<void>(++refused);
        ++taken;
        User& user = users_[number % users_.size()];
        expected += user.sessions.size();
        accepted(user);
      }));
    }
    Clock::time_point opening = Clock::now();
    while (std::any_of(lmtp.begin(), lmtp.end(), [](auto& s) { return !s->free(); })) {
      require_time(opening, "some LMTP sessions");
      wait(10);
    }

    Clock::time_point begin = Clock::now();
    for (size_t next = 0; taken + refused < mails;) {
      require_time(begin, std::to_string(taken) + " mails");
      double elapsed = seconds_since(begin);
      for (auto& session : lmtp) {
        bool due = rate <= 0 || static_cast<double>(next) <= elapsed * rate;
        if (next == mails || !due) break;
        if (!session->free()) continue;
        std::string to = expand_number(arguments_.text("to", "u%d@test.local"),
                                       static_cast<int64_t>(next % users_.size()));
        session->deliver(next, to, bag_.plain(next, kMailOctets));
        ++next;
      }
      wait(1);
    }
    double seconds = seconds_since(begin);
    Clock::time_point last = Clock::now();
    while (heard_.latencies.size() < expected && seconds_since(last) < kLastNoticeSeconds) wait(10);
    double all_seconds = seconds_since(begin);
    Percentiles p(heard_.latencies);
    printf(
        "{\"delivered\":%zu,\"refused\":%zu,\"seconds\":%.4f,\"rate\":%.1f,\"heard\":%zu,\"missed\":%zu,"
        "\"early\":%llu,"
        "\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,\"seconds_to_last_notice\":%.4f}\n",
        taken, refused, seconds, static_cast<double>(taken) / seconds, heard_.latencies.size(),
        expected - std::min(expected, heard_.latencies.size()), static_cast<unsigned long long>(heard_.early),
        p.at(0.5) * 1e3, p.at(0.99) * 1e3, p.at(1) * 1e3, all_seconds);
    fflush(stdout);
  }

  const LoadArguments& arguments_;
  SSL_CTX* tls_;
  const int epoll_;
  Mailbag bag_;
  Heard heard_;
  std::vector<User> users_;
  std::vector<std::unique_ptr<IdleSession>> sessions_;
};

}  // namespace

int hold_idle_sessions(const LoadArguments& arguments, SSL_CTX* tls) {
  Crowd crowd(arguments, tls);
  crowd.open();
  crowd.obey();
  return 0;
}

}  // namespace pabal::bench
