// `pabal send`, `inbox`, `read`, `save`, `fetch` and `sendmail`: the user agent
// on the command line. It works against any server; what a user always needs
// stands in agent/settings.h.
#pragma once

namespace CLI {
class App;
}

namespace pabal::app {

struct Cli;

// One of Hooks::more_commands.
void add_agent_commands(CLI::App& app, Cli& cli);

}  // namespace pabal::app
