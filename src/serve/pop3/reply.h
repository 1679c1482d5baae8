// What a command handler hands back, for the session loop to write.
#pragma once

#include <string>

namespace pabal::serve::pop3 {

struct Reply {
  bool ok = true;
  bool client_error = false;  // counts against the session's error budget
  std::string status;         // the status line, without CRLF
  std::string lines;          // what follows it, as it goes over the wire
  std::string message;        // what follows it as it is stored: still to be dot-stuffed and ended
  bool has_message = false;
  enum class Then { go_on, start_tls, close } then = Then::go_on;
};

}  // namespace pabal::serve::pop3
