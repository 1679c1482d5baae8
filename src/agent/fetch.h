// `pabal fetch`: mails from a POP3 server into a Maildir or an mbox. A mail is
// on stable storage in this target before the server is told to delete it, and
// what the target has got is kept in mind beside it, so that a broken connection
// makes no duplicates.
#pragma once

#include <string>

#include "agent/mail_file.h"
#include "agent/pop3_client.h"

namespace pabal::agent {

struct FetchTarget {
  enum Kind { maildir, mbox } kind = maildir;
  std::string path;
};
// "maildir:DIR", "mbox:FILE".
std::optional<FetchTarget> parse_target(std::string_view text);

struct FetchOptions {
  FetchTarget target;
  bool remove = false;
  std::string account;  // Pop3Client::account_name()
};

struct Fetched {
  size_t fetched = 0;
  size_t known = 0;  // fetched before
  size_t removed = 0;
  uint64_t octets = 0;
};

// Where it stands which mails of `account` the target has got; see SeenIds.
std::string seen_path(const FetchTarget& target, const std::string& account);

// Over a client that is logged in; ends with QUIT.
rt::Task<Fetched> fetch(io::World& world, Pop3Client& client, FetchOptions options);

}  // namespace pabal::agent
