#include "app/cli_checks.h"

#include <CLI/CLI.hpp>
#include <string>

#include "base/bytes.h"

namespace pabal::app {

void check_whole_number(CLI::Option* option, uint64_t least, uint64_t most) {
  auto check = [least, most](std::string& text) -> std::string {
    auto number = parse_uint(text);
    if (number && *number >= least && *number <= most) return "";
    std::string range = most == UINT32_MAX ? std::to_string(least) + " or more"
                                           : std::to_string(least) + " to " + std::to_string(most);
    return "expected a whole number, " + range + ", not \"" + printable(text, 40) + '"';
  };
  option->check(CLI::Validator(check, "NUMBER", "whole_number"));
}

}  // namespace pabal::app
