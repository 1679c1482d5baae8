#include "house.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "directory/admin.h"
#include "journey/journey.h"
#include "proto/imap/sequence_set.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "support/cheap_password.h"
#include "support/store_work.h"

namespace pabal::test {

const std::vector<Script>& scripts() {
  static const std::vector<Script> all = [] {
    std::vector<Script> found;
    for (const auto& entry : std::filesystem::directory_iterator(PABAL_SOURCE_DIR "/tests/dialogues")) {
      std::ifstream file(entry.path());
      std::stringstream text;
      text << file.rdbuf();
      auto dialogue = sim::parse_dialogue(text.str());
      if (!dialogue) throw std::runtime_error(entry.path().string() + ": " + dialogue.error());
      bool waits = std::ranges::any_of(
          *dialogue, [](const sim::DialogueStep& step) { return step.kind == sim::DialogueStep::wait; });
      found.push_back({entry.path().stem(), std::move(*dialogue), waits});
    }
    std::ranges::sort(found, {}, &Script::name);
    return found;
  }();
  return all;
}

app::Config house_config(const std::string& ip, const std::string& directory,
                         const std::vector<uint16_t>& ports) {
  app::Config config;
  config.server.hostname = "mx.seoul.test";
  config.server.data_directory = directory;
  config.server.loops = 1;
  constexpr app::Protocol protocols[] = {app::Protocol::smtp, app::Protocol::submission, app::Protocol::lmtp,
                                         app::Protocol::pop3, app::Protocol::imap};
  for (size_t i = 0; i < ports.size(); ++i) {
    config.listeners.push_back(
        {protocols[i], {*io::IpAddress::parse(ip), ports[i], {}}, app::TlsMode::none, true});
  }
  config.limits.message_octets_max = 1000;
  config.limits.recipients_max = 3;
  config.limits.errors_max = 10;
  config.limits.received_max = 5;
  config.limits.command_timeout = std::chrono::seconds(20);
  config.limits.drain_timeout = std::chrono::seconds(2);
  config.dns.local_zones = {"test"};
  config.dns.dnssec = false;
  config.store.segment_octets = 1 << 16;
  return config;
}

size_t listener_of(const Script& script) {
  if (script.name.starts_with("submission-")) return 1;
  if (script.name.starts_with("lmtp-")) return 2;
  if (script.name.starts_with("pop3-")) return 3;
  if (script.name.starts_with("imap-")) return 4;
  return 0;
}

bool has_group(const Script& script) {
  return script.name.starts_with("imap-groups");
}

rt::Task<void> furnish(store::Store& store, io::World& world, const Script& script) {
  bool reads = script.name.starts_with("pop3-") || script.name.starts_with("imap-");
  bool logs_in = reads || script.name.starts_with("submission-");
  store::NewBlobs fresh;
  std::string bytes = "From: a@client.test\r\nSubject: to be read\r\n\r\n.first line\r\nsecond line\r\n";
  if (reads) fresh.push_back({bytes, store::sha256(bytes), {}});
  const bool in_group = has_group(script);
  auto work = [&store, &world, &bytes, logs_in, in_group](store::Transaction& tx,
                                                          const store::NewBlobs& blobs) {
    if (!directory::add_domain(store, tx, "seoul.test")) throw std::runtime_error("no domain");
    auto alice = directory::add_account(store, tx, world.random, "alice@seoul.test", "");
    if (!alice) throw std::runtime_error(alice.error());
    if (logs_in) set_cheap_password(tx, *alice, "secret");
    if (in_group) {
      auto team = directory::add_group(store, tx, "team@seoul.test");
      if (!team) throw std::runtime_error(team.error());
      store::set_acl(tx, *store::find_mailbox(tx.db, *team, "INBOX"), "alice@seoul.test", "lrswite");
    }
    for (int i = 0; i < 3 && !blobs.empty(); ++i) {
      store::MessageRecord message;
      message.id = MessageId{store.new_id()};
      message.reverse_path = "a@client.test";
      message.prefix = "Return-Path: <a@client.test>\r\n";
      message.hash = blobs[0].hash;
      message.size_octets = bytes.size();
      message.received_at = tx.now;
      store::insert_message(tx, message, blobs[0]);
      store::append(tx, *alice, *store::find_mailbox(tx.db, *alice, "INBOX"), message, 0);
    }
  };
  co_await test::commit(store, std::move(fresh), work);
}

std::vector<std::string> acknowledged(const std::vector<std::string>& transcript) {
  std::vector<std::string> ids;
  for (const std::string& line : transcript) {
    size_t at = line.find("accepted as ");
    if (line.starts_with("S: 250") && at != std::string::npos) ids.push_back(line.substr(at + 12, 13));
  }
  return ids;
}

namespace {

// In a mailbox or in the queue, with its record.
bool is_somewhere(store::Database& db, MessageId message) {
  int64_t places = 0;
  for (const char* table : {"mail", "queue_entry"}) {
    store::Statement count = db.prepare(std::string("SELECT count(*) FROM ") + table + " WHERE message = ?");
    count.bind(message.value);
    count.step();
    places += count.number(0);
  }
  return places > 0 && store::find_message(db, message).has_value();
}

// The DSN that tells the sender of the message's end, if there is one.
std::optional<MessageId> dsn_of(store::Database& db, MessageId message) {
  for (const journey::Event& event : journey::read(db, message)) {
    for (const auto& [name, value] : event.facts) {
      if (event.kind == "dsn" && name == "id") return journey::parse_trace_id(value);
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> lost(store::Store& store, const std::vector<std::string>& ids) {
  std::vector<std::string> missing;
  store.execute_now([&](store::Transaction& tx) {
    for (const std::string& id : ids) {
      std::optional<MessageId> message = journey::parse_trace_id(id);
      if (message && is_somewhere(tx.db, *message)) continue;
      std::optional<MessageId> dsn = message ? dsn_of(tx.db, *message) : std::nullopt;
      if (!dsn || !is_somewhere(tx.db, *dsn)) missing.push_back(id);
    }
  });
  return missing;
}

std::vector<std::string> lost_appends(store::Store& store, const std::vector<std::string>& transcript) {
  std::vector<std::string> missing;
  store.execute_now([&](store::Transaction& tx) {
    for (const std::string& line : transcript) {
      size_t at = line.find("[APPENDUID ");
      if (!line.starts_with("S: ") || at == std::string::npos) continue;
      std::string set = line.substr(line.find(' ', at + 11) + 1);
      auto uids = proto::imap::parse_sequence_set(set.substr(0, set.find(']')));
      for (const NumberRange& range : uids.value().ranges) {
        for (uint32_t uid = range.first; uid <= range.last; ++uid) {
          store::Statement count = tx.db.prepare(
              "SELECT count(*) FROM mail WHERE uid = ? AND mailbox = (SELECT inbox FROM account WHERE "
              "address = 'alice@seoul.test')");
          count.bind(int64_t{uid}).step();
          if (count.number(0) != 1) missing.push_back("UID " + std::to_string(uid));
        }
      }
    }
  });
  return missing;
}

}  // namespace pabal::test
