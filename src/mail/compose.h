// Making a message: RFC 5322 and MIME text, ready for SMTP (CRLF everywhere,
// lines of at most 998 octets, 78 where it can be).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/address_list.h"

namespace pabal::mail {

struct DraftFile {
  std::string name;  // UTF-8; "" for none
  std::string type;  // "image/png"; "" asks guess_media_type
  std::string bytes;
  std::string content_id;  // inline pictures: without brackets, as in src="cid:…"
};

struct ExtraField {
  std::string name;
  std::string value;  // UTF-8, one line
};

struct Draft {
  std::vector<HeaderAddress> from, to, cc, bcc, reply_to;
  std::string subject;                  // UTF-8
  std::string message_id;               // "<a@b>"; "" makes one of the context's token and domain
  std::string in_reply_to;              // "<a@b>" or ""
  std::vector<std::string> references;  // "<a@b>" each, oldest first
  std::string text;                     // UTF-8, LF or CRLF
  std::string html;                     // UTF-8; with text too: multipart/alternative
  std::vector<DraftFile> attachments;
  std::vector<DraftFile> inline_images;  // multipart/related with html
  std::vector<ExtraField> extra_fields;
};

struct ComposeContext {
  Time now;
  int utc_offset_minutes = 0;
  std::string token;        // random letters and digits, 16 or more: Message-ID and boundaries
  std::string domain;       // right of the Message-ID's '@'
  bool allow_8bit = false;  // 8-bit bodies instead of quoted-printable (RFC 6152)
  bool allow_utf8 = false;  // UTF-8 in header fields (RFC 6532)
};

// Bcc goes into the envelope only (RFC 5322 §3.6.3), so it is not in the result.
// Line ends in header values are taken out: nobody can add a field that way.
std::string compose(const Draft& draft, const ComposeContext& context);

// The addresses of To, Cc and Bcc, each once, in order: the forward-paths.
std::vector<std::string> recipients(const Draft& draft);

// By its ending; "application/octet-stream" if unknown.
std::string_view guess_media_type(std::string_view filename);

}  // namespace pabal::mail
