// A POP3 server with a real store behind it on a loopback port, for the tests
// of this folder: bob@busan.test has the password "bob's secret".
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "agent/pop3_client.h"
#include "base/bytes.h"
#include "directory/admin.h"
#include "directory/directory.h"
#include "io/connection.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "serve/pop3/server.h"
#include "store/hash.h"
#include "store/mailboxes.h"
#include "store/messages.h"
#include "tls/certificate.h"
#include "tls/context.h"

namespace pabal::agent {

class Pop3Test : public testing::Test {
 protected:
  Pop3Test() : real_({.log = {.path = "/dev/null"}}), world_(real_.world()), loop_(poller_) {
    std::string name = testing::TempDir() + "pabal-pop3-XXXXXX";
    directory_ = mkdtemp(name.data());
    tls::Credentials own = tls::make_self_signed({"mail.busan.test", "127.0.0.1"}, world_.clock.now());
    std::ofstream(directory_ + "/cert.pem") << own.certificate_pem;
    std::ofstream(directory_ + "/key.pem") << own.key_pem;
    tls_ = std::make_unique<tls::ServerContext>(
        std::vector<tls::CertificateFiles>{{directory_ + "/cert.pem", directory_ + "/key.pem"}});
    options_ = {.hostname = "mail.busan.test"};
  }
  ~Pop3Test() override { std::filesystem::remove_all(directory_); }

  // Runs `test` on a loop beside a server, which is drained afterwards.
  void with_server(listen::ListenerOptions listener, std::function<rt::Task<void>(Pop3Test&)> test) {
    store::StoreOptions where{.directory = directory_ + "/store", .readers = 2};
    store_ = store::Store::open(world_, where);
    store_->execute_now([this](store::Transaction& tx) {
      for (const directory::Account& account : directory::list_accounts(tx.db)) bob_ = account;
      if (bob_.id) return;
      ASSERT_TRUE(directory::add_domain(*store_, tx, "busan.test").has_value());
      ASSERT_TRUE(
          directory::add_account(*store_, tx, world_.random, "bob@busan.test", "bob's secret").has_value());
      bob_ = directory::list_accounts(tx.db).front();
    });
    loop_.run(run(*this, listener, test));
    store_.reset();
  }

  io::Endpoint at() const { return at_; }
  std::unique_ptr<io::Connection> connection_to(std::unique_ptr<io::Stream> stream) {
    return std::make_unique<io::Connection>(std::move(stream));
  }

  LinkOptions link(agent::TlsMode mode) const {
    return {.server = {"127.0.0.1", at_.port}, .tls = mode, .ca_file = directory_ + "/cert.pem"};
  }

  rt::Task<MessageId> deliver(std::string bytes, bool smtputf8 = false,
                              store::BodyType body = store::BodyType::seven_bit) {
    store::MessageRecord message;
    message.id = MessageId{store_->new_id()};
    message.reverse_path = "alice@seoul.test";
    message.prefix = "Return-Path: <alice@seoul.test>\r\n";
    message.hash = store::sha256(bytes);
    message.size_octets = bytes.size();
    message.smtputf8 = smtputf8;
    message.body = body;
    store::NewBlobs blobs;
    blobs.push_back({std::move(bytes), message.hash, {}});
    auto work = [](store::Transaction& tx, const store::NewBlobs& stored, store::MessageRecord record,
                   const directory::Account& bob) {
      record.received_at = tx.now;
      store::insert_message(tx, record, stored[0]);
      store::append(tx, bob.id, bob.inbox, record, 0);
    };
    co_await store_->commit(std::move(blobs), work, message, bob_);
    co_return message.id;
  }

  rt::Task<size_t> mails_left() {
    auto query = [](store::Database& db, MailboxId inbox) { return store::list_mails(db, inbox).size(); };
    co_return co_await store_->read(query, bob_.inbox);
  }

