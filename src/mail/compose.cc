#include "mail/compose.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/content_type.h"
#include "mail/date.h"
#include "mail/downgrade.h"
#include "mail/encoding.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

constexpr size_t line_octets_preferred = 78;  // RFC 5322 §2.1.1
constexpr size_t line_octets_max = 998;

// One MIME entity: its Content-* fields, each with CRLF, and its body.
struct Entity {
  std::string fields;
  std::string body;
};

// Without control characters: no value can end its line and begin a field of its own.
std::string one_line(std::string_view value) {
  std::string out;
  for (char c : value) {
    auto octet = static_cast<unsigned char>(c);
    if (c == '\r' || c == '\n' || c == '\t') {
      if (!out.ends_with(' ')) out += ' ';
    } else if (octet >= 32 && octet != 127) {
      out += c;
    }
  }
  return is_utf8(out) ? out : to_utf8(out, "");
}

bool is_field_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
}

std::string field(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + fold(value, name.size() + 2) + "\r\n";
}

std::string text_field(std::string_view name, std::string_view value, bool utf8) {
  std::string line = one_line(value);
  if (utf8) return field(name, line);
  return std::string(name) + ": " + encode_text(line, name.size() + 2) + "\r\n";
}

std::string mailbox_text(const HeaderAddress& entry, bool utf8) {
  HeaderAddress clean{.display_name = one_line(entry.display_name), .address = one_line(entry.address)};
  size_t at = clean.address.rfind('@');
  if (!utf8 && at != std::string::npos) {
    // An A-label says the same and needs no SMTPUTF8.
    if (auto ascii = to_ascii_domain(clean.address.substr(at + 1)))
      clean.address.replace(at + 1, std::string::npos, *ascii);
  }
  return to_header_text(clean, utf8);
}

std::string address_field(std::string_view name, const std::vector<HeaderAddress>& list, bool utf8) {
  std::string value, group;
  for (const HeaderAddress& entry : list) {
    bool new_group = entry.group != group || entry.empty_group;
    if (new_group && !group.empty()) value += ';';
    if (!value.empty()) value += ", ";
    std::string group_text = new_group && !entry.group.empty() ? one_line(entry.group) : std::string();
    if (!group_text.empty()) value += encode_phrase(group_text, utf8) + ":";
    if (entry.empty_group) {
      value += ';';
      group.clear();
      continue;
    }
    if (!group_text.empty()) value += ' ';
    group = entry.group;
    value += mailbox_text(entry, utf8);
  }
  if (!group.empty()) value += ';';
  return field(name, value);
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n') {
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      out += "\r\n";
    } else {
      out += text[i];
    }
  }
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  return out;
}

size_t longest_line(std::string_view text) {
  size_t longest = 0;
  for (std::string_view line : split(text, '\n')) longest = std::max(longest, line.size());
  return longest;
}

Entity text_entity(std::string_view subtype, std::string_view utf8, const ComposeContext& context) {
  std::string text = with_crlf(is_utf8(utf8) ? std::string(utf8) : to_utf8(utf8, ""));
  bool ascii = is_ascii(text);
  size_t longest = longest_line(text);
  bool has_nul = text.find('\0') != std::string::npos;
  Entity entity;
  entity.fields =
      "Content-Type: text/" + std::string(subtype) + "; charset=" + (ascii ? "us-ascii" : "utf-8") + "\r\n";
  std::string encoding = "7bit";
  if (ascii && !has_nul && longest <= line_octets_preferred) {
    entity.body = std::move(text);
  } else if (!ascii && context.allow_8bit && !has_nul && longest <= line_octets_max) {
    encoding = "8bit";
    entity.body = std::move(text);
  } else {
    entity.body = quoted_printable_encode(text);
    encoding = "quoted-printable";
    if (entity.body.size() > text.size() / 2 * 3) {
      entity.body = base64_encode_lines(text);
      encoding = "base64";
    }
  }
  entity.fields += "Content-Transfer-Encoding: " + encoding + "\r\n";
  return entity;
}

// The body of a message/rfc822 part may not be encoded (RFC 2046 §5.2.1), so what
// cannot go as it is goes in 7-bit form; nullopt if there is none.
std::optional<std::string> enclosed_message(const std::string& bytes, const ComposeContext& context,
                                            std::string& encoding) {
  Needs needs = scan_needs(bytes);
  encoding = "7bit";
  if (needs == Needs{}) return bytes;
  if (!needs.binary && !needs.utf8_headers && context.allow_8bit) {
    encoding = "8bit";
    return bytes;
  }
  auto converted = to_7bit(bytes);
  if (!converted) return std::nullopt;
  return *converted;
}

Entity file_entity(const DraftFile& file, bool is_inline, const ComposeContext& context) {
  std::string_view guessed = guess_media_type(file.name);
  ContentType type = parse_content_type(file.type.empty() ? guessed : std::string_view(file.type));
  std::string encoding = "base64";
  std::optional<std::string> body;
  if (type.is("message", "rfc822")) body = enclosed_message(file.bytes, context, encoding);
  if (!body && (type.type == "multipart" || type.type == "message"))
    type = ContentType{"application", "octet-stream", {}};
  Entity entity;
  entity.fields = "Content-Type: " + type.name();
  for (const Parameter& parameter : type.parameters) {
    if (parameter.name != "boundary")
      entity.fields += format_parameter(parameter.name, one_line(parameter.value));
  }
  entity.fields += "\r\nContent-Transfer-Encoding: " + encoding + "\r\n";
  entity.fields += is_inline ? "Content-Disposition: inline" : "Content-Disposition: attachment";
  std::string name = one_line(file.name);
  if (!name.empty()) entity.fields += format_parameter("filename", name);
  entity.fields += "\r\n";
  if (!file.content_id.empty()) entity.fields += field("Content-ID", "<" + one_line(file.content_id) + ">");
  entity.body = body ? std::move(*body) : base64_encode_lines(file.bytes);
  return entity;
}

