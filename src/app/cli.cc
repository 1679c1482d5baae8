#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

#include "app/dnssec.h"
#include "app/owner.h"
#include "app/serve.h"
#include "app/usage_error.h"
#include "app/version.h"
#include "directory/admin.h"
#include "directory/directory.h"
#include "os/real_world.h"
#include "os/system.h"

namespace pabal::app {

CLI::App* add_command(CLI::App& parent, Cli& cli, const std::string& name, const std::string& description,
                      const std::string& example, std::function<void()> run) {
  CLI::App* command = parent.add_subcommand(name, description);
  command
      ->add_option("--config", cli.config_file,
                   "Config file; else $PABAL_CONFIG, ./pabal.toml, /etc/pabal/pabal.toml")
      ->type_name("FILE");
  command->add_flag("--json", cli.json, "Print JSON, for programs");
  command->footer("Example:\n  " + example);
  command->callback([&cli, run = std::move(run)] {
    cli.chosen = [run] {
      run();
      return 0;
    };
  });
  return command;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description) {
  CLI::App* group = parent.add_subcommand(name, description);
  group->require_subcommand(1);
  group->footer("`pabal " + name + " COMMAND --help` says more, with an example.");
  return group;
}

void report(const Cli& cli, const std::string& sentence,
            std::vector<std::pair<std::string_view, std::string>> members) {
  if (cli.json) {
    members.insert(members.begin(), {"ok", "true"});
    cli.console.out << json_object(members) << '\n';
  } else {
    cli.console.out << sentence << '\n';
  }
}

std::string config_path(const Cli& cli) {
  if (!cli.config_file.empty()) return cli.config_file;
  if (const char* path = std::getenv("PABAL_CONFIG"); path != nullptr && *path != '\0') return path;
  return access("pabal.toml", F_OK) == 0 ? "pabal.toml" : "/etc/pabal/pabal.toml";
}

Config load(const Cli& cli, int status) {
  auto config = load_config(config_path(cli));
  if (!config) throw CommandError(config.error(), status);
  return std::move(*config);
}

void with_records(const Cli& cli, const std::function<void(Records&)>& work) {
  Config config = load(cli);
  act_as_owner(config.server.data_directory, config.file);
  require_access(config.server.data_directory, true);
  try {
    os::RealWorldOptions options;
    options.log.level = LogLevel::warning;
    options.blocking_threads = 1;
    os::RealWorld real(options);
    io::World world = real.world();
    auto store = store::Store::open_beside(world, {.directory = config.server.data_directory, .readers = 1});
    store->execute_now([&](store::Transaction& tx) {
      Records records{world, *store, tx};
      work(records);
    });
  } catch (const store::StoreError& e) {
    throw CommandError(std::string(e.what()) + "\nThe data directory is " + config.server.data_directory +
                       ", from " + config_path(cli) + ".");
  } catch (const io::IoError& e) {
    throw CommandError(e.what());
  }
}

void print_findings(const Cli& cli, const Config& config, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    cli.console.err << config.file << ": " << (finding.severity == Finding::warning ? "warning" : "error")
                    << ": " << finding.text << '\n';
  }
}

// What the config and the accounts together have wrong with them. A store that
// cannot be opened has been found already.
static void check_accounts(const Cli& cli, const Config& config, std::vector<Finding>& findings) {
  std::vector<directory::Account> accounts;
  try {
    with_records(cli, [&](Records& r) { accounts = directory::list_accounts(r.tx.db); });
  } catch (const CommandError&) {
    return;
  }
  std::string small;
  size_t count = 0;
  for (const directory::Account& account : accounts) {
    if (account.quota_octets == 0 || account.quota_octets >= config.limits.message_octets_max) continue;
    if (++count <= 3) small += (small.empty() ? "" : ", ") + account.address;
  }
  if (count == 0) return;
  findings.push_back({Finding::warning, small +
                                            (count > 3 ? " and " + std::to_string(count - 3) + " more" : "") +
                                            " may keep less than one mail of limits.message_octets_max (" +
                                            size_text(config.limits.message_octets_max) + ")"});
}

