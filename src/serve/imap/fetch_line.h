// One message's answer to FETCH (RFC 9051 §7.5.2): from what the view, the
// summary and the bytes know of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/fetch_item.h"
#include "serve/imap/snapshot.h"
#include "store/summaries.h"

namespace pabal::serve::imap {

// What has to be read for these items.
struct FetchNeeds {
  bool texts = false;    // store::SummaryTexts
  bool preview = false;  // among them
  bool threads = false;
  bool bytes = false;
  bool head_only = false;  // of the bytes, nothing behind the message's own head
  bool sets_seen = false;
  bool any() const { return texts || threads || bytes; }
};
FetchNeeds needs_of(const std::vector<proto::imap::FetchItem>& items);

struct FetchSource {
  uint32_t number = 0;
  Item item;
  const store::SummaryTexts* texts = nullptr;  // if needed
  ThreadId thread;                             // if needed
  std::string_view message;                    // prefix and bytes, if needed
  bool is_head = false;                        // that is its head alone
};

struct FetchForm {
  const std::vector<proto::imap::FetchItem>& items;
  const std::vector<std::string>& keywords;
  bool uid_only = false;  // UIDFETCH (RFC 9586)
  bool utf8 = false;
};

// Appends "* 3 FETCH (...)\r\n". False: a BINARY item cannot be decoded; then
// nothing was appended.
bool put_fetch_line(std::string& out, const FetchSource& source, const FetchForm& form);

}  // namespace pabal::serve::imap
