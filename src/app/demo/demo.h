// `pabal demo`: two servers, a DNS and a mail that travels between them, all on
// this machine.
#pragma once

#include <string>

namespace pabal::app {

struct DemoOptions {
  bool once = false;  // end after the exchange
  std::string fail;   // "": nothing; "peer": Busan is down; "dns": the DNS is broken for a while
};

// Exit status: 0 only if everything arrived as it should, byte for byte.
int demo(const DemoOptions& options);

}  // namespace pabal::app
