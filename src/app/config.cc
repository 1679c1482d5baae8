#include "app/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <toml++/toml.h>
#include <tuple>

#include "app/config_fields.h"
#include "app/suggest.h"
#include "base/bytes.h"
#include "mail/address.h"

namespace pabal::app {

namespace {

struct Problem {
  uint32_t line = 0;  // 0: of the whole file
  std::string text;
};
using Checked = std::expected<void, Problem>;

std::unexpected<Problem> problem(const toml::node& where, std::string text) {
  return std::unexpected(Problem{where.source().begin.line, std::move(text)});
}

// A value as the file has it, for messages.
std::string shown(const toml::node& node) {
  if (const auto* s = node.as_string()) return '"' + printable(s->get(), 80) + '"';
  if (const auto* b = node.as_boolean()) return b->get() ? "true" : "false";
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a section";
  return "something else";
}

std::string suggestion(std::string_view key, const std::vector<std::string>& known) {
  std::string near = nearest(key, known);
  return near.empty() ? "; known are " + join(known, ", ") : "; did you mean " + near + "?";
}

// One value of the file into one member.
template <class S>
class Setter {
 public:
  Setter(const toml::node& node, std::string name, S& section)
      : node_(node), name_(std::move(name)), s_(section) {}

  Checked operator()(std::string S::* m) {
    const auto* value = node_.as_string();
    if (!value) return wrong("text in quotes");
    s_.*m = value->get();
    return {};
  }
  Checked operator()(bool S::* m) {
    const auto* value = node_.as_boolean();
    if (!value) return wrong("true or false");
    s_.*m = value->get();
    return {};
  }
  Checked operator()(int S::* m) {
    const auto* value = node_.as_integer();
    if (!value || value->get() < 0 || value->get() > INT32_MAX) return wrong("a whole number, 0 or more");
    s_.*m = static_cast<int>(value->get());
    return {};
  }
  Checked operator()(uint64_t S::* m) {
    std::optional<uint64_t> size;
    if (const auto* text = node_.as_string()) size = parse_size(text->get());
    if (const auto* number = node_.as_integer(); number && number->get() >= 0) {
      size = static_cast<uint64_t>(number->get());
    }
    if (!size) return wrong("a size such as \"50MiB\"");
    s_.*m = *size;
    return {};
  }
  Checked operator()(Duration S::* m) {
    const auto* text = node_.as_string();
    auto time = text ? parse_duration(text->get()) : std::nullopt;
    if (!time) return wrong("a time such as \"90s\", \"5m\", \"4h\" or \"5d\"");
    s_.*m = *time;
    return {};
  }
  Checked operator()(io::Endpoint S::* m) {
    const auto* text = node_.as_string();
    auto endpoint = text ? io::Endpoint::parse(text->get()) : std::nullopt;
    if (!endpoint) return wrong("an address with a port such as \"0.0.0.0:25\" or \"[::]:25\"");
    s_.*m = *endpoint;
    return {};
  }
  Checked operator()(std::vector<std::string> S::* m) {
    return list(m, "a list of texts", [](const std::string& t) { return std::optional(t); });
  }
  Checked operator()(std::vector<Duration> S::* m) {
    return list(m, "a list of times such as [\"5m\", \"15m\"]", parse_duration);
  }
  Checked operator()(std::vector<io::IpPrefix> S::* m) {
    return list(m, "a list of networks such as [\"192.0.2.0/24\"]", io::IpPrefix::parse);
  }
  Checked operator()(const Choice<S>& choice) {
    const auto* text = node_.as_string();
    auto found = text ? std::find(choice.names.begin(), choice.names.end(), text->get()) : choice.names.end();
    if (found == choice.names.end()) {
      std::vector<std::string> names(choice.names.begin(), choice.names.end());
      return wrong("one of " + join(names, ", "));
    }
    choice.set(s_, static_cast<size_t>(found - choice.names.begin()));
    return {};
  }

 private:
  Checked wrong(const std::string& expected) const {
    return problem(node_, name_ + " is " + shown(node_) + "; expected " + expected);
  }
  template <class T, class Parse>
  Checked list(std::vector<T> S::* m, const std::string& expected, Parse parse) {
    const auto* array = node_.as_array();
    if (!array) return wrong(expected);
    std::vector<T> values;
    for (const toml::node& element : *array) {
      const auto* text = element.as_string();
      auto value = text ? parse(text->get()) : std::nullopt;
      if (!value) return problem(element, name_ + " has " + shown(element) + "; expected " + expected);
      values.push_back(std::move(*value));
    }
    s_.*m = std::move(values);
    return {};
  }

  const toml::node& node_;
  std::string name_;
  S& s_;
};

std::string beside(const std::string& file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  size_t slash = file.rfind('/');
  return slash == std::string::npos ? path : file.substr(0, slash + 1) + path;
}

class Reader {
 public:
  Reader(const toml::table& root, const std::string& file) : root_(root), file_(file) {}

