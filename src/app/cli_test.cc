#include "app/cli.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>

#include "journey/journey.h"
#include "os/real_world.h"
#include "queue/queue.h"
#include "queue/records.h"
#include "store/messages.h"

namespace pabal::app {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

struct Ran {
  int status;
  std::string out, err;
};

// A server of its own in a folder of its own.
class CliTest : public testing::Test {
 protected:
  CliTest() {
    std::string name = testing::TempDir() + "pabal-cli-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~CliTest() override { fs::remove_all(directory_); }

  Ran run(std::vector<std::string> args, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    Console console{in, out, err, false};
    Hooks hooks;
    hooks.serve = [&](const Config& config) {
      out << "serving " << config.server.hostname;
      return 0;
    };
    int status = run_cli(std::move(args), console, hooks);
    return {status, out.str(), err.str()};
  }
  // With --config of the folder.
  Ran on(std::vector<std::string> args, const std::string& input = "") {
    args.insert(args.end(), {"--config", directory_ + "/try/pabal.toml"});
    return run(std::move(args), input);
  }
  Ran init() {
    return run({"init", "seoul.test", "--dir", directory_ + "/try", "--account", "alice", "--address",
                "127.0.0.1", "--port-offset", "10000", "--password-file", "-"},
               "secret of alice\n");
  }

  void replace_in_config(const std::string& from, const std::string& to) {
    const std::string path = directory_ + "/try/pabal.toml";
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    std::string config = text.str();
    size_t at = config.find(from);
    ASSERT_NE(at, std::string::npos);
    std::ofstream(path) << config.replace(at, from.size(), to);
  }

  std::string directory_;
};

TEST_F(CliTest, InitMakesAServerThatServeAccepts) {
  Ran made = init();
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, ContainsRegex("\n  seoul.test. +MX +10 mail.seoul.test.\n"));
  EXPECT_THAT(made.out, HasSubstr("\"v=spf1 mx -all\""));
  EXPECT_THAT(made.out, HasSubstr("Next:  pabal serve --config"));
  EXPECT_THAT(made.out, Not(HasSubstr("secret of alice")));
  struct stat key;
  ASSERT_EQ(stat((directory_ + "/try/key.pem").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);

  replace_in_config("#dnssec = true", "dnssec = false");  // or it would ask the network
  EXPECT_THAT(on({"check-config"}).out, HasSubstr("is right: mail.seoul.test, 9 listeners"));
  EXPECT_EQ(on({"serve"}).out, "serving mail.seoul.test");
  EXPECT_THAT(on({"account", "list"}).out, HasSubstr("alice@seoul.test"));
  EXPECT_THAT(on({"alias", "list"}).out, ContainsRegex("postmaster@seoul.test +alice@seoul.test"));
  EXPECT_THAT(on({"domain", "list", "--json"}).out, StartsWith("[{\"name\":\"seoul.test\""));
}

TEST_F(CliTest, InitWithoutPasswordMakesOneAndRefusesASecondTime) {
  std::vector<std::string> args = {"init", "seoul.test", "--dir", directory_ + "/try", "--json"};
  Ran first = run(args);
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, ContainsRegex("\"account\":\"admin@seoul.test\",\"password\":\"[A-Za-z0-9]{20}\""));
  Ran second = run(args);
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("is there already; nothing was changed"));
}

TEST_F(CliTest, MistypedWordsGetASuggestion) {
  ASSERT_EQ(init().status, 0);
  for (auto [args, meant] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"acount", "list"}, "there is no command \"acount\"; did you mean \"account\"?"},
           {{"acount", "list", "--config", "x"}, "there is no command \"acount\"; did you mean \"account\"?"},
           {{"account", "lsit", "--json"},
            "there is no command \"lsit\" of `pabal account`; did you mean \"list\"?"},
           {{"track", "a@b", "--zap"}, "there is no option \"--zap\" of `pabal track`\n"},
           {{"account", "lst"}, "there is no command \"lst\" of `pabal account`; did you mean \"list\"?"},
           {{"account", "app-password", "ad"}, "did you mean \"add\"?"},
           {{"queue", "list", "--stat", "held"}, "of `pabal queue list`; did you mean \"--state\"?"},
           {{"queue", "list", "--confg=x"}, "did you mean \"--config\"?"},
           {{"banana"}, "there are: "},
           {{"account"}, "name a command: add, "},
           {{"queue", "list", "more"}, "is one word too many for `pabal queue list`"},
           {{"queue", "list", "--max", "0"}, "--max: expected a whole number, 1 or more, not \"0\""},
           {{"track", "a@b", "--max", "many"}, "--max: expected a whole number, 1 or more, not \"many\""},
           {{"init", "x.test", "--port-offset", "70000"}, "0 to 65535, not \"70000\""}}) {
    Ran ran = run(args);
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr(meant));
    EXPECT_THAT(ran.err, HasSubstr("--help` says more"));
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_EQ(run({"--help"}).status, 0);
}

