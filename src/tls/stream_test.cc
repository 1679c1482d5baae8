#include "tls/stream.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "rt/task_group.h"
#include "tls/certificate.h"
#include "tls/context.h"
#include "tls/memory_stream_for_test.h"

namespace pabal::tls {
namespace {

using namespace std::chrono_literals;
using io::IoError;
using io::IoFault;
using io::Stream;
using io::TryResult;
using rt::Task;
using rt::TaskGroup;

// Nothing outside happens here: time jumps to the next deadline.
class JumpingPoller : public rt::Poller {
 public:
  Instant now() override { return now_; }
  void wait(Instant until) override {
    verify(until != Instant::never(), "everybody waits for ever");
    now_ = std::max(now_, until);
  }
  void interrupt() override {}

 private:
  Instant now_{1'000'000};
};

Time today() {
  return {std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

Instant soon() {
  return rt::Loop::current().now() + 60s;
}

// A test asks for many certificates, and one authority is enough.
const Credentials& authority() {
  static const Credentials ca = make_ca("Test authority", today());
  return ca;
}

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pabal-tls-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  CertificateFiles write_files(const std::string& name, const Credentials& credentials) {
    CertificateFiles files{directory + '/' + name + ".crt", directory + '/' + name + ".key"};
    std::ofstream(files.certificate_path) << credentials.certificate_pem;
    std::ofstream(files.key_path) << credentials.key_pem;
    return files;
  }
  CertificateFiles files_for(const std::string& host) {
    return write_files(host, issue(authority(), {host, "127.0.0.1"}, today()));
  }
  ClientOptions verifying() { return {.verify = true, .ca_file = {}, .ca_pem = authority().certificate_pem}; }

  std::string directory;
  JumpingPoller poller;
  rt::Loop loop{poller};
};

// What came of a handshake.
struct Side {
  std::unique_ptr<TlsStream> stream;
  std::unique_ptr<IoError> error;
};

Task<void> accept_into(std::unique_ptr<Stream> below, ServerContext& context, Side& side) {
  try {
    side.stream = co_await accept(std::move(below), context, soon());
  } catch (const IoError& e) {
    side.error = std::make_unique<IoError>(e);
  }
}

Task<void> connect_into(std::unique_ptr<Stream> below, ClientContext& context, std::string host, Side& side) {
  try {
    side.stream = co_await connect(std::move(below), context, host, soon());
  } catch (const IoError& e) {
    side.error = std::make_unique<IoError>(e);
  }
}

struct Both {
  Side client, server;
};

Task<void> shake(ServerContext& server, ClientContext& client, std::string host, Both& both) {
  auto ends = MemoryStream::make_pair();
  TaskGroup group;
  group.spawn(accept_into(std::move(ends.second), server, both.server));
  group.spawn(connect_into(std::move(ends.first), client, host, both.client));
  co_await group.join();
}

Task<std::string> read_to_end(Stream& stream) {
  std::string all;
  std::vector<char> buffer(5000);
  for (;;) {
    TryResult result = stream.try_read(buffer);
    if (result.kind == TryResult::eof) co_return all;
    if (result.kind == TryResult::done) all.append(buffer.data(), result.octets);
    if (result.kind == TryResult::would_block) co_await io::wait_readable(stream, soon());
  }
}

Task<void> send_and_finish(Stream& stream, std::string bytes) {
  co_await io::write_all(stream, bytes, soon());
  while (stream.try_write(".").kind == TryResult::would_block) co_await stream.writable(soon());
  stream.finish();
}

TEST_F(TlsTest, AVerifiedHandshakeIsDescribed) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both;
  loop.run(shake(server, client, "mx.busan.test", both));
  ASSERT_TRUE(both.client.stream && both.server.stream)
      << (both.client.error ? both.client.error->what() : "")
      << (both.server.error ? both.server.error->what() : "");
  TlsInfo info = both.client.stream->info();
  EXPECT_EQ(info.version, "TLSv1.3");
  EXPECT_EQ(info.peer_subject, "CN=mx.busan.test");
  EXPECT_TRUE(info.verified) << info.reason;
  EXPECT_FALSE(both.server.stream->info().verified);
  EXPECT_EQ(both.server.stream->info().peer_subject, "");
}

TEST_F(TlsTest, ChannelBindingsAreEqualOnBothSides) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both, other;
  loop.run(shake(server, client, "mx.busan.test", both));
  loop.run(shake(server, client, "mx.busan.test", other));
  ASSERT_TRUE(both.client.stream && both.server.stream && other.client.stream);
  std::string exporter = both.client.stream->channel_binding_exporter();
  EXPECT_EQ(exporter.size(), 32u);
  EXPECT_EQ(exporter, both.server.stream->channel_binding_exporter());
  EXPECT_NE(exporter, other.client.stream->channel_binding_exporter());
  std::string end_point = both.client.stream->channel_binding_server_end_point();
  EXPECT_EQ(end_point.size(), 32u);
  EXPECT_EQ(end_point, both.server.stream->channel_binding_server_end_point());
}

Task<void> exchange(Both& both, std::string sent, std::string& there, std::string& back) {
  TaskGroup group;
  group.spawn(send_and_finish(*both.client.stream, sent));
  there = co_await read_to_end(*both.server.stream);
  co_await group.join();
  group.spawn(send_and_finish(*both.server.stream, sent));
  back = co_await read_to_end(*both.client.stream);
  co_await group.join();
}

TEST_F(TlsTest, LargeTransfersBothWaysOverANarrowWire) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both;
  loop.run(shake(server, client, "mx.busan.test", both));
  ASSERT_TRUE(both.client.stream && both.server.stream);
  std::string sent(3 << 20, '\0'), there, back;
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * i >> 7);
  loop.run(exchange(both, sent, there, back));
  EXPECT_TRUE(there == sent + '.');
  EXPECT_TRUE(back == sent + '.');
}

