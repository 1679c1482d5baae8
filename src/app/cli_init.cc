// pabal init: from nothing to a server that can be started.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <ostream>
#include <pwd.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/cli_checks.h"
#include "app/dns_records.h"
#include "app/owner.h"
#include "base/bytes.h"
#include "directory/admin.h"
#include "mail/address.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "tls/certificate.h"

namespace pabal::app {

namespace {

namespace fs = std::filesystem;

// What the service that the package installs works with (packaging/pabal.service).
constexpr const char* kSystemDirectory = "/etc/pabal";
constexpr const char* kSystemData = "/var/lib/pabal";
constexpr const char* kSystemUser = "pabal";
constexpr const char* kSystemUnits[] = {"/usr/lib/systemd/system/pabal.service",
                                        "/lib/systemd/system/pabal.service",
                                        "/etc/systemd/system/pabal.service"};

struct Arguments {
  std::string domain, directory, hostname, account, password_file, certificate, key, address;
  uint16_t port_offset = 0;
  bool non_interactive = false;
};

// What will be made.
struct Plan {
  std::string domain, config_file, account, password;
  bool generated = false;    // the password is ours: show it
  bool self_signed = false;  // the certificate too
  Config config;
};

std::vector<ListenerConfig> listeners(const Arguments& a, bool ipv6) {
  struct Row {
    Protocol protocol;
    uint16_t port;
    TlsMode tls;
  };
  static constexpr Row rows[] = {
      {Protocol::smtp, 25, TlsMode::starttls},         {Protocol::submission, 587, TlsMode::starttls},
      {Protocol::submission, 2525, TlsMode::starttls}, {Protocol::submission, 465, TlsMode::implicit},
      {Protocol::imap, 143, TlsMode::starttls},        {Protocol::imap, 993, TlsMode::implicit},
      {Protocol::pop3, 110, TlsMode::starttls},        {Protocol::pop3, 995, TlsMode::implicit},
  };
  std::vector<std::string> hosts = {"0.0.0.0"};
  if (ipv6) hosts.push_back("::");
  if (!a.address.empty()) hosts = {a.address};
  std::vector<ListenerConfig> out;
  auto add = [&](Protocol protocol, const std::string& host, int port, TlsMode tls) {
    auto ip = io::IpAddress::parse(host);
    if (!ip) throw CommandError("\"" + host + "\" is no IP address; --address takes one such as 127.0.0.1.");
    if (port + a.port_offset > 65535)
      throw CommandError("--port-offset is too large: port " + std::to_string(port) +
                         " would end above 65535.");
    out.push_back({protocol, {*ip, static_cast<uint16_t>(port + a.port_offset), ""}, tls, false});
  };
  for (const Row& row : rows) {
    for (const std::string& host : hosts) add(row.protocol, host, row.port, row.tls);
  }
  add(Protocol::metrics, a.address.empty() ? "127.0.0.1" : a.address, 9125, TlsMode::none);
  return out;
}

bool has_ipv6() {
  std::error_code error;
  return fs::exists("/proc/net/if_inet6", error);
}

std::string checked_domain(const std::string& text, const char* what) {
  auto domain = mail::is_domain(text, true) ? mail::to_ascii_domain(text) : std::nullopt;
  if (!domain || domain->find('.') == std::string::npos) {
    throw CommandError("\"" + printable(text, 80) + "\" is no " + what +
                       "; expected a name such as example.org.");
  }
  return *domain;
}

Plan make_plan(const Cli& cli, const Arguments& a) {
  Console silent{cli.console.in, cli.console.out, cli.console.err, false};
  Console& console = a.non_interactive ? silent : cli.console;
  Plan plan;
  plan.domain = checked_domain(a.domain, "domain");
  Config& config = plan.config;
  config.server.hostname = checked_domain(
      a.hostname.empty() ? ask(console, "Name of this host", "mail." + plan.domain) : a.hostname,
      "host name");

  fs::path directory = fs::absolute(!a.directory.empty() ? a.directory
                                    : geteuid() == 0     ? kSystemDirectory
                                                         : "pabal")
                           .lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();  // "/etc/pabal/"
  bool system_wide = directory == kSystemDirectory;
  plan.config_file = directory / "pabal.toml";
  config.server.data_directory = system_wide ? kSystemData : (directory / "data").string();
  if (fs::exists(plan.config_file)) {
    throw CommandError(plan.config_file +
                       " is there already; nothing was changed. Choose another folder with --dir, or use "
                       "`pabal domain add " +
                       plan.domain + "` to add the domain to that server.");
  }
  if (fs::exists(config.server.data_directory) && !fs::is_empty(config.server.data_directory)) {
    throw CommandError(config.server.data_directory +
                       " is not empty; nothing was changed. Choose another folder with --dir.");
  }

  std::string account = a.account.empty() ? ask(console, "First account", "admin") : a.account;
  if (account.find('@') == std::string::npos) account += '@' + plan.domain;
  auto address = mail::parse_address(account, true);
  if (!address)
    throw CommandError("\"" + printable(account, 80) + "\" is no address: " + address.error() + ".");
  if (mail::to_ascii_domain(address->domain) != plan.domain) {
    throw CommandError(account + " is not in " + plan.domain +
                       ". Give the first account's name alone; others follow by `pabal account add`.");
  }
  plan.account = mail::to_string(*address);

  plan.self_signed = a.certificate.empty();
  config.tls.certificate =
      plan.self_signed ? (directory / "certificate.pem").string() : fs::absolute(a.certificate).string();
  config.tls.key = plan.self_signed ? (directory / "key.pem").string() : fs::absolute(a.key).string();
  config.listeners = listeners(a, has_ipv6());

  bool only_this_machine = !a.address.empty() && io::IpAddress::parse(a.address)->is_loopback();
  if (!a.password_file.empty()) {
    plan.password = choose_password(console, a.password_file, only_this_machine);
  } else if (console.interactive) {
    console.out << "Password for " << plan.account << "; leave it empty to have one made.\n";
    plan.password = choose_password(console, "", only_this_machine, true);
  }
  plan.generated = plan.password.empty();
  return plan;
}

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) throw CommandError(path + " cannot be made: " + std::strerror(errno) + ".");
  bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written) throw CommandError(path + " cannot be written: " + std::strerror(errno) + ".");
}

