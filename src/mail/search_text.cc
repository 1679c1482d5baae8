#include "mail/search_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/charset.h"
#include "mail/content_type.h"
#include "mail/header.h"
#include "mail/html_text.h"

namespace pabal::mail {
namespace {

// No transfer encoding or charset in use needs more octets for one of the text.
constexpr size_t raw_octets_max = 8 * kSearchTextMax;

// One line per field: "subject: ...".
void append_fields(std::string& out, const Header& header, std::string_view charset) {
  std::string line;
  for (const Field& field : header.fields) {
    if (field.name.empty()) continue;
    if (out.size() >= kSearchTextMax) return;
    line.assign(field.name).append(": ").append(field.text(charset));
    out += fold_for_search(line);
    out += '\n';
  }
}

// The address as it may be looked for too: as ENVELOPE has it, without the quotes of
// the local part, and with the domain in its other form. Nothing where these are alike.
void append_other_forms(std::string& line, std::string_view address) {
  size_t at = address.rfind('@');
  if (at == std::string_view::npos) return;
  const std::string domain(address.substr(at + 1));
  std::string local;
  for (size_t i = 0; i < at; ++i) {
    if (address[i] == '"') continue;
    if (address[i] == '\\' && i + 1 < at) ++i;
    local += address[i];
  }
  std::string other = domain;
  if (!is_ascii(domain)) {
    other = to_ascii_domain(domain).value_or(domain);
  } else if (to_lower(domain).find("xn--") != std::string::npos) {
    other = to_unicode_domain(to_lower(domain));
  }
  if (local.size() != at) line.append(" ").append(local).append("@").append(domain);
  if (other != domain) line.append(" ").append(local).append("@").append(other);
}

// "group: kim <kim@x.test>, lee@x.test;", whatever comments and folds the field has.
std::string address_line(std::string_view raw_value, std::string_view charset) {
  std::string line;
  std::string_view group;
  const std::vector<HeaderAddress> list = parse_address_list(raw_value, charset);
  for (const HeaderAddress& entry : list) {
    if (line.size() >= kSearchTextMax) break;
    if (!group.empty() && entry.group != group) line += ';';
    if (!line.empty()) line += ", ";
    if (!entry.group.empty() && entry.group != group) line.append(entry.group).append(": ");
    group = entry.group;
    line += entry.display_name;
    if (entry.address.empty()) continue;
    line += entry.display_name.empty() ? entry.address : " <" + entry.address + ">";
    append_other_forms(line, entry.address);
  }
  return line;
}

// The fields that SEARCH has keys for.
void append_addresses(std::string& out, const Header& header, std::string_view charset) {
  for (const Field& field : header.fields) {
    if (out.size() >= kSearchTextMax) return;
    for (std::string_view name : {"from", "to", "cc", "bcc"}) {
      if (!iequals(field.name, name)) continue;
      out.append(name).append(": ").append(fold_for_search(address_line(field.raw_value, charset)));
      out += '\n';
    }
  }
}

std::string readable_text(const Part& part, std::string_view message) {
  bool html = part.type.is("text", "html");
  if (part.size_octets() <= raw_octets_max) {
    std::string text = text_of(part, message);
    return html ? html_to_text(text, kSearchTextMax) : text;
  }
  Part beginning = part;
  beginning.body_end = part.body_begin + raw_octets_max;
  std::string text = text_of(beginning, message);
  return html ? html_to_text(text, kSearchTextMax) : text;
}

class BodyText {
 public:
  explicit BodyText(std::string_view message) : message_(message) {}

  std::string write(const Part& root) {
    contents(root, declared_charset(root));
    out_.resize(cut_at_character(out_, kSearchTextMax));
    return std::move(out_);
  }

 private:
  // charset: of raw 8-bit text in heads that declare none.
  void contents(const Part& part, std::string_view charset) {
    if (part.is_leaf()) {
      leaf(part);
      return;
    }
    for (const Part& child : part.children) {
      if (out_.size() >= kSearchTextMax) return;
      std::string own = part.is_message() ? declared_charset(child) : child.type.parameter("charset");
      std::string_view inner = own.empty() ? charset : own;
      append_fields(out_, header_of(child, message_), inner);
      contents(child, inner);
    }
  }

  // What can be read, by people or (message/delivery-status) almost.
  void leaf(const Part& part) {
    if (std::string name = filename(part.disposition, part.type); !name.empty()) line(name);
    bool is_text = part.type.type == "text" || (part.type.type == "message" && !part.opaque);
    if (is_text && out_.size() < kSearchTextMax) line(readable_text(part, message_));
  }

  void line(std::string_view text) {
    out_ += fold_for_search(text.substr(0, cut_at_character(text, kSearchTextMax)));
    out_ += '\n';
  }

  std::string_view message_;
  std::string out_;
};

}  // namespace

SearchHeader search_header(std::string_view message, std::string_view charset) {
  SearchHeader out;
  Header header = parse_header(message);
  append_fields(out.fields, header, charset);
  append_addresses(out.addresses, header, charset);
  for (std::string* text : {&out.fields, &out.addresses})
    text->resize(cut_at_character(*text, kSearchTextMax));
  return out;
}

std::string search_body(const Part& root, std::string_view message) {
  return BodyText(message).write(root);
}

}  // namespace pabal::mail
