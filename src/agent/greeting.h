// A server speaks first, and its first line shows what it speaks: who has given
// the port of another service learns that, instead of a syntax error.
#pragma once

#include <string_view>

#include "agent/link.h"
#include "io/connection.h"

namespace pabal::agent {

enum class Speaks { pop3, smtp, imap, http, ssh, unknown };
Speaks spoken_by(std::string_view first_line);

// Waits for the first line, and leaves it to be read. Throws CommandError if it is
// that of something else than `wanted`, or if none comes. Another silence or end is
// for the one who reads it.
rt::Task<void> expect_greeting(io::Connection& connection, Speaks wanted, LinkOptions options);

}  // namespace pabal::agent
