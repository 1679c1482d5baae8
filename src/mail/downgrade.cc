#include "mail/downgrade.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/encoding.h"
#include "mail/message.h"
#include "mail/raw_text.h"

namespace pabal::mail {
namespace {

constexpr size_t line_octets_max = 998;  // RFC 5321 §4.5.3.1.6, without CRLF
constexpr size_t field_name_octets_max = 900;
constexpr size_t boundary_octets_max = 900;

// is_ascii eight octets at a time: every relayed message is looked through.
bool all_ascii(std::string_view s) {
  size_t i = 0;
  uint64_t seen = 0;
  for (; i + 8 <= s.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, s.data() + i, 8);
    seen |= word;
  }
  return (seen & 0x8080808080808080u) == 0 && is_ascii(s.substr(i));
}

bool lines_are_binary(std::string_view s) {
  if (s.find('\0') != std::string_view::npos) return true;
  size_t crlfs = 0;
  for (size_t at = 0; at < s.size();) {
    size_t lf = s.find('\n', at);
    size_t end = lf == std::string_view::npos ? s.size() : lf;
    if (lf != std::string_view::npos) {
      if (lf == at || s[lf - 1] != '\r') return true;
      ++crlfs;
      --end;
    }
    if (end - at > line_octets_max) return true;
    at = lf == std::string_view::npos ? s.size() : lf + 1;
  }
  return static_cast<size_t>(std::count(s.begin(), s.end(), '\r')) != crlfs;
}

bool is_clean(std::string_view s) {
  return all_ascii(s) && !lines_are_binary(s);
}

void scan_part(const Part& part, std::string_view message, bool enclosed, Needs& needs) {
  std::string_view head = head_of(part, message);
  if (!all_ascii(head)) (enclosed ? needs.eightbit : needs.utf8_headers) = true;
  if (part.is_leaf() || part.is_encoded_message()) {
    if (!all_ascii(body_of(part, message))) needs.eightbit = true;
    return;
  }
  // RFC 6532 §3.7: in message/rfc822 non-ASCII headers are just 8-bit octets of its
  // body, message/global declares them.
  enclosed = enclosed || part.type.is("message", "rfc822");
  size_t at = part.body_begin;
  for (const Part& child : part.children) {
    if (!all_ascii(message.substr(at, child.header_begin - at))) needs.eightbit = true;
    scan_part(child, message, enclosed, needs);
    at = child.body_end;
  }
  if (!all_ascii(message.substr(at, part.body_end - at))) needs.eightbit = true;
}

constexpr std::array<std::string_view, 13> address_fields = {"from",
                                                             "sender",
                                                             "reply-to",
                                                             "to",
                                                             "cc",
                                                             "bcc",
                                                             "resent-from",
                                                             "resent-sender",
                                                             "resent-to",
                                                             "resent-cc",
                                                             "resent-bcc",
                                                             "return-path",
                                                             "disposition-notification-to"};

// Of identifiers alone: an encoded-word would be another one (RFC 2047 §5).
constexpr std::array<std::string_view, 5> identifier_fields = {"message-id", "in-reply-to", "references",
                                                               "content-id", "resent-message-id"};

std::string one_field(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + fold(value, name.size() + 2) + "\r\n";
}

using Result = std::expected<std::string, std::string>;

class Converter {
 public:
  Converter(std::string_view message, const Part& root) : m_(message), charset_(declared_charset(root)) {}

  Result entity(const Part& part, bool top) {
    if (is_clean(m_.substr(part.header_begin, part.body_end - part.header_begin))) {
      return std::string(m_.substr(part.header_begin, part.body_end - part.header_begin));
    }
    bool is_leaf = !part.is_multipart() && (part.children.empty() || part.is_encoded_message());
    if (!is_leaf) return container(part, top);
    return leaf(part, top);
  }

