// The load generator: sends mail by SMTP, takes it as a sink, holds idle
// sessions, counts mailboxes by POP3. Every loop is bounded in count and time,
// and it talks to loopback addresses only. One JSON object per run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "base/bytes.h"
#include "bench/message.h"
#include "io/connection.h"
#include "os/epoll.h"
#include "os/socket.h"
#include "proto/smtp/data.h"
#include "rt/task_group.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace pabal::bench {
namespace {

using std::chrono::seconds;

struct Arguments {
  std::string verb;
  io::Endpoint server;
  std::map<std::string, std::string> options;

  int64_t number(const std::string& name, int64_t otherwise) const {
    auto it = options.find(name);
    return it == options.end() ? otherwise : atoll(it->second.c_str());
  }
  std::string text(const std::string& name, const std::string& otherwise) const {
    auto it = options.find(name);
    return it == options.end() ? otherwise : it->second;
  }
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         double(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

std::string expand(std::string pattern, int64_t n) {
  size_t at = pattern.find("%d");
  return at == std::string::npos ? pattern : pattern.replace(at, 2, std::to_string(n));
}

// The code of the last line of a reply.
rt::Task<int> read_reply(io::Connection& connection, Instant deadline) {
  for (;;) {
    std::string line = co_await connection.read_line(4096, deadline);
    if (line.size() >= 4 && line[3] != '-') co_return atoi(line.substr(0, 3).c_str());
  }
}

rt::Task<int> command(io::Connection& connection, std::string line, Instant deadline) {
  connection.out() += line + "\r\n";
  co_await connection.flush(deadline);
  int code = co_await read_reply(connection, deadline);
  co_return code;
}

struct SendRun {
  const Arguments& arguments;
  os::SocketNet& net;
  Instant deadline;
  MessageMaker maker{size_t(arguments.number("size", 2048))};
  int64_t next = 0, messages = 0;
  uint64_t sent = 0, failed = 0, octets = 0;
  std::vector<int64_t> latencies_us;
  std::string first_error;
};

rt::Task<void> send_one(SendRun& run, io::Connection& connection, int64_t number, bool pipeline) {
  std::string to =
      expand(run.arguments.text("to", "u%d@test.local"), number % run.arguments.number("users", 50));
  std::string message = run.maker.make(uint64_t(number), to);
  run.octets += message.size();
  std::string from = run.arguments.text("from", "load@client.test");
  Instant begin = rt::Loop::current().now();
  int code = 0;
  if (pipeline) {
    connection.out() += "MAIL FROM:<" + from + ">\r\nRCPT TO:<" + to + ">\r\nDATA\r\n";
    co_await connection.flush(run.deadline);
    for (int i = 0; i < 3; ++i) code = co_await read_reply(connection, run.deadline);
  } else {
    code = co_await command(connection, "MAIL FROM:<" + from + ">", run.deadline);
    if (code == 250) code = co_await command(connection, "RCPT TO:<" + to + ">", run.deadline);
    if (code == 250) code = co_await command(connection, "DATA", run.deadline);
  }
  if (code == 354) {
    message += ".\r\n";
    co_await io::write_all(connection.stream(), message, run.deadline);
    code = co_await read_reply(connection, run.deadline);
  }
  if (code == 250) {
    ++run.sent;
    run.latencies_us.push_back((rt::Loop::current().now() - begin).count());
  } else {
    ++run.failed;
    if (run.first_error.empty()) run.first_error = "reply " + std::to_string(code);
    co_await command(connection, "RSET", run.deadline);
  }
}

rt::Task<void> sender(SendRun& run) {
  try {
    io::Connection connection(co_await run.net.connect(run.arguments.server, run.deadline));
    co_await read_reply(connection, run.deadline);
    co_await command(connection, "EHLO client.test", run.deadline);
    bool pipeline = run.arguments.number("pipeline", 0) != 0;
    while (run.next < run.messages && rt::Loop::current().now() < run.deadline) {
      int64_t number = run.next++;
      co_await send_one(run, connection, number, pipeline);
    }
    co_await command(connection, "QUIT", run.deadline);
  } catch (const io::IoError& e) {
    ++run.failed;
    if (run.first_error.empty()) run.first_error = e.what();
  }
}

rt::Task<void> send_mails(const Arguments& arguments, os::SocketNet& net) {
  SendRun run{arguments, net, rt::Loop::current().now() + seconds(arguments.number("timeout", 120))};
  run.messages = std::min<int64_t>(arguments.number("messages", 1000), 10'000'000);
  int64_t sessions = std::min<int64_t>(arguments.number("sessions", 10), 20'000);
  Instant begin = rt::Loop::current().now();
  double cpu = cpu_seconds();
  rt::TaskGroup group;
  for (int64_t i = 0; i < sessions; ++i) group.spawn(sender(run));
  co_await group.join();
  double took = double((rt::Loop::current().now() - begin).count()) / 1e6;
  std::sort(run.latencies_us.begin(), run.latencies_us.end());
  auto percentile = [&](double p) {
    if (run.latencies_us.empty()) return 0.0;
    return double(run.latencies_us[size_t(p * double(run.latencies_us.size() - 1))]) / 1000;
  };
  printf(
      "{\"sent\":%llu,\"failed\":%llu,\"seconds\":%.4f,\"rate\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
      "\"octets\":%llu,\"client_cpu_seconds\":%.3f,\"first_error\":\"%s\"}\n",
      static_cast<unsigned long long>(run.sent), static_cast<unsigned long long>(run.failed), took,
      double(run.sent) / took, percentile(0.5), percentile(0.99), static_cast<unsigned long long>(run.octets),
      cpu_seconds() - cpu, printable(run.first_error).c_str());
}

// ---- sink -------------------------------------------------------------------

struct SinkRun {
  Instant deadline;
  uint64_t expected = 0, messages = 0, connections = 0;
  Instant last;
  rt::Event changed;
};

rt::Task<void> sink_session(SinkRun& run, std::unique_ptr<io::Stream> stream) {
  ++run.connections;
  try {
    io::Connection connection(std::move(stream));
    connection.out() += "220 sink.test\r\n";
    co_await connection.flush(run.deadline);
    for (;;) {
      std::string line = to_upper(co_await connection.read_line(4096, run.deadline));
      if (line.starts_with("EHLO")) {
        connection.out() += "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
      } else if (line.starts_with("DATA")) {
        connection.out() += "354 go on\r\n";
        co_await connection.flush(run.deadline);
        proto::smtp::DataReader reader(100 << 20);
        std::string message;
        for (;;) {
          auto progress = reader.feed(connection.buffered(), message);
          connection.consume(progress.consumed);
          message.clear();
          if (progress.done) break;
          if (connection.fill() == io::Connection::Fill::nothing) {
            co_await io::wait_readable(connection.stream(), run.deadline);
          }
        }
        ++run.messages;
        run.last = rt::Loop::current().now();
        run.changed.notify();
        connection.out() += "250 2.0.0 taken\r\n";
      } else if (line.starts_with("QUIT")) {
        connection.out() += "221 bye\r\n";
        co_await connection.flush(run.deadline);
        co_return;
      } else {
        connection.out() += "250 2.0.0 ok\r\n";
      }
      if (!connection.line()) co_await connection.flush(run.deadline);
    }
  } catch (const io::IoError&) {
    // A peer that goes away is all the same to a sink.
  }
}

rt::Task<void> accept_all(SinkRun& run, io::Listener& listener, rt::TaskGroup& sessions, bool& stop) {
  while (!stop) {
    if (auto stream = listener.try_accept()) {
      sessions.spawn(sink_session(run, std::move(stream)));
    } else {
      co_await listener.ready(io::Interest::read, run.deadline);
    }
  }
}

rt::Task<void> take_mails(const Arguments& arguments, os::SocketNet& net) {
  SinkRun run{rt::Loop::current().now() + seconds(arguments.number("timeout", 120)),
              uint64_t(arguments.number("expect", 1000))};
  auto listener = net.listen(arguments.server, {});
  Instant begin = rt::Loop::current().now();
  fprintf(stderr, "listening\n");
  rt::TaskGroup accepting, sessions;
  bool stop = false;
  accepting.spawn(accept_all(run, *listener, sessions, stop));
  while (run.messages < run.expected && rt::Loop::current().now() < run.deadline) {
    co_await run.changed.wait(run.deadline);
  }
  stop = true;
  listener->wake();
  co_await accepting.join();
  printf("{\"messages\":%llu,\"connections\":%llu,\"seconds_to_last\":%.4f}\n",
         static_cast<unsigned long long>(run.messages), static_cast<unsigned long long>(run.connections),
         double((run.last - begin).count()) / 1e6);
  fflush(stdout);
  _Exit(0);  // sessions of peers that keep their connections open are of no interest
}

// ---- idle sessions ------------------------------------------------------------

rt::Task<void> hold_idle(const Arguments& arguments, os::SocketNet& net) {
  int64_t count = std::min<int64_t>(arguments.number("sessions", 1000), 50'000);
  bool tls = arguments.number("tls", 0) != 0;
  Instant deadline = rt::Loop::current().now() + seconds(arguments.number("timeout", 120));
  tls::ClientContext context(tls::ClientOptions{});
  std::vector<std::unique_ptr<io::Connection>> held;
  for (int64_t i = 0; i < count; ++i) {
    std::unique_ptr<io::Stream> stream = co_await net.connect(arguments.server, deadline);
    if (tls) stream = co_await tls::connect(std::move(stream), context, "localhost", deadline);
    auto connection = std::make_unique<io::Connection>(std::move(stream));
    co_await read_reply(*connection, deadline);
    co_await command(*connection, "EHLO client.test", deadline);
    held.push_back(std::move(connection));
  }
  printf("{\"sessions\":%lld,\"tls\":%s}\n", static_cast<long long>(count), tls ? "true" : "false");
  fflush(stdout);
  // Whoever measures ends us by closing our input.
  if (arguments.number("hold", 0) != 0) {
    while (getchar() != EOF) {
    }
  }
}

// ---- counting ------------------------------------------------------------------

rt::Task<void> count_mails(const Arguments& arguments, os::SocketNet& net) {
  Instant deadline = rt::Loop::current().now() + seconds(arguments.number("timeout", 60));
  uint64_t messages = 0;
  for (int64_t user = 0; user < std::min<int64_t>(arguments.number("users", 50), 10'000); ++user) {
    io::Connection connection(co_await net.connect(arguments.server, deadline));
    co_await connection.read_line(512, deadline);
    for (std::string line : {"USER " + expand(arguments.text("user", "u%d"), user),
                             "PASS " + arguments.text("password", "pass"), std::string("STAT")}) {
      connection.out() += line + "\r\n";
      co_await connection.flush(deadline);
      std::string answer = co_await connection.read_line(512, deadline);
      if (!answer.starts_with("+OK")) {
        fprintf(stderr, "%s: %s", line.c_str(), answer.c_str());
        exit(1);
      }
      if (line == "STAT") messages += strtoull(answer.c_str() + 3, nullptr, 10);
    }
    connection.out() += "QUIT\r\n";
    co_await connection.flush(deadline);
    co_await connection.read_line(512, deadline);
  }
  printf("{\"messages\":%llu}\n", static_cast<unsigned long long>(messages));
}

int usage() {
  fprintf(stderr,
          "pabal_load VERB ADDRESS:PORT [NAME=VALUE ...]      (loopback only)\n"
          "  smtp   sessions=10 messages=1000 size=2048 to=u%%d@test.local users=50 pipeline=0 timeout=120\n"
          "  sink   expect=1000 timeout=120\n"
          "  idle   sessions=1000 tls=0 hold=0       (hold=1: until standard input ends)\n"
          "  count  users=50 user=u%%d password=pass            (POP3 STAT of every user)\n"
          "example: pabal_load smtp 127.0.0.1:2525 sessions=50 messages=5000 size=20480\n");
  return 2;
}

int run(int argc, char** argv) {
  if (argc < 3) return usage();
  Arguments arguments;
  arguments.verb = argv[1];
  auto server = io::Endpoint::parse(argv[2]);
  if (!server || !server->ip.is_loopback()) return usage();
  arguments.server = *server;
  for (int i = 3; i < argc; ++i) {
    std::string word = argv[i];
    size_t equals = word.find('=');
    if (equals == std::string::npos) return usage();
    arguments.options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  os::EpollPoller poller;
  rt::Loop loop(poller);
  os::SocketNet net;
  if (arguments.verb == "smtp") {
    loop.run(send_mails(arguments, net));
  } else if (arguments.verb == "sink") {
    loop.run(take_mails(arguments, net));
  } else if (arguments.verb == "idle") {
    loop.run(hold_idle(arguments, net));
  } else if (arguments.verb == "count") {
    loop.run(count_mails(arguments, net));
  } else {
    return usage();
  }
  return 0;
}

}  // namespace
}  // namespace pabal::bench

int main(int argc, char** argv) {
  try {
    return pabal::bench::run(argc, argv);
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal_load: %s\n", e.what());
    return 1;
  }
}