TEST_F(TlsTest, AWrongHostIsRefusedWhenVerifyingAndRecordedOtherwise) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext strict(verifying());
  Both both;
  loop.run(shake(server, strict, "mx.seoul.test", both));
  ASSERT_TRUE(both.client.error);
  EXPECT_EQ(both.client.error->fault(), IoFault::tls);
  EXPECT_EQ(std::string(both.client.error->what()),
            "TLS with 0.0.0.0:7: certificate verify failed: hostname mismatch");

  ClientContext opportunistic({.verify = false, .ca_file = {}, .ca_pem = authority().certificate_pem});
  Both taken;
  loop.run(shake(server, opportunistic, "mx.seoul.test", taken));
  ASSERT_TRUE(taken.client.stream);
  EXPECT_FALSE(taken.client.stream->info().verified);
  EXPECT_EQ(taken.client.stream->info().reason, "hostname mismatch");
}

TEST_F(TlsTest, AnAddressInTheCertificateIsVerified) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both right, wrong;
  loop.run(shake(server, client, "127.0.0.1", right));
  EXPECT_TRUE(right.client.stream);
  loop.run(shake(server, client, "127.0.0.2", wrong));
  ASSERT_TRUE(wrong.client.error);
  EXPECT_NE(std::string(wrong.client.error->what()).find("IP address mismatch"), std::string::npos);
}

TEST_F(TlsTest, ASelfSignedCertificateIsNotTrustedUnlessNamed) {
  Credentials own = make_self_signed({"mail.test", "::1"}, today());
  ServerContext server({write_files("own", own)});
  ClientContext client(verifying());
  Both refused, taken;
  loop.run(shake(server, client, "mail.test", refused));
  ASSERT_TRUE(refused.client.error && refused.server.error);
  EXPECT_NE(std::string(refused.client.error->what()).find("self-signed"), std::string::npos)
      << refused.client.error->what();
  EXPECT_NE(std::string(refused.server.error->what()).find("alert"), std::string::npos)
      << refused.server.error->what();
  ClientContext knowing({.verify = true, .ca_file = write_files("ca", own).certificate_path, .ca_pem = {}});
  loop.run(shake(server, knowing, "mail.test", taken));
  EXPECT_TRUE(taken.client.stream) << taken.client.error->what();
}

