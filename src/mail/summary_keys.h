// What lists of mails are sorted and threaded by, from a message: RFC 5256 (SORT,
// THREAD), RFC 5957 (DISPLAYFROM, DISPLAYTO). All text is UTF-8;
// keys are made for comparing octets (sort_key of search_text.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/message.h"

namespace pabal::mail {

inline constexpr size_t references_max = 1'000;  // of one message: the last ones, nearest to it

struct SummaryKeys {
  Time sent_at;              // Date; received_at if there is none that can be read
  int32_t sent_day = 0;      // the day that Date says, in its own zone: days since 1970-01-01
  std::string base_subject;  // RFC 5256 §2.1, as a key
  bool subject_is_reply = false;
  std::string from_key, to_key, cc_key;  // key of the first address' local part, or of the group's name
  std::string from_display, to_display;  // key of the first address' name, or of the address
  std::string message_id;                // without < > and quotes; "" if it has none
  std::vector<std::string> references;   // the same; of References, else one of In-Reply-To
};

SummaryKeys summary_keys(const Part& root, std::string_view message, Time received_at);

// The first Message-ID in a field's value, as references above: "" if there is none.
std::string first_message_id(std::string_view value);
std::vector<std::string> message_ids(std::string_view value);

}  // namespace pabal::mail