  std::expected<Config, Problem> read() {
    Config config;
    config.file = file_;
    Checked checked;
    std::vector<std::string> known;
    for_each_section(config, [&](const char* name, const char*, auto& section) {
      known.push_back(name);
      if (!checked) return;
      // Without [server] its required keys are still missed.
      const toml::node* node = root_.get(name);
      if (node || std::string_view(name) == "server") checked = take(name, node, section);
    });
    for (const auto& [key, node] : root_) {
      if (checked && std::find(known.begin(), known.end(), key.str()) == known.end()) {
        checked = problem(
            node, "there is no section [" + std::string(key.str()) + "]" + suggestion(key.str(), known));
      }
    }
    if (checked) checked = check_whole(config);
    if (!checked) return std::unexpected(checked.error());
    return config;
  }

 private:
  template <class S>
  Checked take(const std::string& name, const toml::node* node, S& section) {
    static const toml::table empty;
    const toml::table* table = node ? node->as_table() : &empty;
    if (!table) return problem(*node, name + " is " + shown(*node) + "; expected a section [" + name + "]");
    return take_table(name, *table, section);
  }

  template <class S>
  Checked take(const std::string& name, const toml::node* node, std::vector<S>& sections) {
    const toml::array* blocks = node->as_array();
    if (!blocks)
      return problem(*node, name + " may stand several times: write [[" + name + "]], not [" + name + "]");
    for (const toml::node& block : *blocks) {
      const toml::table* table = block.as_table();
      if (!table)
        return problem(block, name + " is a list; expected blocks that begin with [[" + name + "]]");
      sections.emplace_back();
      if (Checked checked = take_table(name, *table, sections.back()); !checked) return checked;
    }
    return {};
  }

  template <class S>
  Checked take_table(const std::string& name, const toml::table& table, S& section) {
    std::vector<std::string> known;
    for (const Field<S>& field : fields<S>()) {
      known.emplace_back(field.key);
      const toml::node* node = table.get(field.key);
      if (node) {
        Checked checked =
            std::visit(Setter<S>(*node, name + '.' + std::string(field.key), section), field.member);
        if (!checked) return checked;
      } else if (field.trait == Trait::required) {
        return problem(table, name + '.' + std::string(field.key) + " is missing: " + std::string(field.doc));
      }
      if (field.trait == Trait::path) {
        std::string& path = section.*std::get<std::string S::*>(field.member);
        // The system would take what is in front of it for the whole.
        if (path.find('\0') != std::string::npos)
          return problem(*node, name + '.' + std::string(field.key) + " has a NUL in it");
        path = beside(file_, path);
      }
    }
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        return problem(
            node, "there is no key " + name + '.' + std::string(key.str()) + suggestion(key.str(), known));
      }
    }
    return {};
  }

  // Where the block number `i` of [[name]] begins.
  const toml::node& block(const char* name, size_t i) const { return *root_.get(name)->as_array()->get(i); }

  // What single values cannot show.
  Checked check_whole(const Config& config) {
    const std::string& hostname = config.server.hostname;
    if (!mail::is_domain(hostname, false)) {
      return problem(*root_["server"]["hostname"].node(),
                     "server.hostname is \"" + printable(hostname, 80) +
                         "\"; expected a name such as \"mail.example.org\"");
    }
    if (config.server.data_directory.empty()) {
      return problem(*root_["server"]["data_directory"].node(),
                     "server.data_directory is empty; expected a folder such as \"/var/lib/pabal\"");
    }
    if (Checked checked = check_listeners(config); !checked) return checked;
    for (size_t i = 0; i < config.routes.size(); ++i) {
      const RouteConfig& route = config.routes[i];
      if (route.user.empty() != route.password_file.empty()) {
        return problem(block("route", i), "route.user and route.password_file go together; one is missing");
      }
      if (route.port < 1 || route.port > 65535)
        return problem(block("route", i), "route.port is no port number");
    }
    if (config.delivery.remote_port < 1 || config.delivery.remote_port > 65535) {
      return problem(*root_["delivery"]["remote_port"].node(), "delivery.remote_port is no port number");
    }
    if (Checked checked = check_ones(config); !checked) return checked;
    if (config.queue.retry_delays.empty()) {
      return problem(*root_["queue"]["retry_delays"].node(),
                     "queue.retry_delays is empty; expected for example [\"5m\", \"15m\", \"30m\"]");
    }
    for (const std::string& server : config.dns.servers) {
      if (!io::IpAddress::parse(server) && !io::Endpoint::parse(server)) {
        return problem(*root_["dns"]["servers"].node(),
                       "dns.servers has \"" + printable(server, 80) +
                           "\"; expected an address such as \"192.0.2.1\" or \"192.0.2.1:53\"");
      }
    }
    return {};
  }

