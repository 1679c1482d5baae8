#include <istream>
#include <iterator>
#include <ostream>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/agent/real.h"
#include "app/agent/sendmail.h"
#include "app/agent/settings.h"
#include "app/agent/submitter.h"
#include "app/console.h"
#include "deliver/replies.h"

namespace pabal::app::agent {

namespace {

constexpr const char* kSystemSettings = "/etc/pabal/agent.toml";
constexpr size_t kInputMax = size_t{256} << 20;

LocalUser local_user() {
  LocalUser user{.name = "nobody", .full_name = {}, .host = "localhost"};
  if (const passwd* entry = getpwuid(getuid())) {
    user.name = entry->pw_name;
    std::string gecos = entry->pw_gecos == nullptr ? "" : entry->pw_gecos;
    user.full_name = gecos.substr(0, gecos.find(','));
  }
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0') user.host = host;
  return user;
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

rt::Task<void> submit_into(io::World& world, Submission submission, SubmitOptions options,
                           Submitted& result) {
  result = co_await submit(world, std::move(submission), std::move(options));
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

}  // namespace

int sendmail_main(const std::vector<std::string>& args, Console& console) {
  auto parsed = parse_sendmail_args(args);
  if (!parsed) return fail(console, EX_USAGE, parsed.error());

  std::string input;
  char block[64 * 1024];
  while (console.in.read(block, sizeof block) || console.in.gcount() > 0) {
    input.append(block, static_cast<size_t>(console.in.gcount()));
    if (input.size() > kInputMax) return fail(console, EX_DATAERR, "the mail is bigger than 256 MiB");
  }

  SubmitOptions options;
  try {
    options = submit_options(console, sendmail_settings());
  } catch (const CommandError& e) {
    return fail(console, EX_CONFIG, e.what());
  }
  if (parsed->verbose) options.show = [&console](const std::string& dialogue) { console.out << dialogue; };

  std::string bad_mail;
  Submitted result;
  auto work = [&](io::World& world) {
    SendmailContext context{.user = local_user(), .now = world.clock.now(), .token = world.random.token(24)};
    context.utc_offset_minutes = utc_offset_minutes(context.now);
    auto mail = prepare_sendmail(*parsed, std::move(input), context);
    if (!mail) {
      bad_mail = mail.error();
      throw CommandError(bad_mail);
    }
    Submission submission{.reverse_path = {mail->reverse_path},
                          .forward_paths = std::move(mail->forward_paths),
                          .message = std::move(mail->message),
                          .notify = parsed->notify,
                          .ret = parsed->ret,
                          .envid = parsed->envid};
    return submit_into(world, std::move(submission), options, result);
  };
  try {
    run_in_real_world(work);
  } catch (const CommandError& e) {
    return fail(console, bad_mail.empty() ? EX_TEMPFAIL : EX_DATAERR, e.what());
  }
  for (const Refused& refused : result.refused)
    console.err << "sendmail: " << to_string(refused.address) << ": " << deliver::reply_text(refused.reply)
                << '\n';
  return exit_code(result);
}

}  // namespace pabal::app::agent
