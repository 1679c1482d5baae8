#include "app/usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "app/suggest.h"
#include "base/bytes.h"

namespace pabal::app {

namespace {

// The command that the words reached: `account add` of `pabal account add ...`.
const CLI::App& reached(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + ' ' + app.get_name();
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  std::string near = nearest(word, known);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

std::string about_word(const CLI::App& command, const std::string& word) {
  std::string shown = '"' + printable(word, 80) + '"';
  std::string of = command.get_parent() == nullptr ? "" : " of `" + full_name(command) + '`';
  if (word.size() > 1 && word[0] == '-') {
    return "there is no option " + shown + of +
           did_you_mean(word.substr(0, word.find('=')), option_names(command));
  }
  std::vector<std::string> commands = command_names(command);
  if (commands.empty()) return shown + " is one word too many for `" + full_name(command) + '`';
  std::string near = did_you_mean(word, commands);
  return "there is no command " + shown + of + (near.empty() ? "; there are: " + join(commands, ", ") : near);
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = reached(app);
  std::vector<std::string> words = command.remaining();
  if (words.empty()) words = app.remaining(true);
  // Behind a mistyped option stands its value, which nobody expects either; behind a
  // mistyped command its options, which may be right.
  auto option = std::find_if(words.begin(), words.end(), [](const auto& w) { return w.starts_with('-'); });
  if (option != words.end() && command_names(command).empty()) std::iter_swap(words.begin(), option);
  // By code: the name of an ExtrasError is the program's.
  bool unknown = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) ||
                 error.get_name() == "RequiredError";
  std::string text;
  if (unknown && !words.empty()) {
    text = about_word(command, words.front());
  } else if (error.get_name() == "RequiredError" && !command_names(command).empty()) {
    text = "name a command: " + join(command_names(command), ", ");
  } else {
    text = error.what();
  }
  return text + "\n`" + full_name(command) + " --help` says more" +
         (command.get_parent() == nullptr ? "." : ", with an example.");
}

}  // namespace pabal::app
