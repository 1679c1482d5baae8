#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "app/agent/sendmail.h"
#include "app/cli.h"
#include "app/cli_agent.h"
#include "app/demo/demo.h"
#include "app/serve.h"
#include "os/signals.h"

// One binary: `pabal COMMAND`, or the system's sendmail when called by that name.
int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> args(argv, argv + argc);
  std::string name = args.empty() ? "pabal" : args[0].substr(args[0].rfind('/') + 1);
  if (!args.empty()) args.erase(args.begin());
  // Before anything else: a SIGHUP that comes while the server starts must not end it.
  if (!args.empty() && args[0] == "serve") pabal::os::SignalWatcher::block();
  pabal::app::Console console{std::cin, std::cout, std::cerr, isatty(STDIN_FILENO) != 0};
  try {
    // Words behind it are its own: what reads commands would take "--" away.
    bool command = args.size() > 1 && args[0] == "sendmail" && args[1] != "--help";
    if (command) args.erase(args.begin());
    if (command || name == "sendmail") return pabal::app::agent::sendmail_main(args, console);
    return pabal::app::run_cli(std::move(args), console,
                               {pabal::app::serve, pabal::app::demo, {pabal::app::add_agent_commands}});
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << '\n';
    return 1;
  }
}