rt::Task<void> make_records(io::World& world, const Plan& plan, const std::string& password) {
  auto store = store::Store::open(world, {.directory = plan.config.server.data_directory, .readers = 1});
  std::string error;
  auto work = [&](store::Transaction& tx) {
    auto check = [&](const auto& done) {
      if (!done && error.empty()) error = done.error();
    };
    check(directory::add_domain(*store, tx, plan.domain));
    check(directory::add_account(*store, tx, world.random, plan.account, password));
    std::string postmaster = "postmaster@" + plan.domain;
    if (!iequals(postmaster, plan.account)) check(directory::add_alias(tx, postmaster, plan.account));
    if (!error.empty()) throw store::StoreError(error);
  };
  std::exception_ptr failure;
  try {
    store->execute_now(work);
  } catch (const store::StoreError&) {
    failure = std::current_exception();
  }
  co_await store->close();
  if (failure) std::rethrow_exception(failure);
}

const passwd* service_user(const Plan& plan) {
  bool system_wide = plan.config.server.data_directory == kSystemData;
  return system_wide && geteuid() == 0 ? getpwnam(kSystemUser) : nullptr;
}

// The service runs as a user of its own, which the package makes.
void give_to_service(const Plan& plan) {
  const passwd* user = service_user(plan);
  if (user == nullptr) return;
  std::vector<fs::path> paths = {plan.config.server.data_directory, plan.config_file};
  // Those of others (certbot's) stay theirs; whether the service may read them is checked.
  if (plan.self_signed) paths.insert(paths.end(), {plan.config.tls.key, plan.config.tls.certificate});
  for (const auto& entry : fs::recursive_directory_iterator(plan.config.server.data_directory))
    paths.push_back(entry.path());
  for (const fs::path& path : paths) {
    if (lchown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw CommandError(path.string() + " cannot be given to the user pabal: " + std::strerror(errno) + ".");
    }
  }
}

void carry_out(Plan& plan) {
  os::RealWorldOptions options;
  options.log.level = LogLevel::warning;
  options.blocking_threads = 1;
  os::RealWorld real(options);
  io::World world = real.world();
  if (plan.generated) plan.password = world.random.token(20);

  fs::create_directories(fs::path(plan.config_file).parent_path());
  world.disk.make_directory(plan.config.server.data_directory);
  os::EpollPoller poller;
  rt::Loop loop(poller);
  loop.run(make_records(world, plan, plan.password));
  if (plan.self_signed) {
    tls::Credentials own = tls::make_self_signed({plan.config.server.hostname}, world.clock.now());
    write_file(plan.config.tls.key, own.key_pem, 0600);
    write_file(plan.config.tls.certificate, own.certificate_pem, 0644);
  }
  write_file(plan.config_file, write_config(plan.config), 0644);
  give_to_service(plan);
}