TEST_F(CliTest, TablesFitTheTerminal) {
  Table table({"MAIL", "TO", "LAST ANSWER"});
  table.row(
      {"06aez85kc8p1y", "bob@busan.test", "451 4.3.0 the disk is full, please come back in an hour or so"});
  EXPECT_EQ(table.text(SIZE_MAX).find('\n'),
            std::string("MAIL           TO              LAST ANSWER").size());
  EXPECT_THAT(table.text(60), HasSubstr("\n06aez85kc8p1y  bob@busan.test  451 4.3.0 the disk is full,\n"
                                        "                               please come back in an hour\n"
                                        "                               or so\n"));
  EXPECT_THAT(table.text(40), HasSubstr("TO           bob@busan.test\n"));
}

TEST_F(CliTest, InitRefusesWhatIsNoDomainOrAccount) {
  EXPECT_THAT(run({"init", "seoul", "--dir", directory_}).err,
              HasSubstr("expected a name such as example.org"));
  EXPECT_THAT(run({"init", "seoul.test", "--dir", directory_ + "/x", "--account", "a@busan.test"}).err,
              HasSubstr("is not in seoul.test"));
  EXPECT_FALSE(fs::exists(directory_ + "/x"));
}

TEST_F(CliTest, AccountsComeAndGo) {
  ASSERT_EQ(init().status, 0);
  EXPECT_EQ(on({"account", "add", "bob@seoul.test", "--quota", "2GiB"}, "hidden\n").status, 0);
  EXPECT_THAT(on({"account", "list"}).out, ContainsRegex("bob@seoul.test +0 octets +2.0 GiB +0 +active"));
  EXPECT_THAT(on({"account", "add", "bob@seoul.test"}, "x\n").status, 1);
  EXPECT_THAT(on({"account", "add", "eve@elsewhere.test"}, "x\n").status, 1);
  EXPECT_THAT(on({"account", "add", "eve@seoul.test"}, "\n").err, HasSubstr("the password is empty"));
  EXPECT_EQ(on({"account", "disable", "bob@seoul.test"}).status, 0);
  EXPECT_THAT(on({"account", "list"}).out, HasSubstr("disabled"));
  EXPECT_EQ(on({"account", "password", "bob@seoul.test"}, "other\n").status, 0);
  EXPECT_THAT(on({"account", "app-password", "add", "bob@seoul.test", "phone"}).out,
              HasSubstr("shown this once: "));
  EXPECT_THAT(on({"account", "app-password", "list", "bob@seoul.test"}).out, HasSubstr("phone"));
  EXPECT_EQ(on({"account", "app-password", "remove", "bob@seoul.test", "phone"}).status, 0);
  EXPECT_THAT(on({"account", "remove", "bob@seoul.test"}).err, HasSubstr("nothing was removed"));
  EXPECT_EQ(on({"account", "remove", "bob@seoul.test", "--yes"}).status, 0);
  EXPECT_THAT(on({"account", "list"}).out, Not(HasSubstr("bob")));
}

