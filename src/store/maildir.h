// Maildir folders (https://cr.yp.to/proto/maildir.html) as salvage writes them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/disk.h"

namespace pabal::store {

class MaildirWriter {
 public:
  MaildirWriter(io::Disk& disk, std::string root) : disk_(disk), root_(std::move(root)) {}

  // Puts a mail into the folder ("alice@example.org/INBOX", see folder_name) and
  // returns its path below the root. `name` is unique in the folder; `flags` are
  // store::Flag, keywords the letters from a on, as far as they go (see
  // write_keywords). Without flags it is new. Synced when finish() returned. Throws IoError.
  std::string write(const std::string& folder, Time received, const std::string& name, uint64_t flags,
                    std::string_view prefix, std::string_view bytes);
  // What the letters mean in a folder, as Dovecot has it: a file "dovecot-keywords"
  // with lines "0 $Forwarded".
  void write_keywords(const std::string& folder, const std::vector<std::string>& keywords);
  // A plain file below the root.
  std::string write_file(const std::string& directory, const std::string& name, std::string_view prefix,
                         std::string_view bytes);
  void finish();

 private:
  void make_directory(const std::string& path);

  io::Disk& disk_;
  const std::string root_;
  std::set<std::string> directories_;
};

inline constexpr size_t kKeywordLettersMax = 26;  // a to z

// The name of an account as a name of a directory: what a file system does not
// take, and what would lead elsewhere, becomes %XX.
std::string folder_name(std::string_view name);
// The name of a mailbox as a path, its levels being directories.
std::string folder_path(std::string_view name);

}  // namespace pabal::store