  // Says the lines after "C: ", all that stand together at once, and expects
  // those after "S: "; '*' at the end of an expected line stands for anything.
  rt::Task<void> talk(io::Connection& connection, std::string dialogue) {
    Instant deadline = rt::Loop::current().now() + std::chrono::seconds(20);
    for (std::string_view line : split(dialogue, '\n')) {
      std::string text(line.substr(std::min<size_t>(line.size(), 3)));
      if (line.starts_with("C: ")) connection.out() += text + "\r\n";
      if (!line.starts_with("S: ")) continue;
      co_await connection.flush(deadline);
      std::string got = co_await connection.read_line(65536, deadline);
      EXPECT_TRUE(got.ends_with("\r\n")) << got;
      got.resize(got.size() - 2);
      if (text.ends_with('*')) {
        text.pop_back();
        EXPECT_EQ(got.substr(0, text.size()), text) << got;
      } else {
        EXPECT_EQ(got, text);
      }
    }
    co_await connection.flush(deadline);
  }
  // One connection, one dialogue.
  rt::Task<void> talk(std::string dialogue) {
    std::unique_ptr<io::Connection> connection = co_await dial();
    co_await talk(*connection, std::move(dialogue));
  }
  rt::Task<std::unique_ptr<io::Connection>> dial() {
    Instant deadline = rt::Loop::current().now() + std::chrono::seconds(20);
    std::unique_ptr<io::Stream> stream = co_await world_.net.connect(at_, deadline);
    co_return std::make_unique<io::Connection>(std::move(stream));
  }
  // The server closes, having said nothing more.
  rt::Task<void> expect_end(io::Connection& connection) {
    bool ended = false;
    try {
      std::string more =
          co_await connection.read_line(65536, rt::Loop::current().now() + std::chrono::seconds(20));
      ADD_FAILURE() << more;
    } catch (const io::IoError& e) {
      ended = e.fault() != io::IoFault::timeout;
    }
    EXPECT_TRUE(ended);
  }

  std::string directory_;
  os::RealWorld real_;
  io::World world_;
  os::EpollPoller poller_;
  rt::Loop loop_;
  std::unique_ptr<tls::ServerContext> tls_;
  std::unique_ptr<store::Store> store_;
  directory::Account bob_;
  serve::pop3::MaildropLocks locks_;
  listen::Seats seats_{100, 100};
  directory::Gate gate_{
      world_,
      {.fake_salt_key = std::string(32, 'k'), .failure_delay = Duration(0), .failures_max = 3},
      nullptr};
  serve::pop3::Pop3Counters counters_;
  serve::pop3::Pop3Options options_;
  serve::pop3::Pop3Server* server_ = nullptr;

 private:
  static rt::Task<void> run(Pop3Test& self, listen::ListenerOptions listener,
                            std::function<rt::Task<void>(Pop3Test&)>& test) {
    directory::Directory directory(self.world_, *self.store_);
    serve::pop3::Pop3Server server(self.world_, self.seats_, *self.store_, directory, self.gate_, self.locks_,
                                   self.tls_.get(), self.options_, self.counters_);
    self.server_ = &server;
    std::unique_ptr<io::Listener> socket =
        self.world_.net.listen(*io::Endpoint::parse("127.0.0.1:0"), io::ListenOptions{});
    self.at_ = socket->local();
    rt::TaskGroup group;
    group.spawn(server.serve(std::move(socket), listener));
    std::string failed;
    try {
      rt::Task<void> body = test(self);
      co_await body;
    } catch (const std::exception& e) {
      failed = e.what();
    }
    EXPECT_EQ(failed, "");
    server.stop();
    bool drained = co_await server.join(rt::Loop::current().now() + std::chrono::seconds(20));
    EXPECT_TRUE(drained);
    co_await group.join();
    EXPECT_EQ(self.counters_.open_sessions, 0u);
    co_await self.store_->close();
  }

  io::Endpoint at_;
};

}  // namespace pabal::agent
