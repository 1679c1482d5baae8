// `pabal send`, `inbox`, `read`, `save`, `fetch` and `sendmail`: the user agent
// on the command line. It works against any server; what a user always needs
// stands in agent/settings.h.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace pabal {
struct Console;
}

namespace pabal::app {

struct Cli;

// One of Hooks::more_commands.
void add_agent_commands(CLI::App& app, Cli& cli);

// As the system's sendmail, which the name of the program asks for too.
int sendmail(const std::vector<std::string>& args, Console& console);

}  // namespace pabal::app