// With the path and the user that everything was made for.
std::string next_command(const Plan& plan) {
  bool unit = std::any_of(std::begin(kSystemUnits), std::end(kSystemUnits),
                          [](const char* path) { return access(path, F_OK) == 0; });
  if (unit && service_user(plan) != nullptr) return "systemctl enable --now pabal";
  return "pabal serve --config " + plan.config_file;
}

void print(const Cli& cli, const Plan& plan) {
  std::vector<DnsRecord> records =
      records_to_publish(plan.domain, plan.config.server.hostname, plan.config.listeners);
  std::ostream& out = cli.console.out;
  if (cli.json) {
    std::vector<std::string> rows;
    for (const DnsRecord& r : records) {
      rows.push_back(json_object({{"name", json_string(r.name)},
                                  {"type", json_string(r.type)},
                                  {"value", json_string(r.value)},
                                  {"why", json_string(r.why)}}));
    }
    std::vector<std::pair<std::string_view, std::string>> members = {
        {"config", json_string(plan.config_file)},
        {"data_directory", json_string(plan.config.server.data_directory)},
        {"account", json_string(plan.account)}};
    if (plan.generated) members.emplace_back("password", json_string(plan.password));
    members.emplace_back("dns", json_array(rows));
    out << json_object(members) << '\n';
    return;
  }
  out << "Made " << plan.config_file << ", with the mail in " << plan.config.server.data_directory << ".\n\n"
      << "Account   " << plan.account << '\n';
  if (plan.generated) out << "Password  " << plan.password << "   (shown this once)\n";
  out << "postmaster@" << plan.domain << " leads to it.\n\n"
      << "Publish these DNS records for " << plan.domain << ":\n\n"
      << zone_text(records) << "\nAnd ask whoever gave you the address for its PTR record: it should name "
      << plan.config.server.hostname << ".\n\n";
  if (plan.self_signed) {
    out << "The certificate is self-signed: good enough between servers, but mail programs will warn. Get "
           "one for\n"
        << plan.config.server.hostname << " (for example by certbot) and name it in [tls] of the config.\n\n";
  }
  out << "Next:  " << next_command(plan) << '\n';
}

void init(const Cli& cli, const Arguments& a) {
  Plan plan = make_plan(cli, a);
  try {
    carry_out(plan);
  } catch (const fs::filesystem_error& e) {
    throw CommandError(std::string(e.what()) + ". Choose a folder that is yours with --dir.");
  } catch (const io::IoError& e) {
    throw CommandError(std::string(e.what()) + ". Choose a folder that is yours with --dir.");
  } catch (const store::StoreError& e) {
    throw CommandError(e.what());
  }
  print(cli, plan);
  // With the eyes of the user that will serve.
  act_as_owner(plan.config.server.data_directory, plan.config_file);
  plan.config.file = plan.config_file;
  print_findings(cli, plan.config, check_setup(plan.config, os::SystemClock().now()));
}

}  // namespace

void add_init_command(CLI::App& app, Cli& cli) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("init", "Make config, certificate, database and first account for a domain");
  command->callback([&cli, a] {
    cli.chosen = [&cli, a] {
      init(cli, *a);
      return 0;
    };
  });
  command->add_option("DOMAIN", a->domain, "The domain whose mail is to be kept here")->required();
  command->add_option(
      "--dir", a->directory,
      "Folder for everything; else /etc/pabal and /var/lib/pabal for root, ./pabal for others");
  command->add_option("--hostname", a->hostname, "Name of this host; mail.DOMAIN unless given");
  command->add_option("--account", a->account, "Name of the first account; admin unless given");
  command
      ->add_option("--password-file", a->password_file,
                   "File whose first line is its password; - for standard input. Else one is made")
      ->type_name("FILE");
  auto* certificate = command
                          ->add_option("--certificate", a->certificate,
                                       "Certificate (PEM) to use; else a self-signed one is made")
                          ->type_name("FILE")
                          ->check(CLI::ExistingFile);
  auto* key =
      command->add_option("--key", a->key, "Its private key")->type_name("FILE")->check(CLI::ExistingFile);
  certificate->needs(key);
  key->needs(certificate);
  command->add_option("--address", a->address, "Listen on this IP address only");
  check_whole_number(command->add_option("--port-offset", a->port_offset,
                                         "Added to every port, to try it out without being root"),
                     0, 65535);
  command->add_flag("--non-interactive", a->non_interactive, "Ask nothing");
  command->add_flag("--json", cli.json, "Print JSON, for programs");
  command->footer(
      "Examples:\n  pabal init example.org\n  pabal init example.test --dir /tmp/try --address 127.0.0.1 "
      "--port-offset 10000 --non-interactive");
}

}  // namespace pabal::app
