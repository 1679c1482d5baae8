// The command line: `pabal COMMAND`. Each group of commands registers itself
// (cli_*.cc); what they share is here. They work beside a running server, on
// the same database.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/check_setup.h"
#include "app/config.h"
#include "app/demo/demo.h"
#include "console/console.h"
#include "io/world.h"
#include "store/store.h"

namespace CLI {
class App;
}

namespace pabal::app {

struct Cli {
  Console& console;
  std::string config_file;      // --config; empty: the usual places
  bool json = false;            // --json
  std::function<int()> chosen;  // the command that the arguments name
};

// A command that ends with status 0 unless it throws CommandError. Adds --config
// and --json; `example` is shown below its help.
CLI::App* add_command(CLI::App& parent, Cli& cli, const std::string& name, const std::string& description,
                      const std::string& example, std::function<void()> run);

// A group of commands ("account") of which one must be named.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description);

// --config, else $PABAL_CONFIG, else ./pabal.toml, else /etc/pabal/pabal.toml.
std::string config_path(const Cli& cli);
// Throws CommandError, with `status`.
Config load(const Cli& cli, int status = 1);
// Prints what check_setup found, one line each, on err.
void print_findings(const Cli& cli, const Config& config, const std::vector<Finding>& findings);

// One transaction on the store of the config, as its owner (see owner.h). Throws
// CommandError, also for what the store says; then nothing was changed.
struct Records {
  io::World& world;
  store::Store& store;
  store::Transaction& tx;
};
void with_records(const Cli& cli, const std::function<void(Records&)>& work);

// The value, or CommandError with the error as text.
template <class E>
auto or_fail(E expected) {
  if (!expected) throw CommandError(std::move(expected.error()));
  if constexpr (!std::is_void_v<typename E::value_type>) return std::move(*expected);
}

void add_init_command(CLI::App& app, Cli& cli);
void add_directory_commands(CLI::App& app, Cli& cli);  // account, acl, alias, domain
void add_acl_commands(CLI::App& app, Cli& cli);
// What a command changed, as a sentence or as {"ok":true, ...}.
void report(const Cli& cli, const std::string& sentence,
            std::vector<std::pair<std::string_view, std::string>> members = {});
void add_queue_commands(CLI::App& app, Cli& cli);
void add_track_command(CLI::App& app, Cli& cli);
void add_store_commands(CLI::App& app, Cli& cli);

// What only the whole program has.
struct Hooks {
  std::function<int(const Config&)> serve;
  std::function<int(const DemoOptions&)> demo;
  std::vector<std::function<void(CLI::App&, Cli&)>> more_commands;
};

// args without the program's name. Returns the exit status: 0, 1 (failed, the
// reason is on err), 2 (wrong usage).
int run_cli(std::vector<std::string> args, Console& console, const Hooks& hooks);

}  // namespace pabal::app
