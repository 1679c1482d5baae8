#include "writer.h"

#include <algorithm>

#include "rt/loop.h"
#include "smtp_client.h"

namespace pabal::simulation {

namespace {

template <class T, size_t N>
const T& pick(sim::SimRandom& random, const T (&of)[N]) {
  return of[random.below(N)];
}

const std::string kPeople[kServers][3] = {{"alice@seoul.test", "bob@seoul.test", "erin@seoul.test"},
                                          {"carol@busan.test", "dave@busan.test", "frank@busan.test"}};
const std::string kStrangers[] = {"x@jeju.test", "y@jeju.test", ""};
const std::string kEverybody[] = {
    "alice@seoul.test", "bob@seoul.test",    "small@seoul.test",  "small@seoul.test", "team@seoul.test",
    "ghost@seoul.test", "carol@busan.test",  "dave@busan.test",   "carol@busan.test", "small@busan.test",
    "small@busan.test", "x@jeju.test",       "y@jeju.test",       "x@jeju.test",      "y@jeju.test",
    "z@jeju.test",      "nobody@seoul.test", "nobody@busan.test", "who@gone.test",    "who@null.test",
    "who@silent.test",  "erin@seoul.test",   "frank@busan.test"};

std::string text_of(sim::SimRandom& random, const Letter& letter, int received) {
  std::string text;
  // As if it had been on its way for long: some servers call that a loop.
  for (int i = 0; i < received; ++i)
    text += "Received: from a.test by b.test; Fri, 21 Nov 2025 00:00:00 +0000\r\n";
  text += "From: <" + (letter.from.empty() ? "postmaster@elsewhere.test" : letter.from) + ">\r\n";
  text += "To: <" + letter.to[0] + ">\r\nDate: Fri, 21 Nov 2025 00:00:00 +0000\r\n";
  text += "Message-ID: <" + letter.token + "@client.test>\r\nSubject: letter " + letter.token + "\r\n";
  if (letter.eight_bit)
    text +=
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n";
  text += "\r\n";
  constexpr uint64_t sizes[] = {100, 1'000, 5'000, 30'000};
  uint64_t wanted = random.up_to(pick(random, sizes));
  for (uint64_t line = 0; line == 0 || text.size() < wanted + 300; ++line) {
    if (random.chance(10)) text += '.';
    text += std::string(random.below(76), static_cast<char>('a' + random.below(26)));
    if (letter.eight_bit && line == 0) text += "안녕";
    if (letter.smuggled && line == 0) text += "\n.\nMAIL FROM:<x@y.test>";
    text += "\r\n";
  }
  return text;
}

bool lives_on(const std::string& address, size_t server) {
  return address.ends_with(std::string("@") + kDomains[server]);
}

// Somebody whom delivery there cannot fail for.
bool is_certain(const std::string& address, size_t server) {
  return lives_on(address, server) && address == owner_of(address) && !address.starts_with("small@");
}

}  // namespace

rt::Task<void> write_letters(io::World world, tls::ClientContext& tls, std::string name, size_t letters,
                             Duration active, Ledger& ledger, uint64_t seed) {
  sim::SimRandom random(seed);
  for (size_t n = 0; n < letters; ++n) {
    // Often one behind the other, and all writers at the same time.
    if (random.chance(40))
      co_await rt::sleep_for(Duration(random.below(static_cast<uint64_t>(active.count()) * 2 / letters)));
    size_t server = random.below(kServers);
    bool submission = random.chance(60);
    Manners manners = draw_manners(random, submission);
    std::string token = name + "-" + std::to_string(n);
    Letter& letter = ledger.letters[token];
    letter.token = token;
    letter.from = submission ? kPeople[server][random.below(3)] : pick(random, kStrangers);
    if (submission) manners.user = letter.from;
    uint64_t recipients = manners.entrance == Entrance::lmtp ? 1 : random.up_to(3);
    for (int tries = 0; letter.to.size() < recipients && (letter.to.empty() || tries < 10); ++tries) {
      std::string to = pick(random, kEverybody);
      // From outside, only those who live here are accepted.
      if (!submission && random.chance(60)) to = kPeople[server][random.below(3)];
      if (!submission && random.chance(30)) to = server == 0 ? "ghost@seoul.test" : "small@busan.test";
      bool has =
          std::ranges::any_of(letter.to, [&](const std::string& o) { return owner_of(o) == owner_of(to); });
      if (!has) letter.to.push_back(to);
    }
    for (const std::string& to : letter.to) {
      if (is_certain(to, server)) letter.certain.insert(to);
    }
    letter.eight_bit = random.chance(15);
    letter.of_a_user = submission;
    letter.smuggled = !manners.chunks && random.chance(5);
    letter.text = text_of(random, letter, random.chance(10) ? 4 : 0);
    uint16_t port = submission ? kSubmissionPort : manners.entrance == Entrance::lmtp ? kLmtpPort : kSmtpPort;
    co_await send_letter(world, tls, {*io::IpAddress::parse(kServerIps[server]), port, {}}, manners, letter,
                         ledger);
    std::string line = token + " from <" + letter.from + "> to";
    for (const std::string& to : letter.to) line += " " + to;
    ledger.note(line + ", " + std::to_string(letter.text.size()) + " octets, at " + kHosts[server] + ":" +
                std::to_string(port) + ": " + to_text(letter.told) + " (" + letter.reply + ")");
  }
}

}  // namespace pabal::simulation
