// Summaries: what lists of mails show and sort by, and the text that searches
// read, made from a message once and kept beside it. Derived: may be missing (then
// it is made when it is needed), can be thrown away and made again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "store/store.h"

namespace pabal::store {

// When the way in which they are made changes, this is raised: older ones do not count.
inline constexpr int64_t kSummaryVersion = 5;

// What lists show of a message without reading it.
struct SummaryTexts {
  // In the form of the protocol that shows them (reading/text_forms.h).
  std::string envelope, body_structure;
  // Where its parts lie (mail/outline.h), packed; "": to be made again, as if there were
  // no texts at all.
  std::string outline;
  // RFC 8970, UTF-8. nullopt: not made, because it is dearer than the others.
  std::optional<std::string> preview;
};

struct Summary {
  MessageId message;
  Time sent_at;              // Date field; received_at if it has none that can be read
  int32_t sent_day = 0;      // the day that the Date field says, in its own zone, since 1970-01-01
  std::string base_subject;  // RFC 5256 §2.1, as a key for comparison (RFC 5051)
  bool subject_is_reply = false;
  std::string from_key, to_key, cc_key;  // RFC 5256 SORT: local part of the first address, likewise
  std::string from_display, to_display;  // RFC 5957, likewise
  std::string message_id;                // without < >
  std::vector<std::string> references;   // RFC 5256 §3: References, else In-Reply-To
  SummaryTexts texts;
};

// UTF-8, folded (mail/search_text.h): a search is a search for substrings in it.
struct SearchText {
  MessageId message;
  std::string header;     // one line per field: "subject: ..."
  std::string addresses;  // From, To, Cc, Bcc: "from: kim <kim@x.test>"
  std::string body;
};

void put_summary(Transaction& tx, const Summary& summary, const SearchText& text);
void remove_summary(Transaction& tx, MessageId message);  // and its texts

// Which parts of the summary a reader wants: columns that are not asked for are
// not read and stay empty.
struct SummaryWants {
  bool dates = false;       // sent_at, sent_day
  bool subject = false;     // base_subject, subject_is_reply
  bool addresses = false;   // from, to, cc, displays
  bool references = false;  // message_id, references
};
// Of these messages, which are rising; what has none (or an old one) is left out.
std::vector<Summary> find_summaries(Database& db, const std::vector<MessageId>& messages, SummaryWants wants);

// Likewise, the texts alone.
struct FoundTexts {
  MessageId message;
  SummaryTexts texts;
};
std::vector<FoundTexts> find_summary_texts(Database& db, const std::vector<MessageId>& messages);

// Of one message; what was not asked for is empty.
struct FoundSearchText {
  MessageId message;
  std::string_view header, addresses, body;
};
// Calls `use` for each of the messages (rising) that has these texts, and not in the way
// of an older version, until it returns false. header: and the addresses.
void read_search_texts(Database& db, const std::vector<MessageId>& messages, bool header, bool body,
                       const std::function<bool(const FoundSearchText&)>& use);

// Messages in mailboxes that have no summary of this version or no thread yet,
// rising from behind `after`; at most `max`.
std::vector<MessageId> list_unsummarized(Database& db, MessageId after, size_t max);

}  // namespace pabal::store
