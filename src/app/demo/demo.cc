#include "app/demo/demo.h"

#include <cstdio>
#include <filesystem>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/pop3_client.h"
#include "agent/submitter.h"
#include "app/demo/picture.h"
#include "app/demo/town.h"
#include "app/folding.h"
#include "base/bytes.h"
#include "mail/compose.h"
#include "mail/header.h"
#include "mail/message.h"
#include "os/dns_server.h"
#include "os/epoll.h"
#include "os/signals.h"

namespace pabal::app {

namespace {

constexpr const char* kSeoulIp = "127.0.0.11";
constexpr const char* kBusanIp = "127.0.0.12";

// Gone with all that is in it when the demo ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pabal-demo.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw io::IoError::from_errno(errno, "make a directory " + pattern);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string make(const std::string& name) const {
    std::filesystem::create_directories(path_ + "/" + name);
    return path_ + "/" + name;
  }

 private:
  std::string path_;
};

// A port that is free at both addresses: MX hosts all listen on the same one.
uint16_t free_port() {
  os::SocketNet net;
  for (int tries = 0; tries < 20; ++tries) {
    std::unique_ptr<io::Listener> first = net.listen({*io::IpAddress::parse(kSeoulIp), 0, {}}, {});
    uint16_t port = first->local().port;
    try {
      net.listen({*io::IpAddress::parse(kBusanIp), port, {}}, {});
      return port;
    } catch (const io::IoError&) {
      continue;
    }
  }
  throw io::IoError(io::IoFault::other,
                    "no free port for the demo; end what occupies 127.0.0.11 and 127.0.0.12");
}

proto::dns::Zones zones() {
  proto::dns::Zones zones;
  for (auto [domain, ip] : {std::pair{"seoul.test", kSeoulIp}, std::pair{"busan.test", kBusanIp}}) {
    std::string name = domain;
    zones.zone(name);
    for (const std::string& line :
         {name + ". 60 IN MX 10 mx." + name + ".", "mx." + name + ". 60 IN A " + ip}) {
      verify(zones.add(line).has_value(), "the demo's zones are well-formed");
    }
  }
  return zones;
}

struct Stage {
  std::string folder;  // for files that the audience uses
  Town& seoul;
  Town& busan;
  os::DnsServer& dns;
  const DemoOptions& options;
  bool leave = false;  // a signal, or the end of the play
  bool succeeded = false;
  std::string ending = "Everything arrived as it should.";
};

void say(const std::string& text) {
  print_folded("\n== " + text + '\n');
}

mail::Draft first_letter(const Town& from, const Town& to) {
  mail::Draft draft;
  draft.from = {{"앨리스", from.address(), "", false}};
  draft.to = {{"Bob", to.address(), "", false}};
  draft.subject = "부산으로 가는 첫 파발 — the first rider to Busan";
  draft.text = "Bob,\n\n서울에서 인사드립니다. The seal is attached, so that you know it is me.\n\nAlice\n";
  draft.attachments = {{"낙관.png", "image/png", seal_png(), ""}};
  return draft;
}

mail::Draft answer(const Town& from, const Town& to, const std::string& original) {
  mail::Header header = mail::parse_header(original);
  mail::Draft draft;
  draft.from = {{"Bob", from.address(), "", false}};
  draft.to = {{"앨리스", to.address(), "", false}};
  draft.subject = "Re: " + header.text("Subject");
  draft.in_reply_to = header.value("Message-ID");
  draft.references = {draft.in_reply_to};
  draft.text =
      "Alice,\n\n잘 받았습니다. The seal is whole. The rider has had his soup and rides back.\n\nBob\n";
  return draft;
}

std::string compose(Town& town, const mail::Draft& draft) {
  io::World& world = town.world();
  return mail::compose(draft,
                       {.now = world.clock.now(), .token = world.random.token(24), .domain = town.domain()});
}

// Submits with STARTTLS and SCRAM; the server's answer.
rt::Task<std::string> hand_in(Town& town, const Town& to, std::string message) {
  agent::Submission submission;
  submission.reverse_path.address = mail::parse_address(town.address(), false).value();
  submission.forward_paths = {mail::parse_address(to.address(), false).value()};
  submission.message = std::move(message);
  agent::SubmitOptions options;
  const io::Endpoint& at = town.endpoint(Protocol::submission);
  options.link = {{at.ip.to_string(), at.port}, agent::TlsMode::starttls, false, town.ca_file()};
  options.user = town.address();
  options.password = Town::kPassword;
  options.show = [](const std::string& dialogue) { print_folded(dialogue + '\n'); };
  agent::Submitted done = co_await agent::submit(town.world(), std::move(submission), std::move(options));
  co_return done.accepted.empty() ? "" : done.accepted[0].text();
}

