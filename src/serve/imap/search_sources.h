// Which mailboxes ESEARCH looks through (RFC 7377 §2.2, RFC 5465 §6).
#pragma once

#include <vector>

#include "directory/directory.h"
#include "proto/imap/command.h"
#include "serve/imap/names.h"

namespace pabal::serve::imap {

struct SearchSource {
  reading::SeenMailbox mailbox;
  std::string name;  // as the client wrote it, or as LIST shows it
};

// Those that the reader may read ("r"), each once, in the order of the filters; what
// is not named itself he must also be able to look up ("l"). SELECTED is left out:
// it is the session's to say.
std::vector<SearchSource> resolve_sources(store::Database& db, const directory::Account& reader,
                                          const std::vector<proto::imap::MailboxFilter>& sources);

}  // namespace pabal::serve::imap
