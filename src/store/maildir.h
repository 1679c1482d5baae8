// Maildir folders (https://cr.yp.to/proto/maildir.html) as salvage writes them.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "io/disk.h"

namespace pabal::store {

class MaildirWriter {
 public:
  MaildirWriter(io::Disk& disk, std::string root) : disk_(disk), root_(std::move(root)) {}

  // Puts a mail into the folder ("alice@example.org/INBOX", see folder_name) and
  // returns its path below the root. `name` is unique in the folder; `flags` are
  // store::Flag. Without flags it is new. Synced when finish() returned. Throws IoError.
  std::string write(const std::string& folder, Time received, const std::string& name, uint64_t flags,
                    std::string_view prefix, std::string_view bytes);
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

// A name of an account or mailbox as a name of a directory: what a file system
// does not take, and what would lead elsewhere, becomes %XX.
std::string folder_name(std::string_view name);

}  // namespace pabal::store
