// Any octets, in any pieces, to a real IMAP session: it neither breaks nor hangs,
// and every response is well-formed by a grammar that is not the server's own.
//
// The first octet says what goes before: 1 logs in, 2 also selects INBOX, 4 after
// ENABLE QRESYNC, 8 IMAP4rev2; the second one how the octets are cut.
#include <algorithm>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/verify.h"
#include "directory/admin.h"
#include "directory/directory.h"
#include "io/error.h"
#include "reading/indexer.h"
#include "rt/loop.h"
#include "rt/task_group.h"
#include "serve/imap/server.h"
#include "serve/imap/text_forms.h"
#include "sim/world.h"
#include "simulation/imap_response.h"
#include "store/hash.h"
#include "support/cheap_password.h"
#include "support/disk_image.h"
#include "support/store_work.h"

namespace pabal::test {
namespace {

constexpr const char* kServerIp = "192.0.2.1";
constexpr const char* kDirectory = "/pabal";
constexpr size_t kInputMax = 64 * 1024;
constexpr size_t kAnswerMax = 64 << 20;
constexpr uint64_t kMessageMax = 20'000;

const std::string kMails[] = {
    "From: a@client.test\r\nSubject: plain\r\nMessage-ID: <1@client.test>\r\n\r\nfirst line\r\nsecond "
    "line\r\n",
    "From: =?utf-8?B?7JWI64WV?= <b@client.test>, c@client.test\r\nTo: team: d@client.test;\r\nSubject: "
    "\"quoted\" \\ and\r\n"
    " folded\r\nReferences: <1@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
    "boundary=\"x y\"\r\n\r\n"
    "--x y\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n\r\n\xec\x95\x88\r\n--x y\r\nContent-Type: "
    "message/rfc822\r\n\r\n"
    "Subject: inner\r\n\r\ninner body\r\n--x y\r\nContent-Type: image/png; name=\"a\\\"b.png\"\r\n"
    "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
    "filename*=utf-8''%ec%95%88\r\n\r\nAAAA\r\n--x y--\r\n",
    "Subject: \x80\xff\r\nFrom: \x01 broken <\r\nDate: yesterday\r\n\r\na \r alone\r\n"};

rt::Task<void> furnish(io::World& world) {
  std::unique_ptr<store::Store> store = store::Store::open(world, {.directory = kDirectory});
  store::NewBlobs fresh;
  for (const std::string& mail : kMails) fresh.push_back({mail, store::sha256(mail), {}});
  auto work = [&](store::Transaction& tx, const store::NewBlobs& blobs) {
    if (!directory::add_domain(*store, tx, "seoul.test")) throw std::runtime_error("no domain");
    auto alice = directory::add_account(*store, tx, world.random, "alice@seoul.test", "");
    if (!alice) throw std::runtime_error(alice.error());
    set_cheap_password(tx, *alice, "secret");
    for (size_t i = 0; i < blobs.size(); ++i) {
      store::MessageRecord message;
      message.id = MessageId{store->new_id()};
      message.reverse_path = "a@client.test";
      message.prefix = "Return-Path: <a@client.test>\r\n";
      message.hash = blobs[i].hash;
      message.size_octets = kMails[i].size();
      message.received_at = tx.now;
      store::insert_message(tx, message, blobs[i]);
      store::append(tx, *alice, *store::find_mailbox(tx.db, *alice, "INBOX"), message, i);
    }
  };
  co_await test::commit(*store, std::move(fresh), work);
  co_await store->close();
}

const DiskImage& furniture() {
  static const DiskImage image = [] {
    sim::SimWorld sim(1);
    sim::SimHost& host = sim.host("mx", {kServerIp});
    io::World world = host.world();
    sim.run(furnish(world));
    return take_image(host.disk(), kDirectory);
  }();
  return image;
}

struct Talk {
  std::string sent;
  std::string heard;
  bool server_ended = false;
};

rt::Task<void> send(io::Stream& stream, const Talk& talk, uint8_t cut) {
  size_t piece = cut == 0 ? SIZE_MAX : cut;
  try {
    for (size_t at = 0; at < talk.sent.size(); at += std::min(piece, talk.sent.size() - at)) {
      std::string_view some = std::string_view(talk.sent).substr(at, piece);
      co_await io::write_all(stream, some, rt::Loop::current().now() + std::chrono::minutes(1));
      if (cut % 2 == 1) co_await rt::sleep_for(std::chrono::milliseconds(cut));
    }
    // What the octets began (IDLE, a search) goes on for a while.
    co_await rt::sleep_for(std::chrono::seconds(5));
  } catch (const io::IoError&) {
    // It has heard enough.
  }
  stream.finish();
}

// Until the server has nothing more to say.
rt::Task<void> hear(io::Stream& stream, Talk& talk) {
  std::array<char, 16384> some;
  try {
    for (;;) {
      io::TryResult read = stream.try_read(some);
      if (read.kind == io::TryResult::eof) co_return;
      if (read.kind == io::TryResult::would_block) {
        co_await io::wait_readable(stream, rt::Loop::current().now() + std::chrono::hours(1));
        continue;
      }
      talk.heard.append(some.data(), read.octets);
      verify(talk.heard.size() <= kAnswerMax, "an answer has an end");
    }
  } catch (const io::IoError&) {
    // Broken off.
  }
}

rt::Task<void> play(sim::SimWorld& sim, Talk& talk, uint8_t cut) {
  io::World world = sim.host("mx").world();
  sim::SimHost& client = sim.host("client");
  std::unique_ptr<store::Store> store = store::Store::open(world, {.directory = kDirectory});
  {
    directory::Directory directory(world, *store);
    reading::Indexer indexer(world, *store, {.forms = serve::imap::text_forms()});
    serve::imap::ImapCounters counters;
    listen::Seats seats(10, 10);
    directory::Gate gate(world, {.fake_salt_key = std::string(32, 'x')}, nullptr);
    reading::SharedSnapshots snapshots;
    serve::imap::FirstTold first_told;
    serve::imap::ImapServer server(world, seats, *store, directory, gate, indexer, snapshots, first_told,
                                   nullptr, {.hostname = "mx.seoul.test", .message_octets_max = kMessageMax},
                                   counters);
    io::Endpoint at{*io::IpAddress::parse(kServerIp), 143, {}};
    rt::TaskGroup serving, talking;
    serving.spawn(indexer.run());
    serving.spawn(server.serve(world.net.listen(at, {}), {.tls = tls::Mode::none, .plaintext_auth = true}));
    std::unique_ptr<io::Stream> stream =
        co_await client.net().connect(at, rt::Loop::current().now() + std::chrono::minutes(1));
    talking.spawn(hear(*stream, talk));
    co_await send(*stream, talk, cut);
    co_await talking.join();
    server.stop();
    talk.server_ended = co_await server.join(rt::Loop::current().now() + std::chrono::hours(2));
    indexer.stop();
    co_await serving.join();
  }
  co_await store->close();
}

bool mentions(std::string_view text, std::string_view word) {
  return to_lower(text).find(word) != std::string::npos;
}

void check_responses(const Talk& talk) {
  // From then on it is not plain text.
  if (mentions(talk.sent, "compress")) return;
  bool eight_bit = mentions(talk.sent, "enable");
  std::string_view rest(talk.heard);
  size_t responses = 0;
  while (!rest.empty()) {
    size_t from = 0;
    size_t octets = simulation::response_octets(rest, from);
    // Only a connection that was cut off leaves half a response.
    verify(octets > 0, ("a whole response: " + printable(rest.substr(0, 500))).c_str());
    auto response = simulation::parse_response(rest.substr(0, octets), eight_bit);
    verify(response.has_value(), response ? "" : response.error().c_str());
    rest.remove_prefix(octets);
    ++responses;
  }
  verify(responses > 0, "there is a greeting");
}

}  // namespace

void run_session(uint8_t before, uint8_t cut, std::string_view octets) {
  Talk talk;
  if ((before & 3) != 0) talk.sent = "p1 LOGIN alice@seoul.test secret\r\n";
  if ((before & 3) != 0 && (before & 4) != 0) talk.sent += "p2 ENABLE QRESYNC\r\n";
  if ((before & 3) != 0 && (before & 8) != 0) talk.sent += "p3 ENABLE IMAP4rev2\r\n";
  if ((before & 2) != 0) talk.sent += "p4 SELECT INBOX\r\n";
  talk.sent += octets;
  sim::SimWorld sim(cut + 1);
  put_image(sim.host("mx", {kServerIp}).disk(), kDirectory, furniture());
  sim.host("client", {"192.0.2.9"});
  sim.run(play(sim, talk, cut));
  verify(talk.server_ended, "the session has ended");
  check_responses(talk);
}

}  // namespace pabal::test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > pabal::test::kInputMax) return 0;
  pabal::test::run_session(data[0], data[1], {reinterpret_cast<const char*>(data + 2), size - 2});
  return 0;
}