  Result heads(const Part& part, bool top) {
    std::string out(head_of(part, m_));
    if (!all_ascii(out)) {
      for (const Field& field : header_of(part, m_).fields) {
        bool identifies =
            std::ranges::find(identifier_fields, to_lower(field.name)) != identifier_fields.end();
        if (identifies && !is_ascii(field.raw_value) && is_utf8(field.raw_value))
          return std::unexpected(std::string(field.name) + " has no ASCII form");
      }
      auto fields = head(part, top, "", "");
      if (!fields) return fields;
      out = *fields + "\r\n";
    }
    size_t at = part.body_begin;
    if (part.is_multipart()) {
      for (const Part& child : part.children) {
        auto inner = heads(child, false);
        if (!inner) return inner;
        out.append(m_.substr(at, child.header_begin - at)).append(*inner);
        at = child.body_end;
      }
    }
    return out.append(m_.substr(at, part.body_end - at));
  }

 private:
  Result container(const Part& part, bool top) {
    std::string boundary = part.type.parameter("boundary");
    if (part.opaque || part.children.empty() || !is_ascii(boundary) || boundary.size() > boundary_octets_max)
      return as_octets(part, top);
    std::string body;
    size_t at = part.body_begin;
    for (const Part& child : part.children) {
      body += between(at, child.header_begin, part);
      auto converted = entity(child, false);
      if (!converted) return converted;
      body += *converted;
      at = child.body_end;
    }
    body += between(at, part.body_end, part);
    std::string encoding = part.encoding_name.empty() ? std::string() : "7bit";
    std::string type = part.type.is("message", "global") ? "message/rfc822" : "";
    auto fields = head(part, top, encoding, type);
    if (!fields) return fields;
    return *fields + "\r\n" + body;
  }

  // What lies between parts: line ends and boundary lines; of the preamble and the
  // epilogue, which no reader shows (RFC 2046 §5.1.1), only what is 7-bit.
  std::string between(size_t begin, size_t end, const Part& part) const {
    if (!part.is_multipart()) return {};
    std::string_view gap = m_.substr(begin, end - begin);
    if (is_clean(gap)) return std::string(gap);
    std::string_view tail;
    if (begin == part.body_begin && part.preamble_end <= end) {
      tail = m_.substr(part.preamble_end, end - part.preamble_end);
    } else if (end == part.body_end && part.epilogue_begin >= begin) {
      tail = m_.substr(begin, part.epilogue_begin - begin);
    }
    return only_boundary(tail.empty() ? gap : tail);
  }

  static std::string only_boundary(std::string_view lines) {
    std::string out;
    bool whole = lines.ends_with('\n');
    for (std::string_view line : split(lines, '\n')) {
      if (line.data() + line.size() == lines.data() + lines.size() && whole) break;
      for (char c : trim(line)) {
        if (c != '\0' && c != '\r' && static_cast<unsigned char>(c) < 0x80) out += c;
      }
      out += "\r\n";
    }
    return out;
  }

  Result leaf(const Part& part, bool top) {
    std::string_view body = body_of(part, m_);
    if (is_clean(body)) {
      bool declared_wider =
          part.encoding == TransferEncoding::eight_bit || part.encoding == TransferEncoding::binary;
      auto fields = head(part, top, declared_wider ? "7bit" : "", "");
      if (!fields) return fields;
      return *fields + "\r\n" + std::string(body);
    }
    if (part.type.is("message", "partial")) {
      return std::unexpected("a message/partial has 8-bit octets and may not be encoded (RFC 2046 §5.2.2)");
    }
    std::string bytes = decode_body(part, m_);
    std::string type;
    if (part.type.is("text", "plain") && header_of(part, m_).find("content-type") == nullptr) {
      // RFC 1428 §3: what came without a charset.
      type = std::string("text/plain; charset=") + (is_utf8(bytes) ? "utf-8" : "unknown-8bit");
    }
    bool text = part.type.type == "text" || part.type.type == "message";
    std::string encoded = text ? quoted_printable_encode(bytes) : std::string();
    if (text && encoded.size() <= bytes.size() / 2 * 3 + 64) {
      return with_body(part, top, "quoted-printable", type, std::move(encoded));
    }
    return with_body(part, top, "base64", type, base64_lines(bytes, top));
  }

