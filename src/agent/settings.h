// The user's own settings, ~/.config/pabal/agent.toml: which servers, which
// user. Flags of a command override them.
//
//   from = "Alice <alice@example.org>"
//   user = "alice@example.org"
//   password_file = "/home/alice/.config/pabal/password"   # or
//   password_command = "secret-tool lookup mail alice"
//   ca_file = "/etc/ssl/our-ca.pem"        # for a certificate of your own making
//   [smtp]
//   server = "mail.example.org:465"
//   tls = "implicit"                       # none, starttls, implicit
//   [pop3]
//   server = "mail.example.org:995"
#pragma once

#include <optional>
#include <string>

#include "agent/link.h"

namespace pabal {
struct Console;
}

namespace pabal::agent {

constexpr uint16_t kSubmissionPort = 465;
constexpr uint16_t kPop3Port = 995;

struct ServerSettings {
  std::optional<ServerAddress> server;
  std::optional<TlsMode> tls;
};

struct Settings {
  std::string from;
  std::string user;
  std::string password_file;
  std::string password_command;
  std::string ca_file;
  bool insecure = false;
  ServerSettings smtp, pop3;
};

// $XDG_CONFIG_HOME/pabal/agent.toml, else ~/.config/pabal/agent.toml; "" without a home.
std::string default_settings_path();

// Without the file: nothing set; unless `must_exist`. Throws CommandError with
// file and line.
Settings load_settings(const std::string& path, bool must_exist);
Settings parse_settings(const std::string& text, const std::string& path);

std::optional<TlsMode> parse_tls_mode(std::string_view text);

// By the file named on the command line, $PABAL_PASSWORD, password_file or the
// first line that password_command prints. Throws CommandError if there is none.
std::string find_password(Console& console, const std::string& file, const Settings& settings);

}  // namespace pabal::agent
