#include "agent/submitter.h"

#include <algorithm>
#include <optional>

#include "agent/greeting.h"
#include "base/bytes.h"
#include "console/console.h"
#include "deliver/replies.h"
#include "deliver/smtp_client.h"
#include "mail/downgrade.h"
#include "mail/encoding.h"
#include "proto/smtp/data.h"
#include "proto/smtp/xtext.h"

namespace pabal::agent {

namespace smtp = proto::smtp;

namespace {

// RFC 5321 §4.5.3.2; shorter at the beginning, where a person waits.
constexpr Duration kHelloTimeout = std::chrono::minutes(1);
constexpr Duration kCommandTimeout = std::chrono::minutes(5);
constexpr Duration kBlockTimeout = std::chrono::minutes(3);
constexpr Duration kDataEndTimeout = std::chrono::minutes(10);
constexpr Duration kQuitTimeout = std::chrono::seconds(5);
// RFC 5321 §4.5.3.1.8: as many every server takes at once.
constexpr uint64_t kRecipientsPerMail = 100;

// A message in the form that this server takes, and what MAIL says about it.
struct Prepared {
  std::string message;
  std::string mail_line;
};

class Submitter {
 public:
  Submitter(io::World& world, MakeSubmission make, SubmitOptions options)
      : world_(world), make_(std::move(make)), options_(std::move(options)) {}

  rt::Task<Submitted> run();

 private:
  rt::Task<void> open();
  rt::Task<void> hello();
  rt::Task<void> authenticate();
  Prepared prepare() const;
  std::string rcpt_line(const mail::Address& address) const;
  rt::Task<void> transaction(const Prepared& mail, std::vector<mail::Address> to);
  rt::Task<smtp::Reply> send_data(const Prepared& mail);
  [[noreturn]] void refuse(const std::string& doing, const smtp::Reply& reply) const {
    throw CommandError(server() + " refuses " + doing + ": " + deliver::reply_text(reply));
  }
  std::string server() const { return options_.link.server.to_string(); }

