#include "agent/greeting.h"

#include "base/bytes.h"
#include "console/console.h"

namespace pabal::agent {

namespace {

constexpr Duration kGreetingTimeout = std::chrono::seconds(30);
// More than any protocol needs to be known by.
constexpr size_t kKnownBy = 512;

const char* name_of(Speaks what) {
  switch (what) {
    case Speaks::pop3:
      return "POP3";
    case Speaks::smtp:
      return "SMTP";
    case Speaks::imap:
      return "IMAP";
    case Speaks::http:
      return "HTTP";
    case Speaks::ssh:
      return "SSH";
    case Speaks::unknown:
      break;
  }
  return "something unknown";
}

std::string where_to_go(Speaks wanted) {
  return wanted == Speaks::pop3
             ? "This command reads by POP3, which is mostly at port 995 or 110: --server HOST:995"
             : "Mail is handed in by SMTP, mostly at port 587 or 465: --server HOST:587";
}

}  // namespace

Speaks spoken_by(std::string_view first_line) {
  if (first_line.starts_with("+OK") || first_line.starts_with("-ERR")) return Speaks::pop3;
  if (first_line.starts_with("* ")) return Speaks::imap;
  if (first_line.starts_with("HTTP/")) return Speaks::http;
  if (first_line.starts_with("SSH-")) return Speaks::ssh;
  bool code =
      first_line.size() >= 3 && is_digit(first_line[0]) && is_digit(first_line[1]) && is_digit(first_line[2]);
  if (code &&
      (first_line.size() == 3 || first_line[3] == ' ' || first_line[3] == '-' || first_line[3] == '\r'))
    return Speaks::smtp;
  return Speaks::unknown;
}

rt::Task<void> expect_greeting(io::Connection& connection, Speaks wanted, LinkOptions options) {
  Instant until = rt::Loop::current().now() + kGreetingTimeout;
  std::string server = options.server.to_string();
  while (!connection.line() && connection.buffered().size() < kKnownBy) {
    io::Connection::Fill filled = connection.fill();
    if (filled == io::Connection::Fill::some) continue;
    if (filled == io::Connection::Fill::eof) co_return;
    bool silent = false;
    try {
      co_await io::wait_readable(connection.stream(), until);
    } catch (const io::IoError& e) {
      if (e.fault() != io::IoFault::timeout) throw;
      silent = true;
    }
    if (!silent) continue;
    throw CommandError(server + " says nothing. " +
                       (options.tls == TlsMode::implicit
                            ? "Is that the right port?"
                            : "If TLS is to begin at once there, as on ports 465, 993 and 995, say --tls "
                              "implicit."));
  }
  Speaks spoken = spoken_by(connection.buffered());
  if (spoken == wanted) co_return;
  std::string_view line = connection.buffered();
  throw CommandError(server + " speaks " + name_of(spoken) + ", not " + name_of(wanted) + " (\"" +
                     printable(trim(line.substr(0, line.find('\n'))), 80) + "\"). " + where_to_go(wanted) +
                     ".");
}

}  // namespace pabal::agent
