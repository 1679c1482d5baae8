// BODYSTRUCTURE and BODY (RFC 9051 §7.5.2). Sizes and lines are those of the
// transfer-encoded text. Nesting is what mail::Limits allows.
#include <algorithm>

#include "base/bytes.h"
#include "mail/header.h"
#include "proto/imap/header_text.h"
#include "proto/imap/parameters.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

using mail::Field;
using mail::Part;

// The first field of each kind.
struct Fields {
  const Field* type = nullptr;
  const Field* id = nullptr;
  const Field* description = nullptr;
  const Field* md5 = nullptr;
  const Field* disposition = nullptr;
  const Field* language = nullptr;
  const Field* location = nullptr;
};

Fields find_fields(const mail::Header& header) {
  Fields found;
  for (const Field& field : header.fields) {
    if (!istarts_with(field.name, "content-")) continue;
    std::string_view name = field.name.substr(8);
    const Field** slot = iequals(name, "type")          ? &found.type
                         : iequals(name, "id")          ? &found.id
                         : iequals(name, "description") ? &found.description
                         : iequals(name, "md5")         ? &found.md5
                         : iequals(name, "disposition") ? &found.disposition
                         : iequals(name, "language")    ? &found.language
                         : iequals(name, "location")    ? &found.location
                                                        : nullptr;
    if (slot != nullptr && *slot == nullptr) *slot = &field;
  }
  return found;
}

std::string_view raw(const Field* field) {
  return field == nullptr ? std::string_view() : field->raw_value;
}

// Whether all forms of it are the same.
bool is_alike(const Part& part, std::string_view message) {
  return is_ascii(mail::head_of(part, message)) && !part.type.is("message", "global") &&
         std::ranges::all_of(part.children, [&](const Part& child) { return is_alike(child, message); });
}

class Writer {
 public:
  Writer(std::string_view message, bool extended, TextForm form)
      : message_(message), extended_(extended), form_(form) {}

  std::string write(const Part& root) {
    charset_ = mail::declared_charset(root);
    body(root);
    return std::move(out_);
  }

 private:
  // In a head, raw 8-bit is in the charset of its part, else of the message.
  void body(const Part& part) {
    std::string own = part.type.parameter("charset"), outer = charset_;
    if (!own.empty()) charset_ = std::move(own);
    mail::Header header = mail::header_of(part, message_);
    Fields fields = find_fields(header);
    out_ += '(';
    if (part.is_multipart()) {
      multipart(part, fields);
    } else {
      single(part, fields);
    }
    out_ += ')';
    charset_ = std::move(outer);
  }

  void multipart(const Part& part, const Fields& fields) {
    for (const Part& child : part.children) body(child);
    // The grammar wants at least one part, and section 1 answers it (section.cc).
    if (part.children.empty()) no_text();
    space_string(part.type.subtype);
    if (!extended_) return;
    out_ += ' ';
    put_parameters(out_, raw(fields.type), charset_, false, form_);
    disposition(part, fields);
    language(fields);
    space_text_or_nil(fields.location);
  }

  void single(const Part& part, const Fields& fields) {
    put_header_text(out_, part.type.type, charset_, form_);
    space_string(part.type.subtype);
    out_ += ' ';
    bool is_text = part.type.type == "text";
    put_parameters(out_, raw(fields.type), charset_, is_text, form_);
    space_text_or_nil(fields.id);
    space_text_or_nil(fields.description);
    space_string(encoding(part));
    space_number(part.size_octets());
    // Clients of RFC 3501 do not expect an envelope behind any other subtype.
    bool shows_message = part.type.is("message", "rfc822") || (part.is_message() && form_ == TextForm::rev2);
    if (shows_message) {
      out_ += ' ';
      enclosed(part);
    }
    if (shows_message || is_text) space_number(lines(part));
    if (!extended_) return;
    space_text_or_nil(fields.md5);
    disposition(part, fields);
    language(fields);
    space_text_or_nil(fields.location);
  }

  void enclosed(const Part& part) {
    if (part.children.empty()) {  // not looked into
      out_ += envelope_text(mail::Header{}, charset_, form_) + ' ';
      no_text();
      return;
    }
    const Part& child = part.children.front();
    std::string inner = mail::declared_charset(child), outer = charset_;
    if (!inner.empty()) charset_ = std::move(inner);
    out_ += envelope_text(mail::header_of(child, message_), charset_, form_) + ' ';
    body(child);
    charset_ = std::move(outer);
  }

  void no_text() {
    out_ += R"(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)";
    if (extended_) out_ += " NIL NIL NIL NIL";
    out_ += ')';
  }

  static std::string_view encoding(const Part& part) {
    switch (part.encoding) {
      case mail::TransferEncoding::seven_bit:
        return "7bit";
      case mail::TransferEncoding::eight_bit:
        return "8bit";
      case mail::TransferEncoding::binary:
        return "binary";
      case mail::TransferEncoding::quoted_printable:
        return "quoted-printable";
      case mail::TransferEncoding::base64:
        return "base64";
      case mail::TransferEncoding::unknown:
        return part.encoding_name;
    }
    return "7bit";
  }

  // Line ends, as other servers count; a last line without one is not counted.
  uint64_t lines(const Part& part) const {
    std::string_view text = mail::body_of(part, message_);
    return part.body_lines - (text.empty() || text.ends_with('\n') ? 0 : 1);
  }

  void disposition(const Part& part, const Fields& fields) {
    if (part.disposition.disposition.empty()) {
      out_ += " NIL";
      return;
    }
    out_ += " (";
    put_header_text(out_, part.disposition.disposition, charset_, form_);
    out_ += ' ';
    put_parameters(out_, raw(fields.disposition), charset_, false, form_);
    out_ += ')';
  }

  // "en, de (German)": tags between commas, comments left out (RFC 3282 §2).
  void language(const Fields& fields) {
    std::string text = header_text(raw(fields.language), charset_, form_);
    bool any = false;
    int depth = 0;
    std::string tag;
    auto end_tag = [&] {
      if (tag.empty()) return;
      out_ += any ? " " : " (";
      put_string(out_, tag, form_ != TextForm::seven_bit);
      tag.clear();
      any = true;
    };
    for (char c : text) {
      if (c == '(') {
        ++depth;
      } else if (c == ')' && depth > 0) {
        --depth;
      } else if (c == ',' && depth == 0) {
        end_tag();
      } else if (depth == 0 && !is_wsp(c)) {
        tag += c;
      }
    }
    end_tag();
    out_ += any ? ")" : " NIL";
  }

  void space_string(std::string_view text) {
    out_ += ' ';
    put_header_text(out_, text, charset_, form_);
  }
  void space_number(uint64_t number) {
    out_ += ' ';
    put_number(out_, number);
  }
  void space_text_or_nil(const Field* field) {
    if (field == nullptr) {
      out_ += " NIL";
    } else {
      space_string(field->raw_value);
    }
  }

  std::string_view message_;
  bool extended_;
  TextForm form_;
  std::string charset_;  // of what is being written
  std::string out_;
};

}  // namespace

std::string body_structure_text(const Part& root, std::string_view message, TextForm form) {
  return Writer(message, true, form).write(root);
}

std::string body_text(const Part& root, std::string_view message, TextForm form) {
  return Writer(message, false, form).write(root);
}

std::string body_structure_forms(const Part& root, std::string_view message) {
  return all_forms(is_alike(root, message),
                   [&](TextForm form) { return body_structure_text(root, message, form); });
}

}  // namespace pabal::proto::imap