// All mails of the town's person, by POP3 over TLS.
rt::Task<std::vector<std::string>> fetch(Town& town) {
  const io::Endpoint& at = town.endpoint(Protocol::pop3);
  agent::Pop3Client client(town.world(),
                           {{at.ip.to_string(), at.port}, agent::TlsMode::starttls, false, town.ca_file()});
  co_await client.open(town.address(), Town::kPassword);
  std::vector<agent::Pop3Client::Entry> entries = co_await client.list();
  std::vector<uint32_t> numbers;
  for (const auto& entry : entries) numbers.push_back(entry.number);
  client.request(numbers, agent::Pop3Client::What::whole);
  std::vector<std::string> mails;
  for (size_t i = 0; i < numbers.size(); ++i) mails.push_back(co_await client.next());
  co_await client.quit();
  co_return mails;
}

// Tells what happens until `done` holds, for at most `seconds`.
template <class Condition>
rt::Task<bool> watch(Stage& stage, int seconds, Condition done) {
  Instant end = rt::Loop::current().now() + std::chrono::seconds(seconds);
  for (;;) {
    stage.seoul.tell();
    stage.busan.tell();
    if (done()) co_return true;
    if (stage.leave || rt::Loop::current().now() >= end) co_return false;
    co_await rt::sleep_for(std::chrono::milliseconds(50));
  }
}

// The mailbox has what was sent, with nothing but trace fields in front.
bool arrived_unchanged(const std::vector<std::string>& mails, const std::string& sent) {
  for (const std::string& mail : mails) {
    if (!mail.ends_with(sent)) continue;
    bool only_trace = true;
    mail::Header added = mail::parse_header(std::string_view(mail).substr(0, mail.size() - sent.size()));
    for (const mail::Field& field : added.fields) {
      only_trace &= iequals(field.name, "Received") || iequals(field.name, "Return-Path") ||
                    iequals(field.name, "Delivered-To") || iequals(field.name, "X-Original-To");
    }
    if (only_trace) return true;
  }
  return false;
}

void show_mail(const std::string& mail) {
  mail::Header header = mail::parse_header(mail);
  std::string out;
  for (const char* name : {"From", "To", "Subject", "Date"})
    out += std::string("   ") + name + ": " + printable(header.text(name)) + '\n';
  mail::Part root = mail::parse_message(mail);
  for (const mail::Part* part : mail::find_text_parts(root).text) {
    if (part->type.type != "text") continue;
    for (std::string_view line : split(mail::text_of(*part, mail), '\n'))
      out += "   | " + printable(line) + '\n';
  }
  for (const mail::Attachment& attachment : mail::list_attachments(root, mail)) {
    out += "   attached: " + attachment.name + " (" + attachment.type + ", " +
           std::to_string(attachment.size_octets) + " octets)\n";
  }
  print_folded(out);
}

rt::Task<bool> exchange(Stage& stage) {
  say("Alice (" + stage.seoul.address() + ") hands a mail with a picture to her server");
  std::string letter = compose(stage.seoul, first_letter(stage.seoul, stage.busan));
  std::string taken = co_await hand_in(stage.seoul, stage.busan, letter);
  say("Seoul answered \"" + taken + "\"; now it is on disk, and on its way");
  auto in_busan = [&stage] { return stage.busan.knows("delivered"); };
  bool there = co_await watch(stage, 30, in_busan);
  if (!there) co_return false;

  say("Bob reads his mail by POP3");
  std::vector<std::string> of_bob = co_await fetch(stage.busan);
  for (const std::string& mail : of_bob) show_mail(mail);
  if (!arrived_unchanged(of_bob, letter)) co_return false;
  print_folded("   byte for byte what Alice sent: " + std::to_string(letter.size()) + " octets\n");

  say("Bob answers");
  std::string reply = compose(stage.busan, answer(stage.busan, stage.seoul, of_bob[0]));
  co_await hand_in(stage.busan, stage.seoul, reply);
  auto in_seoul = [&stage] { return stage.seoul.knows("delivered"); };
  there = co_await watch(stage, 30, in_seoul);
  if (!there) co_return false;
  say("Alice reads the answer");
  std::vector<std::string> of_alice = co_await fetch(stage.seoul);
  for (const std::string& mail : of_alice) show_mail(mail);
  bool unchanged = arrived_unchanged(of_alice, reply);
  if (unchanged)
    print_folded("   byte for byte what Bob sent: " + std::to_string(reply.size()) + " octets\n");
  co_return unchanged;
}

