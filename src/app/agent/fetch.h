// `pabal fetch`: mails from a POP3 server into a Maildir or an mbox. A mail is
// on stable storage here before the server is told to delete it, and what has
// been fetched is kept in mind, so that a broken connection makes no duplicates.
#pragma once

#include <string>

#include "app/agent/mail_file.h"
#include "app/agent/pop3_client.h"

namespace pabal::app::agent {

struct FetchTarget {
  enum Kind { maildir, mbox } kind = maildir;
  std::string path;
};
// "maildir:DIR", "mbox:FILE".
std::optional<FetchTarget> parse_target(std::string_view text);

struct FetchOptions {
  FetchTarget target;
  bool remove = false;
  std::string seen_path;  // see SeenIds
};

struct Fetched {
  size_t fetched = 0;
  size_t known = 0;  // fetched before
  size_t removed = 0;
  uint64_t octets = 0;
};

// Over a client that is logged in; ends with QUIT.
rt::Task<Fetched> fetch(io::World& world, Pop3Client& client, FetchOptions options);

}  // namespace pabal::app::agent