class Composer {
 public:
  Composer(const Draft& draft, const ComposeContext& context) : draft_(draft), context_(context) {}

  std::string message() {
    Entity entity = content();
    return head() + "MIME-Version: 1.0\r\n" + entity.fields + "\r\n" + entity.body;
  }

 private:
  std::string head() const {
    bool utf8 = context_.allow_utf8;
    std::string out = field("Date", format_date(context_.now, context_.utc_offset_minutes));
    out += address_field("From", draft_.from, utf8);
    // RFC 5322 §3.6.2: several authors need one sender.
    if (draft_.from.size() > 1) out += address_field("Sender", {draft_.from.front()}, utf8);
    if (!draft_.reply_to.empty()) out += address_field("Reply-To", draft_.reply_to, utf8);
    if (!draft_.to.empty()) out += address_field("To", draft_.to, utf8);
    if (!draft_.cc.empty()) out += address_field("Cc", draft_.cc, utf8);
    if (draft_.to.empty() && draft_.cc.empty()) out += "To: undisclosed-recipients:;\r\n";
    out += text_field("Subject", draft_.subject, utf8);
    bool own_id = draft_.message_id.empty();
    out += field("Message-ID",
                 own_id ? "<" + context_.token + "@" + context_.domain + ">" : one_line(draft_.message_id));
    if (!draft_.in_reply_to.empty()) out += field("In-Reply-To", one_line(draft_.in_reply_to));
    if (!draft_.references.empty()) out += field("References", one_line(join(draft_.references, " ")));
    for (const ExtraField& extra : draft_.extra_fields) {
      if (is_field_name(extra.name)) out += text_field(extra.name, extra.value, utf8);
    }
    return out;
  }

  Entity content() {
    bool related = !draft_.html.empty() && !draft_.inline_images.empty();
    Entity html;
    if (!draft_.html.empty()) {
      html = text_entity("html", draft_.html, context_);
      if (related) {
        std::vector<Entity> parts{std::move(html)};
        for (const DraftFile& file : draft_.inline_images) parts.push_back(file_entity(file, true, context_));
        html = multipart("related", "; type=\"text/html\"", parts);
      }
    }
    Entity body;
    if (draft_.html.empty()) {
      body = text_entity("plain", draft_.text, context_);
    } else if (draft_.text.empty()) {
      body = std::move(html);
    } else {
      std::vector<Entity> parts{text_entity("plain", draft_.text, context_), std::move(html)};
      body = multipart("alternative", "", parts);
    }
    std::vector<Entity> parts{std::move(body)};
    if (!related) {
      for (const DraftFile& file : draft_.inline_images) parts.push_back(file_entity(file, true, context_));
    }
    for (const DraftFile& file : draft_.attachments) parts.push_back(file_entity(file, false, context_));
    return parts.size() == 1 ? std::move(parts.front()) : multipart("mixed", "", parts);
  }

  Entity multipart(std::string_view subtype, std::string_view parameters, const std::vector<Entity>& parts) {
    std::string boundary = new_boundary(parts);
    Entity entity;
    std::string_view encoding = "7bit";
    for (const Entity& part : parts) {
      entity.body += "--" + boundary + "\r\n" + part.fields + "\r\n" + part.body + "\r\n";
      if (!is_ascii(part.body)) encoding = "8bit";
    }
    entity.body += "--" + boundary + "--\r\n";
    entity.fields = "Content-Type: multipart/" + std::string(subtype) + std::string(parameters) +
                    ";\r\n boundary=\"" + boundary +
                    "\"\r\nContent-Transfer-Encoding: " + std::string(encoding) + "\r\n";
    return entity;
  }

  // "=_" occurs in neither quoted-printable nor base64; plain text is searched.
  std::string new_boundary(const std::vector<Entity>& parts) {
    for (;;) {
      std::string boundary = "=_" + context_.token.substr(0, 40) + "_" + std::to_string(++boundaries_);
      bool occurs = std::any_of(parts.begin(), parts.end(), [&](const Entity& part) {
        return part.body.find("--" + boundary) != std::string::npos;
      });
      if (!occurs) return boundary;
    }
  }

  const Draft& draft_;
  const ComposeContext& context_;
  unsigned boundaries_ = 0;
};

}  // namespace

std::string compose(const Draft& draft, const ComposeContext& context) {
  return Composer(draft, context).message();
}

std::vector<std::string> recipients(const Draft& draft) {
  std::vector<std::string> out;
  for (const auto* list : {&draft.to, &draft.cc, &draft.bcc}) {
    for (const HeaderAddress& entry : *list) {
      bool wanted = !entry.empty_group && !entry.address.empty();
      if (wanted && std::ranges::find(out, entry.address) == out.end()) out.push_back(entry.address);
    }
  }
  return out;
}

}  // namespace pabal::mail
