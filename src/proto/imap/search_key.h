// What SEARCH looks for (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 5032, RFC 5182,
// RFC 6203, RFC 7162 §3.1.5, RFC 8474 §5.3, RFC 8514 §4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mail/sort_criterion.h"
#include "proto/imap/fetch_item.h"
#include "proto/imap/sequence_set.h"

namespace pabal::proto::imap {

// A day, without zone: days since 1970-01-01.
struct Day {
  int32_t days = 0;
  auto operator<=>(const Day&) const = default;
};

struct SearchKey {
  enum Kind : unsigned char {
    all,          // also: nothing to ask for
    conjunction,  // all of its operands, at least one
    disjunction,  // either of its two operands
    negation,     // not its one operand
    sequence,     // set, message numbers
    uid,          // set
    flag,         // text: "\Seen", "$Forwarded"; NEW, OLD, UNSEEN … are built from it
    recent,       // RFC 3501
    address,      // field, text: in the addresses of From, To, Cc or Bcc as ENVELOPE tells them
    header,       // field, text ("" : has the field)
    in_body,      // text
    anywhere,     // text: in header or body
    larger,
    smaller,  // number, octets
    before,
    on,
    since,  // day, of the internal date
    sent_before,
    sent_on,
    sent_since,  // day, of the Date field
    saved_before,
    saved_on,
    saved_since,  // day (RFC 8514)
    save_date_supported,
    older,
    younger,  // number, seconds (RFC 5032)
    modseq,   // number: this or higher; a named entry is ignored (RFC 7162 §3.1.5)
    email_id,
    thread_id,  // text (RFC 8474)
  };
  Kind kind = all;
  bool fuzzy = false;     // RFC 6203: it or what it stands in
  uint32_t operands = 0;  // of the three compounds
  std::string field;      // of address and header, as written
  std::string text;       // UTF-8, or in the charset of the command: SearchProgram::charset
  uint64_t number = 0;
  Day day;
  SequenceSet set;
};

// A whole program in Polish notation, as IMAP writes it: behind a compound stand its
// operands, each with all that belongs to it. A list and no tree, because clients nest
// as deep as the list is long, and nothing here may recurse as deep as a client likes.
using SearchKeys = std::vector<SearchKey>;

// RETURN (...) of SEARCH, SORT and THREAD (RFC 4731, RFC 5267, RFC 5182, RFC 9394).
struct ReturnOptions {
  bool given = false;  // RETURN was there: answer by ESEARCH; "RETURN ()" means ALL
  bool min = false, max = false, all = false, count = false, save = false;
  bool update = false, context = false;  // RFC 5267
  std::vector<FetchItem> update_items;   // "UPDATE (UID FLAGS)" (RFC 5465 §8)
  struct PartialRange {
    bool from_end = false;         // "-1:-100", RFC 9394 §3.1
    uint32_t first = 1, last = 1;  // first <= last
    std::string as_written;        // for the answer
  };
  std::optional<PartialRange> partial;
  bool relevancy = false;  // RFC 6203
};

struct SearchProgram {
  std::string charset;  // upper-case; "" for none given: US-ASCII or, with UTF8=ACCEPT and rev2, UTF-8
  SearchKeys keys;      // one with its operands
};

using mail::SortCriterion;

enum class ThreadAlgorithm : unsigned char { ordered_subject, references };

// Whether there is a key of `kind`, at any depth.
bool contains_kind(const SearchKeys& keys, SearchKey::Kind kind);
// Whether one speaks of message numbers, "$" not counted.
bool names_numbers(const SearchKeys& keys);

}  // namespace pabal::proto::imap
