#include <gtest/gtest.h>

#include "proto/sasl/client.h"
#include "proto/sasl/scram.h"
#include "proto/sasl/server.h"

namespace pabal::proto::sasl {
namespace {

const std::string kNonce = "rOprNGfwEbeRWgbNEkqO";
const std::string kFakeKey(32, 'k');

ServerOptions server_options(ChannelBindings bindings = {}, bool plus_offered = false) {
  return {.nonce = "0123456789abcdefghij",
          .fake_salt_key = kFakeKey,
          .bindings = bindings,
          .plus_offered = plus_offered};
}

template <class S>
S expect_step(Step step) {
  if (S* s = std::get_if<S>(&step)) return *s;
  ADD_FAILURE() << "another step: " << step.index();
  return S{};
}

bool fails(const Step& step, Failure why) {
  auto* failed = std::get_if<Failed>(&step);
  return failed && failed->why == why;
}

TEST(SaslPlain, ServerTakesItApart) {
  ServerExchange server(Mechanism::plain, {});
  auto check = expect_step<CheckPassword>(server.start(std::string_view("alice\0bob\0pass word", 19)));
  EXPECT_EQ(check.authzid, "alice");
  EXPECT_EQ(check.authcid, "bob");
  EXPECT_EQ(check.password, "pass word");
  EXPECT_EQ(expect_step<Challenge>(ServerExchange(Mechanism::plain, {}).start(std::nullopt)).bytes, "");
}

TEST(SaslPlain, Malformed) {
  using namespace std::string_view_literals;
  for (std::string_view bad :
       {""sv, "a"sv, "\0a"sv, "\0\0p"sv, "\0a\0"sv, "\0a\0p\0"sv, "\0a\0\xff"sv, "\0\xff\0p"sv})
    EXPECT_TRUE(fails(ServerExchange(Mechanism::plain, {}).start(bad), Failure::malformed)) << bad.size();
  EXPECT_TRUE(fails(ServerExchange(Mechanism::plain, {}).step(std::string(kResponseMax + 1, 'x')),
                    Failure::too_long));
}

TEST(SaslLogin, BothSides) {
  ServerExchange server(Mechanism::login, {});
  ClientExchange client(Mechanism::login, {"", "bob", "secret"}, {});
  EXPECT_FALSE(client.initial_response());
  auto first = expect_step<Challenge>(server.start(std::nullopt));
  auto second = expect_step<Challenge>(server.step(*client.step(first.bytes)));
  auto check = expect_step<CheckPassword>(server.step(*client.step(second.bytes)));
  EXPECT_EQ(check.authcid, "bob");
  EXPECT_EQ(check.password, "secret");
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.step("more"));
}

// The example of RFC 7677 §3.
TEST(SaslScram, ExampleOfTheRfc) {
  ClientExchange client(Mechanism::scram_sha_256, {"", "user", "pencil"}, {.nonce = "rOprNGfwEbeRWgbNEkqO"});
  EXPECT_EQ(client.initial_response(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  auto final =
      client.step("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  ASSERT_TRUE(final);
  EXPECT_EQ(*final,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_FALSE(client.finished());
  EXPECT_EQ(client.step("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), "");
  EXPECT_TRUE(client.finished());
}

struct Result {
  std::optional<Done> done;
  std::optional<Failure> failure;
  bool client_satisfied = false;
};

Result dialogue(ServerExchange server, ClientExchange client, const std::optional<ScramSecret>& secret) {
  std::string response = *client.initial_response();
  Step step = server.start(response);
  for (int i = 0; i < 10; ++i) {
    if (std::holds_alternative<WantSecret>(step)) {
      step = server.secret(secret, {});
    } else if (auto* challenge = std::get_if<Challenge>(&step)) {
      auto answer = client.step(challenge->bytes);
      if (!answer) return {};
      step = server.step(*answer);
    } else if (auto* done = std::get_if<Done>(&step)) {
      return {*done, std::nullopt, client.finished()};
    } else {
      return {std::nullopt, std::get<Failed>(step).why, client.finished()};
    }
  }
  return {};
}

TEST(SaslScram, BothSidesAgree) {
  ScramSecret secret = make_scram_secret("\xed\x95\x9c pass", "0123456789abcdef", 4096);
  Result r =
      dialogue({Mechanism::scram_sha_256, server_options()},
               {Mechanism::scram_sha_256, {"a=b", "bob,x", "\xed\x95\x9c pass"}, {.nonce = kNonce}}, secret);
  ASSERT_TRUE(r.done);
  EXPECT_EQ(r.done->authcid, "bob,x");
  EXPECT_EQ(r.done->authzid, "a=b");
  EXPECT_TRUE(r.client_satisfied);
}

TEST(SaslScram, WrongPasswordAndUnknownUserLookTheSame) {
  ScramSecret secret = make_scram_secret("right", "0123456789abcdef", 4096);
  Credentials wrong{"", "bob", "wrong"};
  Result r = dialogue({Mechanism::scram_sha_256, server_options()},
                      {Mechanism::scram_sha_256, wrong, {.nonce = kNonce}}, secret);
  EXPECT_EQ(r.failure, Failure::wrong_password);
  Result unknown = dialogue({Mechanism::scram_sha_256, server_options()},
                            {Mechanism::scram_sha_256, wrong, {.nonce = kNonce}}, std::nullopt);
  EXPECT_EQ(unknown.failure, Failure::wrong_password);
  auto shown = [](const std::string& as_written, const ScramStranger& stranger) {
    ServerExchange server(Mechanism::scram_sha_256, server_options());
    server.start("n,,n=" + as_written + ",r=abc");
    return expect_step<Challenge>(server.secret(std::nullopt, stranger)).bytes;
  };
  EXPECT_EQ(shown("nobody", {"nobody", 4096}), shown("NoBody", {"nobody", 4096}));
  EXPECT_NE(shown("nobody", {"nobody", 4096}), shown("nobody", {"other", 4096}));
  EXPECT_TRUE(shown("nobody", {"nobody", 4096}).ends_with(",i=4096"));
  // With other iterations comes another salt: the password has been changed.
  auto salt = [](const std::string& first) { return first.substr(0, first.rfind(",i=")); };
  EXPECT_NE(salt(shown("nobody", {"nobody", 4096})), salt(shown("nobody", {"nobody", 65536})));
}

TEST(SaslScram, ChannelBinding) {
  ScramSecret secret = make_scram_secret("pw", "0123456789abcdef", 4096);
  Credentials bob{"", "bob", "pw"};
  ChannelBindings here{.tls_exporter = std::string(32, 'e'), .tls_server_end_point = std::string(32, 'p')};
  ChannelBindings end_point{.tls_server_end_point = std::string(32, 'p')};
  ChannelBindings other{.tls_exporter = std::string(32, 'x')};
  auto plus = [&](ChannelBindings at_server, ChannelBindings at_client) {
    return dialogue({Mechanism::scram_sha_256_plus, server_options(at_server, true)},
                    {Mechanism::scram_sha_256_plus, bob, {.nonce = kNonce, .bindings = at_client}}, secret);
  };
  EXPECT_TRUE(plus(here, here).done);
  EXPECT_TRUE(plus(here, end_point).done);
  EXPECT_EQ(plus(here, other).failure, Failure::channel_binding);
  EXPECT_EQ(plus(end_point, here).failure, Failure::channel_binding);

  // -PLUS was taken off the list on the way.
  Result downgraded = dialogue(
      {Mechanism::scram_sha_256, server_options(here, true)},
      {Mechanism::scram_sha_256, bob, {.nonce = kNonce, .bindings = here, .plus_not_offered = true}}, secret);
  EXPECT_EQ(downgraded.failure, Failure::channel_binding);
  Result honest = dialogue(
      {Mechanism::scram_sha_256, server_options(here, false)},
      {Mechanism::scram_sha_256, bob, {.nonce = kNonce, .bindings = here, .plus_not_offered = true}}, secret);
  EXPECT_TRUE(honest.done);
}

TEST(SaslScram, ServerRefusesMalformedMessages) {
  for (auto bad : {"", "n", "n,", "n,,", "n,,n=", "n,,n=bob", "n,,r=x,n=bob", "n,,n=b=ob,r=x", "x,,n=bob,r=x",
                   "n,b,n=bob,r=x", "n,,m=1,n=bob,r=x", "p=tls-exporter,,n=bob,r=x", "n,,n=bob,r="}) {
    ServerExchange server(Mechanism::scram_sha_256, server_options());
    EXPECT_TRUE(fails(server.start(bad), Failure::malformed)) << bad;
    EXPECT_TRUE(fails(server.step("n,,n=bob,r=x"), Failure::malformed)) << "it stays failed";
  }
}

TEST(SaslScram, ClientRefusesAServerThatDoesNotKnowThePassword) {
  auto started = [] {
    ClientExchange client(Mechanism::scram_sha_256, {"", "user", "pencil"}, {.nonce = kNonce});
    client.initial_response();
    return client;
  };
  EXPECT_EQ(started().step("r=other,s=QQ==,i=4096").error(), ClientError::malformed_challenge);
  EXPECT_EQ(started().step("r=" + kNonce + ",s=QQ==,i=4096").error(), ClientError::malformed_challenge);
  EXPECT_EQ(started().step("r=" + kNonce + "x,s=QQ==,i=99999999").error(), ClientError::too_expensive);
  EXPECT_EQ(started().step("e=unknown-user").error(), ClientError::server_refused);
  ClientExchange client = started();
  ASSERT_TRUE(client.step("r=" + kNonce + "x,s=QQ==,i=4096"));
  EXPECT_EQ(client.step("v=QQ==").error(), ClientError::server_not_authentic);
  EXPECT_FALSE(client.finished());
}

TEST(ScramSecret, TextForm) {
  ScramSecret secret = make_scram_secret("pencil", "salt", 4096);
  EXPECT_EQ(parse_scram_secret(to_text(secret)), secret);
  for (auto bad :
       {"", "SCRAM-SHA-256$", "SCRAM-SHA-256$0:QQ==$QQ==:QQ==", "SCRAM-SHA-256$4096:QQ==$QQ==:QQ=="})
    EXPECT_FALSE(parse_scram_secret(bad)) << bad;
  // RFC 8265 §4.2: composed or not is one password; an ideographic blank is a blank.
  EXPECT_EQ(make_scram_secret("\u1112\u1161\u11AB\u3000x", "salt", 4096),
            make_scram_secret("한 x", "salt", 4096));
  EXPECT_NE(make_scram_secret("A", "salt", 4096), make_scram_secret("a", "salt", 4096));
}

TEST(Mechanism, NamesAndChoice) {
  EXPECT_EQ(parse_mechanism("scram-sha-256-plus"), Mechanism::scram_sha_256_plus);
  EXPECT_FALSE(parse_mechanism("CRAM-MD5"));
  std::vector<std::string> all = {"LOGIN", "plain", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
  EXPECT_EQ(choose_mechanism(all, true), Mechanism::scram_sha_256_plus);
  EXPECT_EQ(choose_mechanism(all, false), Mechanism::scram_sha_256);
  EXPECT_EQ(choose_mechanism({"LOGIN", "plain"}, true), Mechanism::plain);
  EXPECT_FALSE(choose_mechanism({"GSSAPI"}, true));
}

}  // namespace
}  // namespace pabal::proto::sasl