TEST_F(TlsTest, SniChoosesTheCertificateAndReloadReadsItAgain) {
  ServerContext server({files_for("mx.seoul.test"), files_for("mx.busan.test")});
  ClientContext client(verifying());
  for (std::string host : {"mx.busan.test", "mx.seoul.test"}) {
    Both both;
    loop.run(shake(server, client, host, both));
    ASSERT_TRUE(both.client.stream) << both.client.error->what();
    EXPECT_EQ(both.client.stream->info().peer_subject, "CN=" + host);
  }
  ClientContext opportunistic({});
  Both unknown;
  loop.run(shake(server, opportunistic, "mx.jeju.test", unknown));
  ASSERT_TRUE(unknown.client.stream);
  EXPECT_EQ(unknown.client.stream->info().peer_subject, "CN=mx.seoul.test");

  write_files("mx.seoul.test", issue(authority(), {"mx.jeju.test"}, today()));
  server.reload();
  Both fresh;
  loop.run(shake(server, client, "mx.jeju.test", fresh));
  ASSERT_TRUE(fresh.client.stream) << fresh.client.error->what();

  std::ofstream(directory + "/mx.seoul.test.key") << "no key";
  EXPECT_THROW(server.reload(), IoError);
  Both still;
  loop.run(shake(server, client, "mx.jeju.test", still));
  EXPECT_TRUE(still.client.stream);
}

TEST_F(TlsTest, MissingFilesAreNamed) {
  try {
    ServerContext server({{directory + "/no.crt", directory + "/no.key"}});
    FAIL();
  } catch (const IoError& e) {
    EXPECT_EQ(e.what(), "certificate " + directory + "/no.crt: No such file or directory");
  }
}

Task<void> talk_wrongly(ServerContext& server, std::string bytes, bool close, Side& side) {
  auto ends = MemoryStream::make_pair();
  TaskGroup group;
  group.spawn(accept_into(std::move(ends.second), server, side));
  co_await io::write_all(*ends.first, bytes, soon());
  if (close) ends.first->finish();
  co_await group.join();
}

TEST_F(TlsTest, WrongBytesAndSilenceEndTheHandshakeWithAReason) {
  ServerContext server({files_for("mx.busan.test")});
  Side side;
  loop.run(talk_wrongly(server, "EHLO client.test\r\n", false, side));
  ASSERT_TRUE(side.error);
  EXPECT_EQ(side.error->fault(), IoFault::tls);
  EXPECT_EQ(std::string(side.error->what()), "TLS with 0.0.0.0:7: wrong version number");

  loop.run(talk_wrongly(server, std::string("\x16\x03\x01\x02\x00\x01", 6), true, side));
  EXPECT_EQ(side.error->fault(), IoFault::closed);

  loop.run(talk_wrongly(server, std::string("\x16\x03\x01\x02\x00\x01", 6), false, side));
  EXPECT_EQ(side.error->fault(), IoFault::timeout);
}

// The plain dialogue that comes before STARTTLS, then TLS on the same stream.
Task<void> serve_starttls(std::unique_ptr<Stream> plain, ServerContext& context, std::string& got) {
  std::vector<char> buffer(100);
  co_await io::wait_readable(*plain, soon());
  TryResult command = plain->try_read(buffer);
  EXPECT_EQ(std::string_view(buffer.data(), command.octets), "STARTTLS\r\n");
  co_await io::write_all(*plain, "220 go\r\n", soon());
  plain->wake();  // while TLS begins, somebody wants the session's attention
  std::unique_ptr<TlsStream> stream = co_await accept(std::move(plain), context, soon());
  EXPECT_TRUE(co_await io::wait_readable(*stream, soon()));
  got = co_await read_to_end(*stream);
  stream->finish();
}

