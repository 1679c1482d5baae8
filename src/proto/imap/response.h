// How values look in responses (RFC 9051 §9).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/message.h"
#include "mail/outline.h"
#include "mail/thread.h"
#include "proto/imap/fetch_item.h"

namespace pabal::proto::imap {

// Appended to `out`. A string is quoted where it can be, else a literal ("{3}\r\nabc");
// 8-bit text is quoted only if `utf8` (UTF8=ACCEPT, IMAP4rev2) and well-formed.
void put_string(std::string& out, std::string_view text, bool utf8 = false);
void put_nstring(std::string& out, const std::optional<std::string>& text, bool utf8 = false);
void put_astring(std::string& out, std::string_view text, bool utf8 = false);  // as an atom if it is one
// "{n}\r\n...", which has no NUL (RFC 9051 §4.3): 0x80 stands for each, as Dovecot sends
// it, so that all sizes stay what they are. As BINARY and literal8 they come whole.
void put_literal(std::string& out, std::string_view octets);
void put_octets(std::string& out, std::string_view octets);    // what stands in it
void put_literal8(std::string& out, std::string_view octets);  // "~{n}\r\n..." (RFC 3516)
// The name as an astring, in modified UTF-7 unless `utf8`.
void put_mailbox(std::string& out, std::string_view name, bool utf8);
// "\Seen \Deleted $Forwarded", without parentheses: bits as in store::Flag (\Seen 1,
// \Answered 2, \Flagged 4, \Deleted 8, \Draft 16), keywords from bit 8 on.
inline constexpr uint64_t kRecentFlag = 32;  // \Recent, which nothing stores
void put_flags(std::string& out, uint64_t flags, const std::vector<std::string>& keywords);
void put_internal_date(std::string& out, Time time);  // "\"21-Nov-2026 18:30:00 +0000\""
void put_number(std::string& out, uint64_t number);

// Modified UTF-7 (RFC 3501 §5.1.3). from: nullopt if it is malformed.
std::string to_modified_utf7(std::string_view utf8);
std::optional<std::string> from_modified_utf7(std::string_view text);

// What a client has enabled, and with it how it takes what a message says of itself.
enum class TextForm : uint8_t {
  seven_bit,  // nothing: UTF-8 becomes encoded-words and "name*", other 8-bit text stays
  utf8,       // UTF8=ACCEPT (RFC 6855): UTF-8 as it is
  rev2,       // IMAP4rev2: likewise, and message/global shows what is in it (RFC 9051 §7.5.2)
};

// "(\"Mon, 7 Feb 1994 ...\" \"subject\" ((...)) ...)" (RFC 9051 §7.5.2). Header text as it
// stands in the message but for TextForm. A field of addresses that stands twice
// counts as one; "root" is at MISSING_DOMAIN. charset: mail::declared_charset of the message.
std::string envelope_text(const mail::Header& header, std::string_view charset, TextForm form);
// BODYSTRUCTURE; BODY is body_text: the same without extension data.
std::string body_structure_text(const mail::Part& root, std::string_view message, TextForm form);
std::string body_text(const mail::Part& root, std::string_view message, TextForm form);

// The same for all forms, in their order with NUL between, of those at the end that are
// alike only the first. As they are stored.
std::string envelope_forms(const mail::Header& header, std::string_view charset);
std::string body_structure_forms(const mail::Part& root, std::string_view message);
std::string_view one_form(std::string_view forms, TextForm form);

// "(2)(3 6 (4 23)(44 7 96))" of THREAD (RFC 5256 §4); "" of none.
std::string thread_text(const mail::Threads& threads);

// "BODY[1.2.HEADER.FIELDS (FROM TO)]<0>" as the answer names it.
std::string section_name(const FetchItem& item);
// Where the octets of a section stand: in the message, or in what an encoded message
// in it decodes to. Of HEADER.FIELDS the whole head, of which header_subset() is made.
struct SectionPlace {
  enum Kind : uint8_t {
    nowhere,  // there is no such part (answered by NIL)
    octets,
    unknown,  // in an encoded message of which the outline knows no parts
  };
  Kind kind = nowhere;
  uint64_t begin = 0, end = 0;
  std::shared_ptr<const std::string> source;  // null: the message
  const mail::Outline* part = nullptr;        // if it is the body of one, as a whole
};
SectionPlace find_section(const mail::Outline& root, const Section& section);
std::string header_subset(std::string_view head, const Section& section);

// What of the message has to be at hand to answer an item that shows octets of it: as
// much as is shown, where that can be said before. Of BINARY these are encoded, the
// whole part or (base64 in even lines) mail::encoded_range; of HEADER.FIELDS the head.
SectionPlace octets_for(const FetchItem& item, const mail::Outline& root);
bool is_binary(const FetchItem& item);   // or BINARY.SIZE
bool is_subset(const Section& section);  // HEADER.FIELDS, HEADER.FIELDS.NOT
bool has_to_be_decoded(const mail::Outline& part);
// False: the part of a BINARY is a multipart or of an unknown encoding (NO [UNKNOWN-CTE]).
bool can_decode(const FetchItem& item, const mail::Outline& root);

// `octets` cut as "<offset.count>" wants it.
std::string_view cut(std::string_view octets, const std::optional<Partial>& partial);

}  // namespace pabal::proto::imap
