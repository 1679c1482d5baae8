// Our POP3 client with our server, and `pabal fetch` over both.
#include "agent/fetch.h"
#include "console/console.h"
#include "pop3_fixture.h"

namespace pabal::agent {
namespace {

namespace fs = std::filesystem;

constexpr listen::ListenerOptions kInTheClear{.tls = tls::Mode::none, .plaintext_auth = true};
constexpr listen::ListenerOptions kStls{.tls = tls::Mode::starttls};
constexpr listen::ListenerOptions kImplicit{.tls = tls::Mode::implicit};

class Pop3ClientTest : public Pop3Test {
 public:
  using Pop3Test::counters_;
  using Pop3Test::deliver;
  using Pop3Test::directory_;
  using Pop3Test::link;
  using Pop3Test::mails_left;
  using Pop3Test::world_;

  agent::TlsMode mode_ = agent::TlsMode::none;

 protected:
  void with(listen::ListenerOptions listener, rt::Task<void> (*test)(Pop3ClientTest&)) {
    if (listener.tls == tls::Mode::starttls) mode_ = agent::TlsMode::starttls;
    if (listener.tls == tls::Mode::implicit) mode_ = agent::TlsMode::implicit;
    with_server(listener, [test](Pop3Test& self) { return test(static_cast<Pop3ClientTest&>(self)); });
  }
};

rt::Task<void> reads_all(Pop3ClientTest& t) {
  for (int i = 0; i < 40; ++i)
    co_await t.deliver("Subject: " + std::to_string(i) + "\r\n\r\n.\r\n" + std::string(1000, 'x') + "\r\n");
  Pop3Client client(t.world_, t.link(t.mode_));
  co_await client.open("bob@busan.test", "bob's secret");
  std::vector<Pop3Client::Entry> entries = co_await client.list();
  EXPECT_EQ(entries.size(), 40u);
  std::vector<uint32_t> numbers;
  for (const Pop3Client::Entry& entry : entries) {
    EXPECT_FALSE(entry.uid.empty());
    numbers.push_back(entry.number);
  }
  client.request(numbers, Pop3Client::What::whole);
  for (const Pop3Client::Entry& entry : entries) {
    std::string text = co_await client.next();
    EXPECT_EQ(text.size(), entry.size_octets);
    EXPECT_NE(text.find("\r\n\r\n.\r\nxxx"), std::string::npos);
  }
  client.request(numbers, Pop3Client::What::head);
  for (size_t i = 0; i < entries.size(); ++i) {
    std::string head = co_await client.next();
    EXPECT_NE(head.find("Subject: " + std::to_string(i) + "\r\n"), std::string::npos);
    EXPECT_EQ(head.find("xxx"), std::string::npos);
  }
  co_await client.remove(numbers);
  co_await client.quit();
  EXPECT_EQ(co_await t.mails_left(), 0u);
}

TEST_F(Pop3ClientTest, ReadsInTheClear) {
  with(kInTheClear, reads_all);
}
TEST_F(Pop3ClientTest, ReadsOverStls) {
  with(kStls, reads_all);
  EXPECT_EQ(counters_.tls_sessions, 1u);
}
TEST_F(Pop3ClientTest, ReadsOverTls) {
  with(kImplicit, reads_all);
}

rt::Task<void> wrong_password(Pop3ClientTest& t) {
  Pop3Client client(t.world_, t.link(t.mode_));
  std::string refused;
  try {
    co_await client.open("bob@busan.test", "wrong");
  } catch (const CommandError& e) {
    refused = e.what();
  }
  EXPECT_NE(refused.find("[AUTH]"), std::string::npos) << refused;
}

TEST_F(Pop3ClientTest, TellsAWrongPassword) {
  with(kImplicit, wrong_password);
}

rt::Task<void> untrusted(Pop3ClientTest& t) {
  LinkOptions link = t.link(t.mode_);
  link.ca_file.clear();
  Pop3Client client(t.world_, link);
  std::string refused;
  try {
    co_await client.open("bob@busan.test", "bob's secret");
  } catch (const CommandError& e) {
    refused = e.what();
  }
  EXPECT_NE(refused.find("--ca"), std::string::npos) << refused;
  link.insecure = true;
  Pop3Client trusting(t.world_, link);
  co_await trusting.open("bob@busan.test", "bob's secret");
  co_await trusting.quit();
}

TEST_F(Pop3ClientTest, TrustsNoUnknownCertificate) {
  with(kImplicit, untrusted);
}

rt::Task<Fetched> fetched(Pop3ClientTest& t, std::string target, bool remove) {
  Pop3Client client(t.world_, t.link(t.mode_));
  co_await client.open("bob@busan.test", "bob's secret");
  FetchOptions options{.target = *parse_target(target), .remove = remove};
  options.account = client.account_name();
  co_return co_await fetch(t.world_, client, std::move(options));
}

rt::Task<void> keeps_then_deletes(Pop3ClientTest& t) {
  std::string target = "maildir:" + t.directory_ + "/Maildir";
  co_await t.deliver("Subject: one\r\n\r\nhello\r\n");
  Fetched first = co_await fetched(t, target, false);
  EXPECT_EQ(first.fetched, 1u);
  co_await t.deliver("Subject: two\r\n\r\nhello\r\n");
  Fetched second = co_await fetched(t, target, false);
  EXPECT_EQ(second.fetched, 1u);
  EXPECT_EQ(second.known, 1u);
  EXPECT_EQ(co_await t.mails_left(), 2u);
  co_await t.deliver("Subject: three\r\n\r\nhello\r\n");
  Fetched last = co_await fetched(t, target, true);
  EXPECT_EQ(last.fetched, 1u);
  EXPECT_EQ(last.removed, 3u);
  EXPECT_EQ(co_await t.mails_left(), 0u);
  EXPECT_EQ(std::distance(fs::directory_iterator(t.directory_ + "/Maildir/new"), {}), 3);
}

TEST_F(Pop3ClientTest, FetchesEachMailOnce) {
  with(kInTheClear, keeps_then_deletes);
}

rt::Task<void> nowhere_to_put_it(Pop3ClientTest& t) {
  co_await t.deliver("Subject: one\r\n\r\nhello\r\n");
  bool failed = false;
  try {
    co_await fetched(t, "mbox:" + t.directory_ + "/missing/mbox", true);
  } catch (const io::IoError&) {
    failed = true;
  }
  EXPECT_TRUE(failed);
  EXPECT_EQ(co_await t.mails_left(), 1u);
}

TEST_F(Pop3ClientTest, DeletesNothingThatCouldNotBeSaved) {
  with(kInTheClear, nowhere_to_put_it);
}

}  // namespace
}  // namespace pabal::agent
