#include "rig.h"

#include <gtest/gtest.h>

#include "directory/admin.h"
#include "proto/smtp/path.h"
#include "store/mailboxes.h"
#include "support/store_work.h"

namespace pabal::deliver {

namespace {

constexpr const char* kHostname = "mx.seoul.test";

mail::Address address(const std::string& text) {
  return *mail::parse_address(text, true);
}

}  // namespace

OurServer::OurServer(io::World& world, const RigOptions& options, tls::ClientContext& tls)
    : store(store::Store::open(world, {.directory = "/data"})),
      directory(world, *store),
      queue(world, *store, options.queue),
      intake(world, directory, *store, queue, {.hostname = kHostname}),
      deliverer(world, *store, directory, queue, intake, &tls, options.routes, options.deliver) {}

Rig::Rig(uint64_t seed) : sim(seed), world(sim.host("us", {"192.0.2.1"}).world()), tls(tls::ClientOptions{}) {
  options.queue.look_again_after = Duration(0);
  options.deliver.hostname = kHostname;
  options.routes.hostname = kHostname;
  store::StoreOptions at{.directory = "/data"};
  std::unique_ptr<store::Store> store = store::Store::open(world, at);
  store->execute_now([&](store::Transaction& tx) {
    EXPECT_TRUE(directory::add_domain(*store, tx, "seoul.test"));
    EXPECT_TRUE(directory::add_account(*store, tx, world.random, "alice@seoul.test", ""));
  });
  sim.run(store->close());
}

Rig::~Rig() = default;

Peer& Rig::peer(const std::string& name, const std::string& ip) {
  sim.resolver().add(name + ". A " + ip);
  return *peers_.emplace_back(std::make_unique<Peer>(sim, name, ip));
}

void Rig::run(Scenario scenario) {
  sim.run(drive(scenario));
}

void Rig::start_server() {
  server = std::make_unique<OurServer>(world, options, tls);
  server_running_.spawn(server->deliverer.run());
}

rt::Task<void> Rig::stop_server() {
  server->deliverer.stop(rt::Loop::current().now() + std::chrono::seconds(30));
  co_await server_running_.join();
  EXPECT_EQ(server->queue.claimed(), 0u);
  co_await server->store->close();
  server.reset();
}

rt::Task<void> Rig::drive(Scenario scenario) {
  for (auto& peer : peers_) peers_running_.spawn(peer->run());
  co_await rt::sleep_for(std::chrono::seconds(1));
  start_server();
  co_await scenario(*this);
  if (server) co_await stop_server();
  for (auto& peer : peers_) peer->stop();
  co_await peers_running_.join();
}

rt::Task<MessageId> Rig::accept(Letter letter) {
  intake::Incoming incoming;
  incoming.origin.protocol = "ESMTP";
  incoming.origin.helo = "client.test";
  incoming.origin.peer = "192.0.2.77";
  if (!letter.from.empty()) incoming.envelope.reverse_path.address = address(letter.from);
  incoming.envelope.smtputf8 = letter.smtputf8;
  incoming.envelope.body = letter.body;
  incoming.envelope.ret = letter.ret;
  incoming.envelope.envid = letter.envid;
  incoming.bytes = letter.text;
  for (const std::string& to : letter.to) {
    intake::Recipient recipient;
    recipient.path = address(to);
    recipient.notify = letter.notify;
    if (!letter.orcpt.empty()) recipient.orcpt = proto::smtp::Orcpt{"rfc822", letter.orcpt};
    recipient.where = co_await server->directory.resolve(recipient.path);
    incoming.envelope.recipients.push_back(std::move(recipient));
  }
  co_return co_await server->intake.accept(std::move(incoming));
}

rt::Task<bool> Rig::until(std::function<bool()> holds, Duration limit) {
  Instant deadline = rt::Loop::current().now() + limit;
  while (!holds() && rt::Loop::current().now() < deadline) co_await rt::sleep_for(std::chrono::seconds(1));
  co_return holds();
}

rt::Task<bool> Rig::until_empty(Duration limit) {
  Instant deadline = rt::Loop::current().now() + limit;
  for (;;) {
    std::vector<queue::Entry> left = co_await entries();
    if (left.empty()) co_return true;
    if (rt::Loop::current().now() >= deadline) co_return false;
    co_await rt::sleep_for(std::chrono::seconds(10));
  }
}

rt::Task<std::vector<queue::Entry>> Rig::entries() {
  auto query = [](store::Database& db) {
    std::vector<QueueEntryId> ids;
    store::Statement select = db.prepare("SELECT id FROM queue_entry ORDER BY id");
    while (select.step()) ids.push_back({select.number(0)});
    std::vector<queue::Entry> found;
    for (QueueEntryId id : ids) found.push_back(*queue::find(db, id));
    return found;
  };
  co_return co_await test::read(*server->store, query);
}

rt::Task<std::vector<std::string>> Rig::inbox() {
  std::optional<directory::Account> alice = co_await server->directory.account("alice@seoul.test");
  MailboxId inbox = alice->inbox;
  auto query = [inbox](store::Database& db) {
    std::vector<store::MessageRecord> records;
    for (const store::Mail& mail : store::list_mails(db, inbox))
      records.push_back(*store::find_message(db, mail.message));
    return records;
  };
  std::vector<store::MessageRecord> records = co_await test::read(*server->store, query);
  std::vector<std::string> mails;
  for (const store::MessageRecord& record : records) {
    std::string bytes = co_await server->store->message_bytes(record.id);
    mails.push_back(record.prefix + bytes);
  }
  co_return mails;
}

rt::Task<std::vector<proto::dsn::ParsedReport>> Rig::reports() {
  std::vector<proto::dsn::ParsedReport> found;
  std::vector<std::string> mails = co_await inbox();
  for (const std::string& mail : mails) {
    if (auto report = proto::dsn::parse(mail)) found.push_back(std::move(*report));
  }
  co_return found;
}

rt::Task<std::vector<journey::Event>> Rig::journey(MessageId id) {
  auto query = [id](store::Database& db) { return journey::read(db, id); };
  co_return co_await test::read(*server->store, query);
}

rt::Task<std::string> Rig::fact(MessageId id, std::string kind, std::string name) {
  std::vector<journey::Event> events = co_await journey(id);
  std::string value;
  for (const journey::Event& event : events) {
    if (event.kind != kind) continue;
    for (const auto& [key, text] : event.facts) {
      if (key == name) value = text;
    }
  }
  co_return value;
}

}  // namespace pabal::deliver
