// Where fetched mail goes: a Maildir, or an mbox file. Both take the message as
// POP3 gave it (CRLF) and keep it with the system's LF, as every other program
// does. When add() returns, the mail is on stable storage.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "io/disk.h"
#include "io/world.h"

namespace pabal::agent {

// One file per mail; tmp/ first, then new/ (the Maildir convention of qmail).
class Maildir {
 public:
  // Makes the folders that are missing. Blocks. Throws IoError.
  Maildir(io::World& world, std::string path);
  void add(std::string_view message);

 private:
  io::World& world_;
  std::string path_;
};

// All mails in one file (RFC 4155), quoted as "mboxrd": every line that begins
// with any number of '>' and "From " gets one more '>', so that it can be undone.
class Mbox {
 public:
  // Locks the file until destroyed. Blocks. Throws IoError, also when another
  // program has the lock.
  Mbox(io::World& world, std::string path);
  // A mail that cannot be written whole is taken away again.
  void add(std::string_view message);

 private:
  io::World& world_;
  std::string path_;
  std::unique_ptr<io::FileLock> lock_;
  std::unique_ptr<io::File> file_;
};

using MailFile = std::variant<Maildir, Mbox>;

// "From sender date\n", the quoted lines, an empty line.
std::string mbox_entry(std::string_view message, Time now);

}  // namespace pabal::agent
