// The words of a POP3 client (RFC 1939 §3), for whoever visits by it.
#pragma once

#include <string>

#include "base/time.h"
#include "io/connection.h"
#include "rt/task.h"

namespace pabal::simulation {

class Pop3Dialogue {
 public:
  // patience: for each line.
  Pop3Dialogue(io::Connection& connection, Duration patience)
      : connection_(connection), patience_(patience) {}

  // Its one-line reply; "" sends nothing (the greeting). Throws IoError.
  rt::Task<std::string> ask(std::string line);
  // Lines up to the lone dot, dots removed.
  rt::Task<std::string> read_lines();

 private:
  io::Connection& connection_;
  Duration patience_;
};

bool is_ok(const std::string& reply);

}  // namespace pabal::simulation
