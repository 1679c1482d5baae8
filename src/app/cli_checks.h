// What options and arguments may be, with a sentence for those who wrote something else.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/bytes.h"

namespace pabal::app {

inline CLI::Validator whole_number(uint64_t least, uint64_t most = UINT32_MAX) {
  auto check = [least, most](std::string& text) -> std::string {
    auto number = parse_uint(text);
    if (number && *number >= least && *number <= most) return "";
    std::string range = most == UINT32_MAX ? std::to_string(least) + " or more"
                                           : std::to_string(least) + " to " + std::to_string(most);
    return "expected a whole number, " + range + ", not \"" + printable(text, 40) + '"';
  };
  return CLI::Validator(check, "NUMBER", "whole_number");
}

}  // namespace pabal::app
