#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

#include "app/cli.h"
#include "app/cli_agent.h"
#include "app/demo/demo.h"
#include "app/folding.h"
#include "app/serve.h"
#include "os/signals.h"

// One binary: `pabal COMMAND`, or the system's sendmail, mailq or newaliases when
// called by that name.
int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> args(argv, argv + argc);
  std::string name = args.empty() ? "pabal" : args[0].substr(args[0].rfind('/') + 1);
  if (!args.empty()) args.erase(args.begin());
  // Before anything else: a SIGHUP that comes while the server starts must not end it.
  if (!args.empty() && args[0] == "serve") pabal::os::SignalWatcher::block();
  pabal::app::FoldingStream out(std::cout, STDOUT_FILENO), err(std::cerr, STDERR_FILENO);
  pabal::Console console{std::cin, out.stream(), err.stream(), isatty(STDIN_FILENO) != 0, &std::cout};
  try {
    // Words behind it are its own: what reads commands would take "--" away.
    bool command = args.size() > 1 && args[0] == "sendmail" && args[1] != "--help";
    if (command) args.erase(args.begin());
    if (command || name == "sendmail") return pabal::app::sendmail(args, console);
    // The other names that a system knows its mail program by.
    if (name == "mailq") args.insert(args.begin(), {"queue", "list"});
    if (name == "newaliases") return 0;  // aliases are in force when they are made
    return pabal::app::run_cli(std::move(args), console,
                               {pabal::app::serve, pabal::app::demo, {pabal::app::add_agent_commands}});
  } catch (const std::exception& e) {
    std::cerr << name << ": " << e.what() << '\n';
    return 1;
  }
}
