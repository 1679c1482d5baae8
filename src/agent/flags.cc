#include "agent/flags.h"

#include "console/console.h"

namespace pabal::agent {

namespace {

LinkOptions link_options(const ServerFlags& flags, const Settings& settings, const ServerSettings& own,
                         uint16_t port) {
  LinkOptions link;
  if (!flags.server.empty()) {
    auto server = parse_server(flags.server, port);
    if (!server)
      throw CommandError("--server takes a name or address, as in mail.example.org:" + std::to_string(port));
    link.server = *server;
    link.tls = default_tls(server->port);
  } else if (own.server) {
    link.server = *own.server;
    link.tls = own.tls.value_or(default_tls(own.server->port));
  }
  if (!flags.tls.empty()) {
    auto mode = parse_tls_mode(flags.tls);
    if (!mode) throw CommandError("--tls takes none, starttls or implicit");
    link.tls = *mode;
  }
  link.insecure = flags.insecure || settings.insecure;
  link.ca_file = flags.ca_file.empty() ? settings.ca_file : flags.ca_file;
  return link;
}

}  // namespace

Settings settings_of(const ServerFlags& flags) {
  bool named = !flags.settings_file.empty();
  return load_settings(named ? flags.settings_file : default_settings_path(), named);
}

Connection pop3_connection(Console& console, const ServerFlags& flags) {
  Settings settings = settings_of(flags);
  Connection connection{.link = link_options(flags, settings, settings.pop3, kPop3Port)};
  connection.user = flags.user.empty() ? settings.user : flags.user;
  if (connection.link.server.host.empty())
    throw CommandError("which server? Use --server HOST:PORT, or [pop3] server in " +
                       default_settings_path());
  if (connection.user.empty())
    throw CommandError("which user? Use --user NAME, or user in " + default_settings_path());
  connection.password = find_password(console, flags.password_file, settings);
  return connection;
}

Connection smtp_connection(Console& console, const ServerFlags& flags, const Settings& settings) {
  Connection connection{.link = link_options(flags, settings, settings.smtp, kSubmissionPort)};
  // The settings' user belongs to the settings' server.
  bool other_server = !flags.server.empty();
  connection.user = flags.user.empty() && !other_server ? settings.user : flags.user;
  if (connection.link.server.host.empty()) {
    connection.link.server = {"127.0.0.1", 25};
    connection.link.tls = TlsMode::none;
    connection.user = flags.user;
  }
  if (!connection.user.empty()) connection.password = find_password(console, flags.password_file, settings);
  return connection;
}

}  // namespace pabal::agent
