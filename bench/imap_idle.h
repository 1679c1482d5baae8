// Many IMAP sessions in IDLE at once, and mail delivered to them by LMTP: how
// long after the 250 of a delivery does each session hear of it?
#pragma once

#include <openssl/ssl.h>

#include "bench/load_common.h"

namespace pabal::bench {

// Opens the sessions, prints {"sessions":N,...}, then obeys standard input until
// it ends. tls: nullptr for none. The exit status of the program.
int hold_idle_sessions(const LoadArguments& arguments, SSL_CTX* tls);

}  // namespace pabal::bench
