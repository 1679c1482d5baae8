// For tests of the commands' grammars.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "proto/imap/command.h"

namespace pabal::proto::imap {

// `line` without a tag, as the command C; a failure of the test if it is none.
template <class C>
C parsed(std::string_view line, bool utf8 = false) {
  auto request = parse_request("a1 " + std::string(line), {.utf8 = utf8});
  if (!request) {
    ADD_FAILURE() << line << ": " << request.error().text;
    return C{};
  }
  EXPECT_EQ(request->tag, "a1");
  if (!std::holds_alternative<C>(request->command)) {
    ADD_FAILURE() << line << " became " << verb(request->command);
    return C{};
  }
  return std::get<C>(std::move(request->command));
}

// "BAD text", "NO [CODE] text", or "accepted".
inline std::string refusal(std::string_view line, bool utf8 = false) {
  auto request = parse_request("a1 " + std::string(line), {.utf8 = utf8});
  if (request) return "accepted as " + verb(request->command);
  EXPECT_EQ(request.error().tag, "a1");
  const SyntaxError& error = request.error();
  return (error.no ? "NO " : "BAD ") + (error.code.empty() ? "" : "[" + error.code + "] ") + error.text;
}

}  // namespace pabal::proto::imap
