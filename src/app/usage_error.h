// What to say to somebody whose words on the command line make no command.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace pabal::app {

// One or two lines: what is wrong, what was probably meant, where to read more.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace pabal::app