TEST_F(CliTest, AnAliasOverAnAccountIsExplained) {
  init();
  EXPECT_EQ(on({"account", "add", "bob@seoul.test"}, "long enough\n").status, 0);
  Ran refused = on({"alias", "add", "bob@seoul.test", "alice@seoul.test"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("pabal alias add bob@seoul.test bob@seoul.test"));
  EXPECT_THAT(on({"alias", "list"}).out, Not(HasSubstr("bob@seoul.test")));
  EXPECT_EQ(on({"alias", "add", "bob@seoul.test", "alice@seoul.test", "--over-account"}).status, 0);
  EXPECT_EQ(on({"alias", "remove", "bob@seoul.test", "alice@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "add", "bob@seoul.test", "bob@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "add", "bob@seoul.test", "alice@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "add", "x@seoul.test", "bob@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "add", "y@seoul.test", "x@seoul.test"}).status, 0);
  EXPECT_THAT(on({"alias", "add", "x@seoul.test", "y@seoul.test"}).err, HasSubstr("circle"));
}

TEST_F(CliTest, GroupsAreSharedByRights) {
  init();
  Ran added = on({"account", "add", "team@seoul.test", "--group"});
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("Next: who may read it"));
  EXPECT_THAT(on({"account", "list"}).out, ContainsRegex("team@seoul.test +0 octets +none +0 +group"));
  EXPECT_THAT(on({"account", "list", "--json"}).out, HasSubstr("\"group\":true"));
  EXPECT_THAT(on({"account", "password", "team@seoul.test"}, "x\n").err, HasSubstr("is a group"));
  EXPECT_EQ(on({"account", "add", "other@seoul.test", "--group", "--generate"}).status, 2);

  EXPECT_THAT(on({"acl", "list", "team@seoul.test"}).out, HasSubstr("Nobody but its owner"));
  EXPECT_THAT(on({"acl", "set", "team@seoul.test/INBOX", "alice@seoul.test", "lrswid"}).out,
              HasSubstr("alice@seoul.test has the rights lrswite on team@seoul.test/INBOX now."));
  EXPECT_THAT(on({"acl", "list", "team@seoul.test/inbox"}).out,
              ContainsRegex("team@seoul.test/INBOX +alice@seoul.test +lrswite"));
  EXPECT_THAT(on({"acl", "set", "team@seoul.test", "anyone", "lr", "--json"}).out,
              HasSubstr("{\"ok\":true,\"mailboxes\":6,\"rights\":\"lr\",\"sends_as\":false}"));
  EXPECT_THAT(on({"acl", "list", "team@seoul.test", "--json"}).out,
              HasSubstr("{\"mailbox\":\"team@seoul.test/Sent\",\"who\":\"anyone\",\"rights\":\"lr\"}"));
  EXPECT_EQ(on({"acl", "set", "team@seoul.test", "anyone", "none"}).status, 0);
  EXPECT_THAT(on({"acl", "list", "team@seoul.test/Sent"}).out, HasSubstr("Nobody"));

  EXPECT_THAT(on({"acl", "set", "team@seoul.test/Nope", "anyone", "lr"}).err,
              HasSubstr("has no mailbox Nope"));
  EXPECT_THAT(on({"acl", "set", "team@seoul.test", "eve@seoul.test", "lr"}).err,
              HasSubstr("there is no account"));
  EXPECT_THAT(on({"acl", "set", "team@seoul.test", "anyone", "lq"}).err, HasSubstr("are no rights"));
  EXPECT_THAT(on({"acl", "set", "alice@seoul.test", "alice@seoul.test", "lr"}).err,
              HasSubstr("is the owner"));
}