// Busan does not answer: the mail waits, is tried again, and goes back.
rt::Task<bool> fail_peer(Stage& stage) {
  say("Busan is down. Alice writes all the same (retries come fast here: every 2 s, given up after 9 s)");
  std::string letter = compose(stage.seoul, first_letter(stage.seoul, stage.busan));
  co_await hand_in(stage.seoul, stage.busan, letter);
  auto told = [&stage] { return stage.seoul.knows("dsn") && stage.seoul.knows("failed"); };
  bool ended = co_await watch(stage, 60, told);
  if (!ended) co_return false;
  say("What Alice finds in her mailbox: first that it is late, then that it failed");
  std::vector<std::string> of_alice = co_await fetch(stage.seoul);
  for (const std::string& mail : of_alice) show_mail(mail);
  say("What happened to Alice's mail, as `pabal track` tells it");
  print_folded(stage.seoul.first_journey());
  bool both = of_alice.size() == 2;
  if (both) {
    stage.ending =
        "Busan never answered. Alice's mail waited, was tried again every 2 s, and after 9 s it was given "
        "up; "
        "she was told twice: that it was late, and that it failed, with the mail inside. Nothing was lost.";
  }
  co_return both;
}

// The DNS is broken: the mail waits; once it is mended, the mail travels.
rt::Task<bool> fail_dns(Stage& stage) {
  stage.dns.set_broken(true);
  say("The DNS answers SERVFAIL. Alice writes all the same (retries come fast here: every 2 s)");
  std::string letter = compose(stage.seoul, first_letter(stage.seoul, stage.busan));
  co_await hand_in(stage.seoul, stage.busan, letter);
  auto waits = [&stage] { return stage.seoul.knows("delayed"); };
  bool waited = co_await watch(stage, 30, waits);
  if (!waited) co_return false;
  say("It waits. Now the DNS is mended");
  stage.dns.set_broken(false);
  auto in_busan = [&stage] { return stage.busan.knows("delivered"); };
  bool there = co_await watch(stage, 60, in_busan);
  if (!there) co_return false;
  std::vector<std::string> of_bob = co_await fetch(stage.busan);
  say("What happened to Alice's mail, as `pabal track` tells it");
  print_folded(stage.seoul.first_journey());
  stage.ending =
      "Nobody could say where Busan is, so Alice's mail waited on her server's disk. Once the DNS answered, "
      "the "
      "next attempt brought it to Bob, byte for byte. Nothing was lost, and nobody had to do anything.";
  co_return arrived_unchanged(of_bob, letter);
}

// Where this program is, so that `pabal` is found as the commands below write it.
std::string own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

// What the commands of the invitation name.
void make_files(Town& town, const std::string& folder) {
  io::Disk& disk = town.world().disk;
  auto write = [&](const char* name, const std::string& bytes) {
    disk.open(folder + '/' + name, io::OpenMode::create)->write_at(0, bytes);
  };
  write("password", std::string(Town::kPassword) + '\n');
  write("letter.txt", "안녕하세요 Bob,\n\nthe seal is attached once more.\n\nAlice\n");
  write("picture.png", seal_png());
}

void print_invitation(Stage& stage) {
  make_files(stage.seoul, stage.folder);
  std::string alice = stage.seoul.address(), bob = stage.busan.address();
  std::string smtp = stage.seoul.endpoint(Protocol::smtp).ip.to_string() + ' ' +
                     std::to_string(stage.seoul.endpoint(Protocol::smtp).port);
  std::string submission = stage.seoul.endpoint(Protocol::submission).to_string();
  std::string pop3 = stage.busan.endpoint(Protocol::pop3).to_string();
  std::string imap = stage.busan.endpoint(Protocol::imap).to_string();
  std::string as = " --password-file password --ca " + stage.seoul.ca_file();
  say("Both servers stay up. Try it yourself, in another terminal; Ctrl-C ends it");
  std::string out = "\nFirst, so that the files are found, and pabal itself:\n";
  auto command = [&](const std::string& line) { out += "  " + line + '\n'; };
  command("cd " + stage.folder);
  command("export PATH=" + own_folder() + ":$PATH");
  out += "\nAlice writes (passwords are \"demo\"); what happens to the mail is told here:\n";
  command("pabal send --server " + submission + " --user " + alice + as + " --from " + alice + " --to " +
          bob + " --subject 안녕 --attach picture.png < letter.txt");
  command("printf 'From: " + alice +
          "\\r\\nSubject: hello\\r\\n\\r\\nHello Bob.\\r\\n' | curl --url smtp://" + submission +
          " --mail-from " + alice + " --mail-rcpt " + bob + " --user " + alice + ":demo --upload-file -");
  command("telnet " + smtp);
  out += "     (then EHLO me.test, MAIL FROM:<me@me.test>, RCPT TO:<" + alice + ">, DATA)\n";
  out += "\nBob reads:\n";
  command("pabal inbox --server " + pop3 + " --user " + bob + as);
  command("pabal read 1 --server " + pop3 + " --user " + bob + as);
  command("curl --user " + bob + ":demo imap://" + imap + "/INBOX -X 'FETCH 1:* (FLAGS ENVELOPE)'");
  command("curl --user " + bob + ":demo pop3://" + pop3 + "/1");
  out += "\nThe operator looks:\n";
  std::string config = " --config " + stage.seoul.config_file();
  command("pabal track " + alice + config);
  command("pabal queue list" + config);
  command("pabal account list" + config);
  command("pabal account add carol@" + stage.seoul.domain() + " --generate" + config);
  command("curl http://" + stage.seoul.endpoint(Protocol::metrics).to_string() + "/metrics");
  out += "\nA mail program, with STARTTLS everywhere and the authority " + stage.seoul.ca_file() + ":\n";
  for (Town* town : {&stage.seoul, &stage.busan}) {
    out += "  " + town->address() + "  server " + town->endpoint(Protocol::imap).ip.to_string() +
           ", ports: submission " + std::to_string(town->endpoint(Protocol::submission).port) + ", IMAP " +
           std::to_string(town->endpoint(Protocol::imap).port) + ", POP3 " +
           std::to_string(town->endpoint(Protocol::pop3).port) + '\n';
  }
  print_folded(out);
}