  // A multipart that cannot be taken apart: its octets survive, its type does not.
  Result as_octets(const Part& part, bool top) {
    std::string_view body = body_of(part, m_);
    return with_body(part, top, "base64", "application/octet-stream", base64_lines(body, top));
  }

  Result with_body(const Part& part, bool top, std::string_view encoding, std::string_view type,
                   std::string body) {
    auto fields = head(part, top, encoding, type);
    if (!fields) return fields;
    return *fields + "\r\n" + std::move(body);
  }

  // The last CRLF of a part is that of the boundary behind it.
  static std::string base64_lines(std::string_view bytes, bool top) {
    std::string lines = base64_encode_lines(bytes);
    if (!top && !lines.empty()) lines.resize(lines.size() - 2);
    return lines;
  }

  // The fields in 7-bit form. encoding and type replace those of the part unless "".
  Result head(const Part& part, bool top, std::string_view encoding, std::string_view type) {
    std::string out;
    bool has_version = false;
    for (const Field& field : header_of(part, m_).fields) {
      if (field.name.empty()) {
        std::string_view line = head_of(part, m_).substr(field.begin, field.end - field.begin);
        if (is_clean(line) && line.ends_with("\r\n")) out += line;
        continue;
      }
      if (field.name.size() >= field_name_octets_max) continue;
      has_version = has_version || iequals(field.name, "mime-version");
      if (!encoding.empty() && iequals(field.name, "content-transfer-encoding")) continue;
      if (!type.empty() && iequals(field.name, "content-type")) continue;
      std::string_view line = head_of(part, m_).substr(field.begin, field.end - field.begin);
      if (is_clean(line) && line.ends_with("\r\n")) {
        out += line;
        continue;
      }
      std::string own = part.type.parameter("charset");
      auto converted = convert_field(field, own.empty() ? charset_ : own);
      if (!converted) return converted;
      out += *converted;
    }
    if (top && !has_version && (!encoding.empty() || !type.empty())) out += "MIME-Version: 1.0\r\n";
    if (!type.empty()) out += one_field("Content-Type", type);
    if (!encoding.empty()) out += one_field("Content-Transfer-Encoding", encoding);
    return out;
  }

  static Result convert_field(const Field& field, const std::string& declared) {
    std::string charset = charset_to_write(field.raw_value, declared);
    if (std::ranges::find(address_fields, to_lower(field.name)) != address_fields.end())
      return convert_addresses(field, charset, declared);
    bool is_type = iequals(field.name, "content-type");
    if (is_type || iequals(field.name, "content-disposition"))
      return convert_parameters(field, is_type, charset, declared);
    // Of what is UTF-8 the text is known, so that it can be cut well.
    if (charset == "utf-8")
      return std::string(field.name) + ": " + encode_text(field.text(), field.name.size() + 2) + "\r\n";
    return one_field(field.name, octets_to_text(without_controls(field.value()), charset));
  }

  // NUL, bare CR and LF, which no server takes; tabs are blanks.
  static std::string without_controls(std::string text) {
    std::ranges::replace(text, '\t', ' ');
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
    return text;
  }

  static Result convert_parameters(const Field& field, bool is_type, const std::string& charset,
                                   const std::string& declared) {
    std::string out = std::string(field.name) + ": ";
    ContentDisposition disposition = parse_content_disposition(field.raw_value, declared);
    ContentType type = parse_content_type(field.raw_value, declared);
    out += is_type ? type.name() : disposition.disposition.empty() ? "attachment" : disposition.disposition;
    Parameters raw = raw_parameters(field.raw_value, declared);
    for (const Parameter& parameter : is_type ? type.parameters : disposition.parameters) {
      std::string octets = raw_value(raw, parameter.name);
      bool known = is_ascii(octets) || charset == "utf-8" || !is_parameter_name(parameter.name);
      out += known ? format_parameter(parameter.name, parameter.value)
                   : octets_to_parameter(parameter.name, without_controls(octets), charset);
    }
    return fold_long(out) + "\r\n";
  }

