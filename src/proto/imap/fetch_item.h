// What FETCH can be asked for (RFC 9051 §6.4.5, RFC 3501 §6.4.5, RFC 3516,
// RFC 7162 §3.1.4, RFC 8474 §5, RFC 8514 §4.2, RFC 8970 §3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pabal::proto::imap {

// "1.2.HEADER.FIELDS (FROM TO)": a place in a message.
struct Section {
  enum Text : unsigned char { whole, header, header_fields, header_fields_not, text, mime };
  std::vector<uint32_t> part;  // "1.2"; empty: the message itself
  Text what = whole;
  std::vector<std::string> fields;  // of header_fields…, as written
  bool operator==(const Section&) const = default;
};

// "<0.1024>"
struct Partial {
  uint64_t offset = 0;
  uint64_t octets = 0;
  bool operator==(const Partial&) const = default;
};

struct FetchItem {
  enum Kind : unsigned char {
    flags,
    internal_date,
    rfc822_size,
    envelope,
    body,
    body_structure,
    uid,
    modseq,
    email_id,
    thread_id,
    save_date,
    preview,
    preview_lazy,
    rfc822,
    rfc822_header,
    rfc822_text,
    body_section,
    binary,
    binary_size,
  };
  Kind kind = flags;
  bool peek = false;               // body_section, binary: does not set \Seen
  Section section;                 // body_section, binary, binary_size (these: whole, part only)
  std::optional<Partial> partial;  // body_section, binary
  bool operator==(const FetchItem&) const = default;
};

}  // namespace pabal::proto::imap
