// The flags that all commands of the user agent share, and what they come to
// together with the settings.
#pragma once

#include <string>

#include "agent/settings.h"

namespace pabal::agent {

struct ServerFlags {
  std::string server, tls, user, password_file, ca_file, settings_file;
  bool insecure = false;
};

struct Connection {
  LinkOptions link;
  std::string user, password;
};

Settings settings_of(const ServerFlags& flags);

// For POP3: a server and a user have to be known. Throws CommandError.
Connection pop3_connection(Console& console, const ServerFlags& flags);
// For SMTP: without a user there is no log-in. Without a server it is this machine's.
Connection smtp_connection(Console& console, const ServerFlags& flags, const Settings& settings);

}  // namespace pabal::agent