  io::World& world_;
  MakeSubmission make_;
  Submission submission_;
  std::string server_name_;
  SubmitOptions options_;
  Link link_;
  deliver::Dialogue dialogue_;
  deliver::OpenClients clients_;
  std::unique_ptr<deliver::SmtpClient> client_;
  Submitted result_;
};

rt::Task<void> Submitter::open() {
  link_ = co_await dial(world_, options_.link);
  client_ =
      std::make_unique<deliver::SmtpClient>(std::move(link_.stream), options_.link.server.host, clients_);
  client_->write_to(&dialogue_);
  co_await expect_greeting(client_->connection(), Speaks::smtp, options_.link);
  smtp::Reply greeting = co_await client_->greeting(kHelloTimeout);
  if (!greeting.is_positive()) refuse("the connection", greeting);
  co_await hello();
  if (options_.link.tls == TlsMode::starttls) {
    if (!client_->can().start_tls)
      throw CommandError(server() + " has no STARTTLS. Use --tls implicit for a TLS port, or --tls none.");
    smtp::Reply ready = co_await client_->command("STARTTLS", kHelloTimeout);
    if (!ready.is_positive()) refuse("STARTTLS", ready);
    io::Connection& connection = client_->connection();
    // RFC 3207 §6: what came in the clear behind the reply is nobody's.
    if (!connection.buffered().empty())
      throw CommandError(server() + " sent text behind its answer to STARTTLS");
    link_ = co_await secure(connection.release(), options_.link);
    connection.attach(std::move(link_.stream));
    dialogue_.note(link_.tls_info);
    co_await hello();
  }
  if (!options_.user.empty()) co_await authenticate();
}

rt::Task<void> Submitter::hello() {
  // RFC 5321 §4.1.4: an address literal, because a user's machine has no name that anybody knows.
  io::IpAddress own = client_->connection().stream().local().ip;
  std::string name = (own.v6 ? "[IPv6:" : "[") + own.to_string() + "]";
  smtp::Reply answer = co_await client_->command("EHLO " + name, kHelloTimeout);
  if (answer.is_positive()) {
    client_->can() = smtp::parse_capabilities(answer);
  } else {
    client_->can() = {};
    answer = co_await client_->command("HELO " + name, kHelloTimeout);
    if (!answer.is_positive()) refuse("HELO", answer);
  }
  std::string said = answer.lines.empty() ? "" : answer.lines.front();
  said = said.substr(0, said.find(' '));
  server_name_ = mail::is_domain(said, false) ? said : "";
}

rt::Task<void> Submitter::authenticate() {
  proto::sasl::Credentials credentials{.username = options_.user, .password = options_.password};
  Login login = begin_login(world_, client_->can().auth, std::move(credentials), link_.bindings,
                            link_.plain_allowed, server());
  std::string line = "AUTH " + std::string(proto::sasl::name(login.mechanism));
  std::string shown = line + " ...";
  if (auto response = login.exchange.initial_response())
    line += " " + (response->empty() ? "=" : mail::base64_encode(*response));
  smtp::Reply answer = co_await client_->command(line, kCommandTimeout, shown);
  while (answer.code == 334) {
    std::string say = "*";
    if (auto challenge = mail::base64_decode_strict(answer.text())) {
      auto next = login.exchange.step(*challenge);
      if (!next && next.error() == proto::sasl::ClientError::server_not_authentic)
        throw CommandError(server() + " does not know the password: this is not your server");
      if (next) say = mail::base64_encode(*next);
    }
    answer = co_await client_->command(say, kCommandTimeout, "...");
  }
  if (answer.code != 235) refuse("the log-in of " + options_.user, answer);
  if (!login.exchange.finished())
    throw CommandError(server() + " says yes without having proved that it knows the password");
}

Prepared Submitter::prepare() const {
  const smtp::Capabilities& can = client_->can();
  Prepared mail{.message = submission_.message, .mail_line = {}};
  mail::Needs needs = mail::scan_needs(mail.message);
  bool address_needs_utf8 =
      submission_.reverse_path.address && smtp::needs_smtputf8(*submission_.reverse_path.address);
  for (const mail::Address& to : submission_.forward_paths) address_needs_utf8 |= smtp::needs_smtputf8(to);
  if (needs.utf8_headers && !address_needs_utf8) {
    // Few servers have SMTPUTF8, and it holds on the whole way (RFC 6531 §3.1): asked for
    // only where something has no other form.
    if (auto encoded = mail::to_ascii_headers(mail.message)) {
      mail.message = std::move(*encoded);
      needs = mail::scan_needs(mail.message);
    }
  }
  bool convert =
      needs.binary || (needs.eightbit && !can.eight_bit_mime) || (needs.utf8_headers && !can.smtputf8);
  if (convert) {
    auto converted = mail::to_7bit(mail.message);
    if (!converted) throw CommandError(server() + " cannot take this mail: " + converted.error());
    mail.message = std::move(*converted);
    needs = mail::scan_needs(mail.message);
  }
  if (address_needs_utf8 && !can.smtputf8)
    throw CommandError(server() + " has no SMTPUTF8, which these addresses need");

  mail.mail_line = "MAIL FROM:<" + submission_.reverse_path.to_text() + ">";
  if (can.size) mail.mail_line += " SIZE=" + std::to_string(mail.message.size());
  if (needs.eightbit && can.eight_bit_mime) mail.mail_line += " BODY=8BITMIME";
  if (address_needs_utf8 || needs.utf8_headers) mail.mail_line += " SMTPUTF8";
  if (can.dsn && submission_.ret != smtp::Ret::unset)
    mail.mail_line += submission_.ret == smtp::Ret::full ? " RET=FULL" : " RET=HDRS";
  if (can.dsn && !submission_.envid.empty())
    mail.mail_line += " ENVID=" + smtp::xtext_encode(submission_.envid);
  return mail;
}

std::string Submitter::rcpt_line(const mail::Address& address) const {
  std::string line = "RCPT TO:<" + smtp::path_text(address) + ">";
  const smtp::NotifySet& notify = submission_.notify;
  if (!client_->can().dsn || notify.is_unset()) return line;
  std::vector<std::string> when;
  if (notify.never) when.push_back("NEVER");
  if (notify.success) when.push_back("SUCCESS");
  if (notify.failure) when.push_back("FAILURE");
  if (notify.delay) when.push_back("DELAY");
  return line + " NOTIFY=" + join(when, ",");
}

rt::Task<void> Submitter::transaction(const Prepared& mail, std::vector<mail::Address> to) {
  smtp::Reply sender = co_await client_->command(mail.mail_line, kCommandTimeout);
  if (!sender.is_positive()) {
    for (mail::Address& address : to) result_.refused.push_back({std::move(address), sender});
    co_await client_->command("RSET", kCommandTimeout);
    co_return;
  }
  bool pipelining = client_->can().pipelining;
  if (pipelining) {
    for (const mail::Address& address : to) client_->queue(rcpt_line(address));
    co_await client_->flush(kCommandTimeout);
  }
  std::vector<mail::Address> taken;
  for (mail::Address& address : to) {
    if (!pipelining) {
      client_->queue(rcpt_line(address));
      co_await client_->flush(kCommandTimeout);
    }
    smtp::Reply answer = co_await client_->reply(kCommandTimeout);
    if (answer.is_positive()) {
      taken.push_back(std::move(address));
    } else {
      result_.refused.push_back({std::move(address), std::move(answer)});
    }
  }
  if (taken.empty()) {
    co_await client_->command("RSET", kCommandTimeout);
    co_return;
  }
  smtp::Reply answer = co_await send_data(mail);
  if (answer.is_positive()) {
    result_.accepted.push_back(std::move(answer));
  } else {
    for (mail::Address& address : taken) result_.refused.push_back({std::move(address), answer});
  }
}

rt::Task<smtp::Reply> Submitter::send_data(const Prepared& mail) {
  smtp::Reply start = co_await client_->command("DATA", kCommandTimeout);
  if (start.code != 354) co_return start;
  std::string wire = smtp::dot_stuff(mail.message);
  co_await client_->send_text(wire, kBlockTimeout);
  client_->expect_reply();
  co_return co_await client_->reply(kDataEndTimeout);
}

// A U-label domain alone needs no SMTPUTF8: its A-label says the same.
void to_ascii_where_possible(mail::Address& address) {
  if (!is_ascii(address.local)) return;
  if (auto ascii = mail::to_ascii_domain(address.domain)) address.domain = *ascii;
}

rt::Task<Submitted> Submitter::run() {
  co_await open();
  submission_ = make_(server_name_);
  if (submission_.reverse_path.address) to_ascii_where_possible(*submission_.reverse_path.address);
  for (mail::Address& to : submission_.forward_paths) to_ascii_where_possible(to);
  Prepared mail = prepare();
  uint64_t at_once = std::max<uint64_t>(client_->can().limits.rcpt_max.value_or(kRecipientsPerMail), 1);
  const std::vector<mail::Address>& all = submission_.forward_paths;
  for (size_t at = 0; at < all.size(); at += at_once) {
    size_t end = std::min<size_t>(at + at_once, all.size());
    std::vector<mail::Address> some(all.begin() + static_cast<ptrdiff_t>(at),
                                    all.begin() + static_cast<ptrdiff_t>(end));
    co_await transaction(mail, std::move(some));
  }
  co_await client_->quit(kQuitTimeout);
  if (options_.show) options_.show(dialogue_.text());
  co_return std::move(result_);
}

}  // namespace

rt::Task<Submitted> submit(io::World& world, Submission submission, SubmitOptions options) {
  MakeSubmission make = [&submission](const std::string&) { return std::move(submission); };
  co_return co_await submit_made(world, std::move(make), std::move(options));
}

rt::Task<Submitted> submit_made(io::World& world, MakeSubmission make, SubmitOptions options) {
  Submitter submitter(world, std::move(make), std::move(options));
  co_return co_await submitter.run();
}

}  // namespace pabal::agent
