// How the result of a search is told (RFC 9051 §7.3.4, RFC 4731, RFC 5267, RFC
// 6203, RFC 9394), and what "$" means then (RFC 5182). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/search_key.h"
#include "reading/search_run.h"

namespace pabal::serve::imap {

// What is answered when these were asked for: "RETURN ()" means ALL, and so does
// no RETURN where the answer is ESEARCH all the same (`extended`).
proto::imap::ReturnOptions effective(proto::imap::ReturnOptions returns, bool extended);

// SAVE alone is answered by no untagged response (RFC 5182 §2.1).
bool is_silent(const proto::imap::ReturnOptions& returns);

// Message numbers or UIDs, in the order of the hits.
std::vector<uint32_t> names_of(const std::vector<reading::Hit>& hits, bool uid);

// "1:3,9,7": as a set, in this order; ranges only rise (RFC 5267 §3.2).
std::string format_ordered(const std::vector<uint32_t>& names);

// UIDs for "$", rising.
std::vector<NumberRange> saved_by(const std::vector<reading::Hit>& hits,
                                  const proto::imap::ReturnOptions& returns);

// The highest MODSEQ of the messages that the answer names (RFC 4731 §3.2); 0: none.
uint64_t told_modseq(const std::vector<reading::Hit>& hits, const proto::imap::ReturnOptions& returns);

struct EsearchForm {
  std::string_view tag;
  bool uid = false;
  bool modseq = false;
  // RFC 7377 §2.1; no mailbox: 0
  std::string_view mailbox = {};
  int64_t uid_validity = 0;
  bool utf8 = false;
};
// Appends "* ESEARCH (TAG "a1") …" up to its CRLF. `returns`: effective ones.
void put_esearch(std::string& out, const EsearchForm& form, const proto::imap::ReturnOptions& returns,
                 const std::vector<reading::Hit>& hits);
// "* ESEARCH (TAG "a1") UID", to which data are added.
void begin_esearch(std::string& out, const EsearchForm& form);

}  // namespace pabal::serve::imap