// Status 1 for errors only; with warnings the server works.
static int check_config(const Cli& cli) {
  Config config = load(cli);
  // With the eyes of the user that will serve.
  act_as_owner(config.server.data_directory, config.file);
  std::vector<Finding> findings = check_setup(config, os::SystemClock().now());
  const os::Dnssec dnssec = look_for_dnssec(config);
  if (std::optional<std::string> trouble = dnssec_trouble(dnssec))
    findings.push_back({Finding::warning, std::move(*trouble)});
  check_accounts(cli, config, findings);
  std::vector<std::string> errors, warnings;
  for (const Finding& finding : findings)
    (finding.severity == Finding::warning ? warnings : errors).push_back(json_string(finding.text));
  if (cli.json) {
    cli.console.out << json_object({{"file", json_string(config.file)},
                                    {"ok", errors.empty() ? "true" : "false"},
                                    {"errors", json_array(errors)},
                                    {"warnings", json_array(warnings)},
                                    {"dnssec", json_string(to_text(dnssec))}})
                    << '\n';
    return errors.empty() ? 0 : 1;
  }
  print_findings(cli, config, findings);
  auto count = [](size_t n, const char* one) { return std::to_string(n) + ' ' + one + (n == 1 ? "" : "s"); };
  cli.console.out << config.file << (errors.empty() ? " is right" : " has " + count(errors.size(), "error"))
                  << (warnings.empty() ? "" : ", with " + count(warnings.size(), "warning")) << ": "
                  << config.server.hostname << ", " << count(config.listeners.size(), "listener")
                  << ", mail in " << config.server.data_directory << '\n';
  return errors.empty() ? 0 : 1;
}

static void add_own_commands(CLI::App& app, Cli& cli, const Hooks& hooks) {
  CLI::App* serve = add_command(app, cli, "serve", "Run the mail server until SIGTERM",
                                "pabal serve --config /etc/pabal/pabal.toml", [] {});
  serve->callback([&] { cli.chosen = [&] { return hooks.serve(load(cli, kConfigStatus)); }; });

  auto demo_options = std::make_shared<DemoOptions>();
  CLI::App* demo =
      app.add_subcommand("demo", "Two servers on this machine exchange a mail; then try them yourself");
  demo->add_flag("--once", demo_options->once,
                 "End after the exchange; status 0 only if both mails arrived unchanged");
  demo->add_option("--fail", demo_options->fail,
                   "Show the queue: the other server is down, or the DNS broken")
      ->check(CLI::IsMember({"peer", "dns"}));
  demo->footer("Example:\n  pabal demo --fail peer");
  demo->callback([&, demo_options] { cli.chosen = [&, demo_options] { return hooks.demo(*demo_options); }; });

  add_command(
      app, cli, "check-config",
      "Tell whether the config file is right, and what it names: certificate, folders, listeners, sizes",
      "pabal check-config --config pabal.toml", [] {})
      ->callback([&cli] { cli.chosen = [&cli] { return check_config(cli); }; });
  add_command(app, cli, "version", "Print the version", "pabal version", [&cli] {
    if (cli.json) {
      cli.console.out << json_object({{"version", json_string(kVersion)}}) << '\n';
    } else {
      cli.console.out << "pabal " << kVersion << '\n';
    }
  });
}

int run_cli(std::vector<std::string> args, Console& console, const Hooks& hooks) {
  CLI::App app("Pabal, a whole Internet mail system in one program", "pabal");
  app.footer("Begin with `pabal init DOMAIN`. `pabal COMMAND --help` says more, with an example.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("pabal ") + kVersion);
  Cli cli{console, "", false, {}};
  add_init_command(app, cli);
  add_own_commands(app, cli, hooks);
  add_directory_commands(app, cli);
  add_queue_commands(app, cli);
  add_track_command(app, cli);
  add_store_commands(app, cli);
  for (const auto& add : hooks.more_commands) add(app, cli);

  std::reverse(args.begin(), args.end());  // as CLI11 wants it
  try {
    app.parse(std::move(args));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e, console.out, console.err);  // --help, --version
    console.err << "pabal: " << usage_error(app, e) << '\n';
    return 2;
  }
  try {
    return cli.chosen();
  } catch (const CommandError& e) {
    console.err << (os::stderr_is_journal() ? os::journal_priority(LogLevel::error) : "")
                << "pabal: " << e.what() << '\n';
    return e.status();
  }
}

}  // namespace pabal::app
