#include "agent/settings.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <toml++/toml.h>

#include "base/bytes.h"
#include "console/console.h"

namespace pabal::agent {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string user_directory(const char* variable, const char* below_home) {
  std::string directory = environment(variable);
  if (!directory.empty()) return directory + "/pabal";
  std::string home = environment("HOME");
  return home.empty() ? "" : home + below_home;
}

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  [[noreturn]] void fail(const toml::node& node, const std::string& what) const {
    throw CommandError(path_ + ":" + std::to_string(node.source().begin.line) + ": " + what);
  }

  std::string text(const toml::key& key, const toml::node& node) const {
    if (auto value = node.value_exact<std::string>()) return *value;
    fail(node, std::string(key.str()) + " is a text in quotes");
  }

  ServerSettings server(const toml::key& name, const toml::node& node, uint16_t port) const {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      fail(node, std::string(name.str()) + " is a table: [" + std::string(name.str()) + "]");
    ServerSettings settings;
    for (const auto& [key, value] : *table) {
      if (key == "server") {
        settings.server = parse_server(text(key, value), port);
        if (!settings.server) fail(value, "server is a name with a port, as in \"mail.example.org:465\"");
      } else if (key == "tls") {
        settings.tls = parse_tls_mode(text(key, value));
        if (!settings.tls) fail(value, "tls is one of \"none\", \"starttls\" and \"implicit\"");
      } else {
        fail(value, "there is no setting " + std::string(key.str()) + " here: server, tls");
      }
    }
    return settings;
  }

 private:
  std::string path_;
};

std::string first_line_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw CommandError("cannot run password_command");
  char line[1024] = "";
  bool got = fgets(line, sizeof line, pipe) != nullptr;
  if (pclose(pipe) != 0 || !got) throw CommandError("password_command gave no password: " + command);
  std::string_view text = line;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

std::string default_settings_path() {
  std::string directory = user_directory("XDG_CONFIG_HOME", "/.config/pabal");
  return directory.empty() ? "" : directory + "/agent.toml";
}

std::optional<TlsMode> parse_tls_mode(std::string_view text) {
  if (text == "none") return TlsMode::none;
  if (text == "starttls") return TlsMode::starttls;
  if (text == "implicit") return TlsMode::implicit;
  return std::nullopt;
}

Settings parse_settings(const std::string& text, const std::string& path) {
  Reader reader(path);
  Settings settings;
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& e) {
    throw CommandError(path + ":" + std::to_string(e.source().begin.line) + ": " +
                       std::string(e.description()));
  }
  for (const auto& [key, value] : table) {
    if (key == "from") {
      settings.from = reader.text(key, value);
    } else if (key == "user") {
      settings.user = reader.text(key, value);
    } else if (key == "password_file") {
      settings.password_file = reader.text(key, value);
    } else if (key == "password_command") {
      settings.password_command = reader.text(key, value);
    } else if (key == "ca_file") {
      settings.ca_file = reader.text(key, value);
    } else if (key == "insecure") {
      if (!value.is_boolean()) reader.fail(value, "insecure is true or false");
      settings.insecure = value.value_or(false);
    } else if (key == "smtp") {
      settings.smtp = reader.server(key, value, kSubmissionPort);
    } else if (key == "pop3") {
      settings.pop3 = reader.server(key, value, kPop3Port);
    } else {
      reader.fail(value,
                  "there is no setting " + std::string(key.str()) +
                      ": from, user, password_file, password_command, ca_file, insecure, [smtp], [pop3]");
    }
  }
  return settings;
}

Settings load_settings(const std::string& path, bool must_exist) {
  std::ifstream file(path);
  if (!file) {
    if (must_exist) throw CommandError("cannot read the settings " + path);
    return {};
  }
  std::stringstream text;
  text << file.rdbuf();
  return parse_settings(text.str(), path);
}

std::string find_password(Console& console, const std::string& file, const Settings& settings) {
  if (!file.empty()) return obtain_password(console, file);
  std::string password = environment("PABAL_PASSWORD");
  if (!password.empty()) return password;
  if (!settings.password_file.empty()) return obtain_password(console, settings.password_file);
  if (!settings.password_command.empty()) return first_line_of(settings.password_command);
  throw CommandError(
      "no password: use --password-file FILE, the variable PABAL_PASSWORD, or password_file or "
      "password_command in " +
      default_settings_path());
}

}  // namespace pabal::agent