TEST_F(CliTest, DomainsAndAliases) {
  ASSERT_EQ(init().status, 0);
  EXPECT_THAT(on({"domain", "add", "busan.test"}).out, HasSubstr("Next: an account"));
  EXPECT_EQ(on({"domain", "catch-all", "busan.test", "alice@seoul.test"}).status, 0);
  EXPECT_THAT(on({"domain", "list"}).out, ContainsRegex("busan.test +alice@seoul.test"));
  EXPECT_EQ(on({"alias", "add", "sales@busan.test", "alice@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "remove", "sales@busan.test", "alice@seoul.test"}).status, 0);
  EXPECT_EQ(on({"alias", "remove", "sales@busan.test", "alice@seoul.test"}).status, 1);
}

TEST_F(CliTest, QueueAndTrackShowAMailThatWaits) {
  ASSERT_EQ(init().status, 0);
  EXPECT_EQ(on({"queue", "list"}).out, "Nothing waits.\n");
  os::RealWorld real({});
  io::World world = real.world();
  auto store = store::Store::open_beside(world, {.directory = directory_ + "/try/data"});
  queue::Queue queue(world, *store, queue::default_queue_options());
  MessageId id{store->new_id()};
  store->execute_now([&](store::Transaction& tx) {
    store::MessageRecord message{.id = id,
                                 .reverse_path = "alice@seoul.test",
                                 .hash = std::string(32, 'h'),
                                 .size_octets = 5,
                                 .received_at = tx.now};
    store::insert_message(tx, message, {"hello", message.hash, {}});
    queue::insert(tx, {queue.new_id(), id, *mail::parse_address("bob@busan.test", false), {}, {}});
    journey::record(tx, id,
                    {{tx.now, "accepted", {{"from", "<alice@seoul.test>"}, {"to", "bob@busan.test"}}},
                     {tx.now, "attempt", {{"dialogue", "< 220 busan\n> EHLO seoul"}}}});
  });
  std::string trace = journey::trace_id(id);

  EXPECT_THAT(on({"queue", "list"}).out, ContainsRegex(trace + " +bob@busan.test +alice@seoul.test"));
  EXPECT_THAT(on({"queue", "show", trace}).out, HasSubstr("not tried yet"));
  EXPECT_THAT(on({"queue", "hold", trace}).out, HasSubstr("1 recipient held"));
  EXPECT_THAT(on({"queue", "list", "--state", "held", "--json"}).out, HasSubstr("\"state\":\"held\""));
  EXPECT_THAT(on({"queue", "release", "--destination", "busan.test"}).out, HasSubstr("1 recipient released"));
  EXPECT_THAT(on({"queue", "retry"}).err, HasSubstr("name a mail"));
  EXPECT_EQ(on({"queue", "retry", "--all"}).status, 0);

  Ran tracked = on({"track", trace});
  EXPECT_THAT(tracked.out, StartsWith("Mail " + trace));
  EXPECT_THAT(tracked.out, ContainsRegex("from +<alice@seoul.test>"));
  EXPECT_THAT(tracked.out, HasSubstr("  < 220 busan\n"));
  EXPECT_THAT(tracked.out, HasSubstr("bob@busan.test  waiting, due now"));
  EXPECT_THAT(on({"track", "bob@busan.test", "--json"}).out, HasSubstr("\"status\":\"waiting\""));

  EXPECT_EQ(on({"queue", "drop", trace}).status, 0);
  EXPECT_EQ(on({"queue", "list"}).out, "Nothing waits.\n");
  EXPECT_THAT(on({"track", trace}).out, HasSubstr("dropped"));
  EXPECT_THAT(on({"track", "nobody@busan.test"}).err, HasSubstr("no mail is known"));
  EXPECT_THAT(on({"track", "no id"}).err, HasSubstr("neither an address nor the id"));
}

TEST_F(CliTest, ErrorsSayWhatToDo) {
  Ran no_config = run({"account", "list", "--config", directory_ + "/none.toml"});
  EXPECT_EQ(no_config.status, 1);
  EXPECT_THAT(no_config.err, HasSubstr("Make one with `pabal init DOMAIN`"));
  EXPECT_EQ(run({"acount", "list"}).status, 2);
  EXPECT_EQ(run({}).status, 2);
  std::ofstream(directory_ + "/bad.toml") << "[server]\nhostname = \"mail.seoul.test\"\n[limit]\n";
  EXPECT_EQ(run({"serve", "--config", directory_ + "/bad.toml"}).err,
            "pabal: " + directory_ + "/bad.toml:3: there is no section [limit]; did you mean limits?\n");
}

// Every command explains itself with an example.
TEST_F(CliTest, EveryCommandHasHelp) {
  for (const char* command :
       {"init", "serve", "check-config", "version", "track", "account add", "account list",
        "account app-password add", "alias add", "domain catch-all", "queue list", "queue drop"}) {
    std::vector<std::string> args;
    std::istringstream words(command);
    for (std::string word; words >> word;) args.push_back(word);
    args.push_back("--help");
    Ran ran = run(args);
    EXPECT_EQ(ran.status, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("Example")) << command;
    EXPECT_THAT(ran.out, HasSubstr(std::string("\n  pabal ") + command)) << command;
  }
}

}  // namespace pabal::app
