#include "os/system.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "base/local_time.h"

namespace pabal::os {

Time SystemClock::now() {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return {t.tv_sec * 1000 + t.tv_nsec / 1'000'000};
}

void SystemRandom::fill(std::span<char> into) {
  while (!into.empty()) {
    ssize_t n = getrandom(into.data(), into.size(), 0);
    if (n < 0) {
      verify(errno == EINTR, "the system gives random octets");
      continue;
    }
    into = into.subspan(static_cast<size_t>(n));
  }
}

namespace {
int open_log(const std::string& path) {
  int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) throw io::IoError::from_errno(errno, "open the log " + path);
  return fd;
}
}  // namespace

bool stderr_is_journal() {
  const char* named = std::getenv("JOURNAL_STREAM");
  struct stat found;
  if (named == nullptr || fstat(STDERR_FILENO, &found) != 0) return false;
  return named == std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino);
}

std::string journal_priority(LogLevel level) {
  switch (level) {  // syslog(3)
    case LogLevel::debug:
      return "<7>";
    case LogLevel::info:
      return "<6>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "";
}

StreamLog::StreamLog(const LogOptions& options, io::Clock& clock)
    : options_(options),
      clock_(clock),
      journal_(options.path.empty() && stderr_is_journal()),
      fd_(options.path.empty() ? STDERR_FILENO : open_log(options.path)) {}

StreamLog::~StreamLog() {
  if (fd_ != STDERR_FILENO) close(fd_);
}

void StreamLog::reopen() {
  if (options_.path.empty()) return;
  int fresh = open_log(options_.path);
  std::lock_guard lock(mutex_);
  close(std::exchange(fd_, fresh));
}

void StreamLog::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < options_.level) return;
  std::string line = journal_ ? journal_priority(level) : "";
  if (options_.format == LogOptions::Format::json) {
    line += "{\"time\":\"" + to_rfc3339(clock_.now()) + "\"," + format_json(level, event, fields) + "}\n";
  } else {
    if (!journal_) line += to_local_rfc3339(clock_.now()) + ' ';
    line += format_text(level, event, fields) + '\n';
  }
  std::string_view rest = line;
  std::lock_guard lock(mutex_);
  while (!rest.empty()) {
    ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    rest.remove_prefix(static_cast<size_t>(n));
  }
}

size_t raise_open_files_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void set_memory_policy() {
  constexpr int kSystemBlockOctets = 1 << 20;
  constexpr int kKeptOctets = 8 << 20;  // per arena
  // Left to itself, glibc raises its limit to the largest block ever freed, and
  // every thread that checked a password keeps the memory of one.
  mallopt(M_MMAP_THRESHOLD, kSystemBlockOctets);
  mallopt(M_TRIM_THRESHOLD, kKeptOctets);
}

}  // namespace pabal::os
