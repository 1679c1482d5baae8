#include "app/check_setup.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app/check_reach.h"
#include "app/owner.h"
#include "base/bytes.h"
#include "base/local_time.h"
#include "console/console.h"
#include "tls/inspect.h"

namespace pabal::app {

namespace {

namespace fs = std::filesystem;

constexpr Duration kRenewWithin = std::chrono::days(14);
// Below this a full disk is near.
constexpr uint64_t kRoomMin = 256 << 20;

class Check {
 public:
  Check(const Config& config, Time now) : config_(config), now_(now) {}

  std::vector<Finding> run() {
    check_data_directory();
    check_tls();
    check_other_files();
    check_sizes();
    for (Finding& finding : check_reach(config_)) found_.push_back(std::move(finding));
    std::vector<Finding> sorted;
    for (auto severity : {Finding::fatal, Finding::error, Finding::warning}) {
      for (const Finding& finding : found_) {
        if (finding.severity == severity) sorted.push_back(finding);
      }
    }
    return sorted;
  }

 private:
  void add(Finding::Severity severity, std::string text) { found_.push_back({severity, std::move(text)}); }

  static bool may(const std::string& path, int how) {
    return faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0;
  }
  static std::string me() { return user_name(geteuid()); }

  // A folder that has to be there or that can be made: "" if so, else why not.
  static std::string why_no_folder(const std::string& path) {
    std::string at = path;
    struct stat found;
    for (;;) {
      if (stat(at.c_str(), &found) == 0) break;
      if (errno != ENOENT) return at + ": " + std::strerror(errno);
      if (lstat(at.c_str(), &found) == 0) return at + " is a link that leads nowhere";
      std::string parent = fs::path(at).parent_path();
      if (parent == at || parent.empty()) return at + " is not there";
      at = parent;
    }
    if (!S_ISDIR(found.st_mode)) return at + " is no folder";
    if (!may(at, W_OK | X_OK)) {
      return at + (errno == EROFS
                       ? " is on a file system for reading only"
                       : " may not be written by " + me() + "; it belongs to " + user_name(found.st_uid));
    }
    struct statfs volume;
    if (statfs(at.c_str(), &volume) == 0 &&
        (volume.f_type == PROC_SUPER_MAGIC || volume.f_type == SYSFS_MAGIC))
      return at + " is the kernel's, where nothing can be kept";
    return "";
  }

  void check_data_directory() {
    const std::string& directory = config_.server.data_directory;
    if (std::string why = why_no_folder(directory); !why.empty()) {
      return add(Finding::fatal,
                 "server.data_directory is \"" + printable(directory, 200) + "\": " + printable(why, 400));
    }
    struct stat found;
    if (stat(directory.c_str(), &found) != 0) {
      return add(Finding::warning, "server.data_directory " + directory +
                                       " is not there yet: without `pabal init` or a restore the server has "
                                       "no accounts");
    }
    try {
      require_access(directory, true);
    } catch (const CommandError& e) {
      add(Finding::fatal, e.what());
    }
    struct statvfs volume;
    if (statvfs(directory.c_str(), &volume) != 0) return;
    uint64_t room = uint64_t{volume.f_bavail} * volume.f_frsize;
    if (volume.f_blocks > 0 && room < std::max(kRoomMin, config_.limits.message_octets_max))
      add(Finding::warning, "only " + human_size(room) + " are free where " + directory + " lies");
  }

  void check_tls() {
    const TlsConfig& tls = config_.tls;
    bool wanted = std::any_of(config_.listeners.begin(), config_.listeners.end(),
                              [](const ListenerConfig& l) { return l.tls != TlsMode::none; });
    if (tls.certificate.empty() != tls.key.empty())
      return add(Finding::fatal, "tls.certificate and tls.key go together; one is missing");
    if (tls.certificate.empty()) return;
    auto facts = tls::inspect({tls.certificate, tls.key}, config_.server.hostname);
    if (!facts) {
      std::string text = facts.error();
      if (text.ends_with(std::strerror(EACCES))) text += " for " + me();
      return add(Finding::fatal, text);
    }
    check_validity(*facts);
    if (!facts->is_for_host) {
      add(Finding::warning, "the certificate " + tls.certificate + " is for " +
                                (facts->names.empty() ? "no name" : printable(names(*facts), 200)) +
                                ", not for server.hostname " + config_.server.hostname +
                                ": mail programs will warn");
    }
    if (!wanted) add(Finding::warning, "there is a certificate, but no listener uses TLS");
    struct stat key;
    if (stat(tls.key.c_str(), &key) == 0 && (key.st_mode & 0027) != 0) {
      char mode[8];
      snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(key.st_mode) & 07777);
      add(Finding::warning, "the key " + tls.key + " has mode " + mode +
                                ": others could read or change it; chmod 600 " + tls.key);
    }
  }