rt::Task<void> play(Stage& stage) {
  try {
    auto up = [&stage] {
      return stage.seoul.serving() && (stage.options.fail == "peer" || stage.busan.serving());
    };
    bool ready = co_await watch(stage, 20, up);
    if (ready && stage.options.fail == "peer") {
      stage.succeeded = co_await fail_peer(stage);
    } else if (ready && stage.options.fail == "dns") {
      stage.succeeded = co_await fail_dns(stage);
    } else if (ready) {
      stage.succeeded = co_await exchange(stage);
    }
    if (!stage.succeeded && stage.leave) {
      say("Ended by you, before the end of the story.");
    } else {
      say(stage.succeeded ? stage.ending : "Something did not arrive as it should.");
    }
    if (!stage.options.once && stage.options.fail.empty() && stage.succeeded) {
      print_invitation(stage);
      auto never = [] { return false; };
      co_await watch(stage, INT32_MAX / 1000, never);
    }
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal demo: %s\n", e.what());
  }
}

rt::Task<void> end_at_signal(os::SignalWatcher& signals, Stage& stage, const bool& ended) {
  while (!ended) {
    if (signals.try_take()) stage.leave = true;
    if (!ended && !stage.leave) co_await signals.ready(io::Interest::read, Instant::never());
    if (stage.leave) co_return;
  }
}

rt::Task<void> run_all(Stage& stage) {
  os::SignalWatcher signals;
  bool ended = false;
  rt::TaskGroup servers, watching;
  servers.spawn(stage.seoul.run());
  if (stage.options.fail != "peer") servers.spawn(stage.busan.run());
  watching.spawn(end_at_signal(signals, stage, ended));
  co_await play(stage);
  ended = true;
  signals.wake();
  stage.seoul.server().stop();
  stage.busan.server().stop();
  co_await watching.join();
  co_await servers.join();
}

}  // namespace

int demo(const DemoOptions& options) {
  try {
    os::SignalWatcher::block();
    TemporaryDirectory directory;
    os::EpollPoller poller;
    rt::Loop loop(poller);
    os::DnsServer dns(zones(), {*io::IpAddress::parse("127.0.0.1"), 0, {}});
    os::SystemClock clock;
    tls::Credentials ca = tls::make_ca("Pabal demo CA, thrown away afterwards", clock.now());

    QueueConfig queue;
    if (!options.fail.empty()) {
      queue.retry_delays = {std::chrono::seconds(2)};
      queue.lifetime = std::chrono::seconds(9);
      queue.delay_notice_after = std::chrono::seconds(3);
      if (options.fail == "dns") queue.lifetime = std::chrono::minutes(1);
    }
    uint16_t port = 0;
    loop.run([](uint16_t& port) -> rt::Task<void> {
      port = free_port();
      co_return;
    }(port));
    Town seoul({"seoul.test", "alice", kSeoulIp, directory.make("seoul"), port, queue, dns.endpoint()}, ca);
    Town busan({"busan.test", "bob", kBusanIp, directory.make("busan"), port, queue, dns.endpoint()}, ca);
    Stage stage{directory.make("you"), seoul, busan, dns, options};
    loop.run(run_all(stage));
    return stage.succeeded ? 0 : 1;
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal demo: %s\n", e.what());
    return 1;
  }
}

}  // namespace pabal::app
