#include "agent/dead_letter.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

namespace pabal::agent {

namespace {

// mbox: a line of "From ", and such lines in the mail made harmless (RFC 4155).
std::string as_mbox(std::string_view mail, const std::string& sender, Time now) {
  time_t seconds = static_cast<time_t>(now.ms / 1000);
  tm utc{};
  gmtime_r(&seconds, &utc);
  char date[32] = "";
  std::strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &utc);
  std::string out = "From " + printable(sender) + " " + date + "\n";
  while (!mail.empty()) {
    size_t lf = mail.find('\n');
    std::string_view line = mail.substr(0, lf);
    mail.remove_prefix(lf == std::string_view::npos ? mail.size() : lf + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    size_t quotes = line.find_first_not_of('>');
    if (quotes != std::string_view::npos && line.substr(quotes).starts_with("From ")) out += '>';
    out.append(line) += '\n';
  }
  return out + '\n';
}

std::string trouble(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

}  // namespace

std::expected<std::string, std::string> keep_dead_letter(const std::string& home, std::string_view mail,
                                                         const std::string& sender, Time now) {
  struct stat status{};
  if (home.empty() || stat(home.c_str(), &status) != 0 || status.st_uid != geteuid())
    return std::unexpected("there is no home directory of one's own to keep it in");
  std::string path = home + "/dead.letter";
  int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(trouble(path));
  std::string text = as_mbox(mail, sender, now);
  std::string_view rest = text;
  bool written = true;
  while (written && !rest.empty()) {
    ssize_t n = write(file, rest.data(), rest.size());
    written = n > 0;
    if (written) rest.remove_prefix(static_cast<size_t>(n));
  }
  written = written && fsync(file) == 0;
  std::string error = written ? "" : trouble(path);
  close(file);
  if (!written) return std::unexpected(error);
  return path;
}

}  // namespace pabal::agent