  static std::string names(const tls::CertificateFacts& facts) {
    std::string out;
    for (const std::string& name : facts.names) out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  void check_validity(const tls::CertificateFacts& facts) {
    const std::string& file = config_.tls.certificate;
    if (facts.not_after < now_) {
      add(Finding::error, "the certificate " + file + " expired at " + to_local_text(facts.not_after) +
                              ": mail programs refuse it; get a new one, then `systemctl reload pabal`");
    } else if (facts.not_before > now_) {
      add(Finding::error, "the certificate " + file + " is valid only from " +
                              to_local_text(facts.not_before) + " on; is the clock right?");
    } else if (facts.not_after < now_ + kRenewWithin) {
      add(Finding::warning, "the certificate " + file + " expires at " + to_local_text(facts.not_after) +
                                ", in " + human_duration(facts.not_after - now_));
    }
  }

  void check_other_files() {
    const std::string& log = config_.log.file;
    if (!log.empty()) {
      struct stat found;
      if (stat(log.c_str(), &found) == 0) {
        if (S_ISDIR(found.st_mode))
          add(Finding::fatal, "log.file " + log + " is a folder");
        else if (!may(log, W_OK))
          add(Finding::fatal, "log.file " + log + " may not be written by " + me());
      } else if (std::string why = why_no_place(log); !why.empty()) {
        add(Finding::fatal, "log.file " + printable(log, 200) + " cannot be made: " + printable(why, 400));
      }
    }
    for (const RouteConfig& route : config_.routes) {
      if (!route.password_file.empty() && !may(route.password_file, R_OK)) {
        add(Finding::fatal, "route.password_file " + printable(route.password_file, 200) +
                                " cannot be read by " + me() + ": " + std::strerror(errno));
      }
    }
    for (const ListenerConfig& listener : config_.listeners) {
      const std::string& path = listener.address.path;
      if (path.empty()) continue;
      if (std::string why = why_no_place(path); !why.empty())
        add(Finding::fatal, "the socket " + printable(path, 200) + " cannot be made: " + printable(why, 400));
    }
  }

  // Files are made, their folders are not.
  static std::string why_no_place(const std::string& file) {
    struct stat found;
    if (lstat(file.c_str(), &found) == 0 && S_ISLNK(found.st_mode) && stat(file.c_str(), &found) != 0)
      return file + " is a link that leads nowhere";
    std::string folder = fs::path(file).parent_path();
    if (folder.empty()) folder = ".";
    if (stat(folder.c_str(), &found) != 0) return folder + ": " + std::strerror(errno);
    return why_no_folder(folder);
  }

  void check_sizes() {
    const LimitsConfig& limits = config_.limits;
    constexpr uint64_t kSmall = 64 << 10;  // RFC 5321 §4.5.3.1.7
    if (limits.message_octets_max < kSmall) {
      add(Finding::warning, "limits.message_octets_max is " + size_text(limits.message_octets_max) +
                                ": every server has to take 64KiB at least, and many mails are larger");
    }
    if (limits.message_octets_max > config_.store.segment_octets) {
      add(Finding::warning, "limits.message_octets_max " + size_text(limits.message_octets_max) +
                                " is above store.segment_octets " + size_text(config_.store.segment_octets) +
                                ": each larger mail takes a file of its own");
    }
    constexpr int kRecipients = 100;  // RFC 5321 §4.5.3.1.8
    if (limits.recipients_max < kRecipients) {
      add(Finding::warning, "limits.recipients_max is " + std::to_string(limits.recipients_max) +
                                ": every server has to take 100 at least, and lists send to as many");
    }
    if (config_.store.inline_octets_max > (1 << 20)) {
      add(Finding::warning, "store.inline_octets_max is " + size_text(config_.store.inline_octets_max) +
                                ": mails of that size make the database slow; the default is 4KiB");
    }
    if (config_.queue.lifetime < config_.queue.retry_delays.front()) {
      add(Finding::warning, "queue.lifetime " + to_text(config_.queue.lifetime) +
                                " is shorter than the first of queue.retry_delays: nothing is tried twice");
    }
  }

  const Config& config_;
  const Time now_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> check_setup(const Config& config, Time now) {
  return Check(config, now).run();
}

}  // namespace pabal::app
