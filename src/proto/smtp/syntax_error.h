// Why a command could not be understood, ready to be sent as a reply.
#pragma once

#include <string>

namespace pabal::proto::smtp {

struct SyntaxError {
  int code = 501;                  // 500, 501, 553 or 555 (RFC 5321 §4.2.2)
  std::string enhanced = "5.5.4";  // RFC 3463 §3.6
  std::string text;                // for the person at the other end
};

}  // namespace pabal::proto::smtp