Task<void> ask_starttls(std::unique_ptr<Stream> plain, ClientContext& context) {
  co_await io::write_all(*plain, "STARTTLS\r\n", soon());
  co_await io::wait_readable(*plain, soon());
  std::vector<char> buffer(100);
  plain->try_read(buffer);
  std::unique_ptr<TlsStream> stream = co_await connect(std::move(plain), context, "mx.busan.test", soon());
  co_await send_and_finish(*stream, "EHLO again");
  EXPECT_EQ(co_await read_to_end(*stream), "");
}

Task<void> upgrade(ServerContext& server, ClientContext& client, std::string& got) {
  auto ends = MemoryStream::make_pair();
  TaskGroup group;
  group.spawn(serve_starttls(std::move(ends.second), server, got));
  group.spawn(ask_starttls(std::move(ends.first), client));
  co_await group.join();
}

TEST_F(TlsTest, AStreamIsUpgradedInTheMiddleAndNoWakeIsLost) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  std::string got;
  loop.run(upgrade(server, client, got));
  EXPECT_EQ(got, "EHLO again.");
}

Task<void> cut_short(Both& both, std::string& got, IoFault& fault) {
  co_await io::write_all(*both.client.stream, "half a mess", soon());
  both.client.stream.reset();  // the wire ends, without close_notify
  try {
    std::vector<char> buffer(100);
    for (;;) {
      TryResult result = both.server.stream->try_read(buffer);
      if (result.kind == TryResult::done) got.append(buffer.data(), result.octets);
      if (result.kind == TryResult::eof) break;
      if (result.kind == TryResult::would_block) co_await io::wait_readable(*both.server.stream, soon());
    }
  } catch (const IoError& e) {
    fault = e.fault();
  }
  both.server.stream->finish();
}

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsNotAnEndOfFile) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both;
  loop.run(shake(server, client, "mx.busan.test", both));
  ASSERT_TRUE(both.client.stream && both.server.stream);
  std::string got;
  IoFault fault = IoFault::other;
  loop.run(cut_short(both, got, fault));
  EXPECT_EQ(got, "half a mess");
  EXPECT_EQ(fault, IoFault::closed);
}

Task<void> write_to_nobody(Both& both, IoFault& fault) {
  both.server.stream.reset();
  try {
    co_await io::write_all(*both.client.stream, "hello?", soon());
  } catch (const IoError& e) {
    fault = e.fault();
  }
}

TEST_F(TlsTest, WhatTheStreamBelowThrowsComesThrough) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both;
  loop.run(shake(server, client, "mx.busan.test", both));
  ASSERT_TRUE(both.client.stream && both.server.stream);
  IoFault fault = IoFault::other;
  loop.run(write_to_nobody(both, fault));
  EXPECT_EQ(fault, IoFault::reset);
}

Task<void> read_in_sips(Both& both, std::string& got) {
  co_await io::write_all(*both.client.stream, "one record, read octet by octet", soon());
  char octet;
  while (got.size() < 31) {
    // Every octet is waited for, although OpenSSL holds all of them after the first.
    co_await io::wait_readable(*both.server.stream, soon());
    if (both.server.stream->try_read({&octet, 1}).kind == TryResult::done) got += octet;
  }
  EXPECT_EQ(co_await both.server.stream->readable(rt::Loop::current().now() + 1s), rt::Wake::deadline);
}

TEST_F(TlsTest, WhatIsDecryptedAlreadyIsReadableAtOnce) {
  ServerContext server({files_for("mx.busan.test")});
  ClientContext client(verifying());
  Both both;
  loop.run(shake(server, client, "mx.busan.test", both));
  ASSERT_TRUE(both.client.stream && both.server.stream);
  std::string got;
  loop.run(read_in_sips(both, got));
  EXPECT_EQ(got, "one record, read octet by octet");
}

}  // namespace
}  // namespace pabal::tls