  // Without one of these nothing would ever go on.
  Checked check_ones(const Config& config) {
    const std::tuple<const char*, const char*, int> ones[] = {
        {"store", "readers", config.store.readers},
        {"store", "batch_max", config.store.batch_max},
        {"store", "open_segments_max", config.store.open_segments_max},
        {"queue", "in_hand_max", config.queue.in_hand_max},
        {"queue", "in_hand_per_destination_max", config.queue.in_hand_per_destination_max},
        {"queue", "claim_max", config.queue.claim_max},
        {"delivery", "per_destination_max", config.delivery.per_destination_max},
        {"delivery", "per_destination_start", config.delivery.per_destination_start},
        {"delivery", "servers_max", config.delivery.servers_max},
        {"limits", "recipients_max", config.limits.recipients_max},
        {"limits", "auth_failures_max", config.limits.auth_failures_max},
        {"limits", "errors_max", config.limits.errors_max}};
    for (const auto& [section, key, value] : ones) {
      if (value < 1) {
        return problem(*root_[section][key].node(),
                       std::string(section) + '.' + key + " is 0; expected a whole number, 1 or more");
      }
    }
    const std::tuple<const char*, const char*, uint64_t, uint64_t, uint64_t> sizes[] = {
        {"limits", "command_octets_max", config.limits.command_octets_max, 512, 2048},
        {"limits", "receiving_octets_max", config.limits.receiving_octets_max,
         config.limits.message_octets_max, UINT64_MAX},
        {"store", "batch_octets_max", config.store.batch_octets_max, 1, UINT64_MAX}};
    for (const auto& [section, key, value, least, most] : sizes) {
      if (value >= least && value <= most) continue;
      const toml::node* where = root_[section][key].node();
      return problem(where ? *where : root_,
                     std::string(section) + '.' + key + " is " + size_text(value) + "; expected " +
                         size_text(least) + (most == UINT64_MAX ? " or more" : " to " + size_text(most)));
    }
    return {};
  }

  Checked check_listeners(const Config& config) {
    std::set<std::string> seen;
    for (size_t i = 0; i < config.listeners.size(); ++i) {
      const ListenerConfig& listener = config.listeners[i];
      const toml::node& where = block("listener", i);
      std::string at = listener.address.to_string();
      bool any_port = listener.address.path.empty() && listener.address.port == 0;
      if (!seen.insert(at).second && !any_port) return problem(where, "two listeners have the address " + at);
      if (listener.tls != TlsMode::none && (config.tls.certificate.empty() || config.tls.key.empty())) {
        return problem(where, "the listener on " + at + " wants TLS; set certificate and key in [tls]");
      }
      bool login = listener.protocol == Protocol::submission || listener.protocol == Protocol::pop3 ||
                   listener.protocol == Protocol::imap;
      if (login && listener.tls == TlsMode::none && !listener.plaintext_auth) {
        return problem(where, "nobody can log in on " + at +
                                  ": set tls to starttls or implicit, or plaintext_auth = true");
      }
    }
    return {};
  }

  const toml::table& root_;
  const std::string& file_;
};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = parse_uint(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  int64_t ms = unit == "ms"  ? 1
               : unit == "s" ? 1000
               : unit == "m" ? 60'000
               : unit == "h" ? 3'600'000
               : unit == "d" ? 86'400'000
                             : 0;
  constexpr int64_t kMax = 36'500LL * 86'400'000;  // a century
  if (!number || ms == 0 || *number > static_cast<uint64_t>(kMax / ms)) return std::nullopt;
  return Duration(static_cast<int64_t>(*number) * ms);
}

std::optional<uint64_t> parse_size(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = parse_uint(text.substr(0, digits));
  std::string_view unit = text.substr(digits);
  int shift = unit.empty()    ? 0
              : unit == "KiB" ? 10
              : unit == "MiB" ? 20
              : unit == "GiB" ? 30
              : unit == "TiB" ? 40
                              : -1;
  if (!number || shift < 0 || *number > (UINT64_MAX >> 1 >> shift)) return std::nullopt;
  return *number << shift;
}

std::expected<Config, std::string> parse_config(std::string_view text, const std::string& file) {
  std::expected<Config, Problem> config;
  try {
    toml::table root = toml::parse(text, file);
    config = Reader(root, file).read();
  } catch (const toml::parse_error& e) {
    config = std::unexpected(Problem{e.source().begin.line, std::string(e.description())});
  }
  if (config) return std::move(*config);
  const Problem& p = config.error();
  return std::unexpected(file + ':' + (p.line ? std::to_string(p.line) + ": " : " ") + p.text);
}

std::expected<Config, std::string> load_config(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  int error = errno;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return std::unexpected(file + " is a folder, no file");
  if (!in && error == ENOENT) {
    return std::unexpected(
        file + " is not there. Make one with `pabal init DOMAIN`, or name yours with --config FILE.");
  }
  if (!in) return std::unexpected(file + " cannot be read: " + std::strerror(error));
  return parse_config(std::string{std::istreambuf_iterator<char>(in), {}}, file);
}

}  // namespace pabal::app