  static bool is_parameter_name(std::string_view name) {
    return name.size() < 40 && std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-'; });
  }

  // As it was written, segments that are not percent-encoded joined; "" for others.
  static std::string raw_value(const Parameters& raw, const std::string& name) {
    if (const std::string* plain = find_parameter(raw, name)) return *plain;
    std::string joined;
    for (size_t number = 0; number < raw.size(); ++number) {
      const std::string* segment = find_parameter(raw, name + '*' + std::to_string(number));
      if (segment == nullptr) break;
      joined += *segment;
    }
    return joined;
  }

  static std::string fold_long(const std::string& lines) {
    return is_clean(lines + "\r\n") ? lines : fold(unfold(lines), 0);
  }

  static Result convert_addresses(const Field& field, const std::string& charset,
                                  const std::string& declared) {
    std::string value, group;
    std::vector<HeaderAddress> raw = parse_raw_address_list(field.raw_value, declared);
    std::vector<HeaderAddress> list = parse_address_list(field.raw_value, declared);
    for (size_t i = 0; i < list.size(); ++i) {
      HeaderAddress& entry = list[i];
      if (!is_ascii(entry.address)) {
        size_t at = entry.address.rfind('@');
        auto domain = at == std::string::npos ? std::nullopt : to_ascii_domain(entry.address.substr(at + 1));
        if (!domain || !is_ascii(entry.address.substr(0, at))) {
          return std::unexpected("an address in " + std::string(field.name) + " has no ASCII form");
        }
        entry.address.replace(at + 1, std::string::npos, *domain);
      }
      std::erase_if(entry.address, [](char c) { return static_cast<unsigned char>(c) < 32; });
      // Both lists come from one parser; a name that decodes to nothing leaves its entry out.
      const HeaderAddress* written = list.size() == raw.size() ? &raw[i] : nullptr;
      if (!group.empty() && entry.group != group) value += ';', group.clear();
      if (!value.empty()) value += ", ";
      if (group.empty() && !entry.group.empty() && !entry.empty_group) {
        group = entry.group;
        value += phrase(group, written == nullptr ? "" : written->group, charset) + ": ";
      }
      if (entry.empty_group) {
        value += phrase(entry.group, written == nullptr ? "" : written->group, charset) + ":;";
      } else {
        std::string name =
            phrase(entry.display_name, written == nullptr ? "" : written->display_name, charset);
        value += name.empty()            ? entry.address
                 : entry.address.empty() ? name
                                         : name + " <" + entry.address + ">";
      }
    }
    if (!group.empty()) value += ';';
    return one_field(field.name, value);
  }

  static std::string phrase(const std::string& text, const std::string& written, const std::string& charset) {
    if (text.empty()) return {};
    if (is_ascii(written) || charset == "utf-8") return encode_phrase(text);
    return octets_to_phrase(without_controls(written), charset);
  }

  std::string_view m_;
  std::string charset_;  // of the message's text
};

}  // namespace

Needs scan_needs(std::string_view message) {
  Needs needs;
  needs.binary = lines_are_binary(message);
  if (!all_ascii(message)) scan_part(parse_message(message), message, false, needs);
  return needs;
}

std::expected<std::string, std::string> to_ascii_headers(std::string_view message) {
  Part root = parse_message(message);
  return Converter(message, root).heads(root, true);
}

std::expected<std::string, std::string> to_7bit(std::string_view message) {
  Part root = parse_message(message);
  return Converter(message, root).entity(root, true);
}

}  // namespace pabal::mail
