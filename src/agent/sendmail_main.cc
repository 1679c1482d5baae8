#include <cstdlib>
#include <istream>
#include <ostream>
#include <pwd.h>
#include <sstream>
#include <sysexits.h>
#include <unistd.h>

#include "agent/dead_letter.h"
#include "agent/real.h"
#include "agent/sendmail.h"
#include "agent/settings.h"
#include "agent/submitter.h"
#include "console/console.h"
#include "deliver/replies.h"
#include "mail/address_list.h"

namespace pabal::agent {

namespace {

constexpr const char* kSystemSettings = "/etc/pabal/agent.toml";
constexpr size_t kInputMax = size_t{256} << 20;

struct Caller {
  LocalUser user;
  std::string home;
};

// Who calls. With an account in the settings he sends as that, and names without a
// domain are of its domain; else of the server's name, once that is known.
Caller caller(const Settings& settings) {
  Caller out{.user = {.name = "nobody", .full_name = {}, .host = "localhost", .address = {}}, .home = {}};
  LocalUser& user = out.user;
  if (const passwd* entry = getpwuid(getuid())) {
    user.name = entry->pw_name;
    std::string gecos = entry->pw_gecos == nullptr ? "" : entry->pw_gecos;
    user.full_name = gecos.substr(0, gecos.find(','));
    out.home = entry->pw_dir == nullptr ? "" : entry->pw_dir;
  }
  if (const char* name = std::getenv("NAME")) user.full_name = name;
  if (const char* home = std::getenv("HOME")) out.home = home;
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0') user.host = host;
  std::vector<std::string> from = mail::addresses_of(settings.from);
  auto account = mail::parse_address(from.empty() ? settings.user : from.front(), true);
  if (account) {
    user.address = mail::to_string(*account);
    user.host = account->domain;
  }
  return out;
}

Settings sendmail_settings() {
  bool system_wide = access(kSystemSettings, R_OK) == 0;
  return load_settings(system_wide ? kSystemSettings : default_settings_path(), false);
}

SubmitOptions submit_options(Console& console, const Settings& settings) {
  SubmitOptions options;
  if (!settings.smtp.server) {
    options.link = {.server = {"127.0.0.1", 25}, .tls = TlsMode::none};
    return options;
  }
  options.link = {.server = *settings.smtp.server,
                  .tls = settings.smtp.tls.value_or(default_tls(settings.smtp.server->port)),
                  .insecure = settings.insecure,
                  .ca_file = settings.ca_file};
  options.user = settings.user;
  if (!options.user.empty()) options.password = find_password(console, "", settings);
  return options;
}

rt::Task<void> submit_into(io::World& world, MakeSubmission make, SubmitOptions options, Submitted& result) {
  result = co_await submit_made(world, std::move(make), std::move(options));
}

// The gravest reason, as sysexits.h has it.
int exit_code(const Submitted& result) {
  int code = EX_OK;
  for (const Refused& refused : result.refused) {
    if (refused.reply.is_transient()) {
      code = code == EX_OK ? EX_TEMPFAIL : code;
    } else {
      code = refused.reply.enhanced == "5.1.1" ? EX_NOUSER : EX_UNAVAILABLE;
    }
  }
  return code;
}

int fail(Console& console, int code, const std::string& what) {
  console.err << "sendmail: " << what << '\n';
  return code;
}

// What the system's other commands for mail come down to: mailq, a queue run.
int run_instead(const SendmailArgs& args, Console& console, const RunCommand& run) {
  std::ostringstream unheard;
  Console quiet{console.in, unheard, console.err, false};
  bool shows = args.instead[1] == "list";
  int status = run(args.instead, shows ? console : quiet);
  return status == 0 ? EX_OK : EX_UNAVAILABLE;
}

// nullopt: more than we take.
std::optional<std::string> read_input(Console& console) {
  std::string input;
  char block[64 * 1024];
  while (console.in.read(block, sizeof block) || console.in.gcount() > 0) {
    input.append(block, static_cast<size_t>(console.in.gcount()));
    if (input.size() > kInputMax) return std::nullopt;
  }
  return input;
}

class Sendmail {
 public:
  Sendmail(const SendmailArgs& args, std::string input, Console& console)
      : args_(args), input_(std::move(input)), console_(console) {}

  int run() {
    int code = hand_over();
    if (code == EX_OK || !result_.accepted.empty()) return code;
    auto kept = keep_dead_letter(caller_.home, input_, caller_.user.name, now_);
    console_.err << "sendmail: "
                 << (kept ? "the mail is kept in " + *kept : "the mail is not kept: " + kept.error()) << '\n';
    return code;
  }

 private:
  int hand_over() {
    SubmitOptions options;
    try {
      Settings settings = sendmail_settings();
      caller_ = caller(settings);
      options = submit_options(console_, settings);
    } catch (const CommandError& e) {
      return fail(console_, EX_CONFIG, e.what());
    }
    if (args_.verbose) options.show = [this](const std::string& dialogue) { console_.out << dialogue; };
    auto work = [&](io::World& world) {
      now_ = world.clock.now();
      MakeSubmission make = [this, token = world.random.token(24)](const std::string& server_name) {
        return submission(token, server_name);
      };
      return submit_into(world, std::move(make), options, result_);
    };
    try {
      run_in_real_world(work);
    } catch (const CommandError& e) {
      return fail(console_, bad_mail_ ? EX_DATAERR : EX_TEMPFAIL, e.what());
    }
    for (const Refused& refused : result_.refused)
      fail(console_, 0, to_string(refused.address) + ": " + deliver::reply_text(refused.reply));
    return exit_code(result_);
  }

  Submission submission(const std::string& token, const std::string& server_name) {
    if (caller_.user.address.empty() && !server_name.empty()) caller_.user.host = server_name;
    SendmailContext context{.user = caller_.user, .now = now_, .token = token};
    context.utc_offset_minutes = utc_offset_minutes(now_);
    auto mail = prepare_sendmail(args_, input_, context);
    bad_mail_ = !mail;
    if (!mail) throw CommandError(mail.error());
    return {.reverse_path = {mail->reverse_path},
            .forward_paths = std::move(mail->forward_paths),
            .message = std::move(mail->message),
            .notify = args_.notify,
            .ret = args_.ret,
            .envid = args_.envid};
  }

  const SendmailArgs& args_;
  const std::string input_;
  Console& console_;
  Caller caller_;
  Time now_;
  bool bad_mail_ = false;
  Submitted result_;
};

}  // namespace

int sendmail_main(const std::vector<std::string>& args, Console& console, const RunCommand& run) {
  auto parsed = parse_sendmail_args(args);
  if (!parsed) return fail(console, EX_USAGE, parsed.error());
  if (!parsed->instead.empty()) return run_instead(*parsed, console, run);
  std::optional<std::string> input = read_input(console);
  if (!input) return fail(console, EX_DATAERR, "the mail is bigger than 256 MiB");
  return Sendmail(*parsed, std::move(*input), console).run();
}

}  // namespace pabal::agent
