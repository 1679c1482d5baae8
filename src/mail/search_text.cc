#include "mail/search_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/content_type.h"
#include "mail/header.h"
#include "mail/html_text.h"

namespace pabal::mail {
namespace {

// No transfer encoding or charset in use needs more octets for one of the text.
constexpr size_t raw_octets_max = 8 * kSearchTextMax;

size_t cut_at_character(std::string_view text, size_t octets) {
  if (text.size() <= octets) return text.size();
  while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0) == 0x80) --octets;
  return octets;
}

// One line per field: "subject: ...".
void append_fields(std::string& out, std::string_view head) {
  std::string line;
  for (const Field& field : parse_header(head).fields) {
    if (field.name.empty()) continue;
    if (out.size() >= kSearchTextMax) return;
    line.assign(field.name).append(": ").append(field.text());
    out += fold_for_search(line);
    out += '\n';
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
    contents(root);
    out_.resize(cut_at_character(out_, kSearchTextMax));
    return std::move(out_);
  }

 private:
  void contents(const Part& part) {
    if (part.is_leaf()) {
      leaf(part);
      return;
    }
    for (const Part& child : part.children) {
      if (out_.size() >= kSearchTextMax) return;
      append_fields(out_, head_of(child, message_));
      contents(child);
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

std::string search_header(std::string_view message) {
  std::string out;
  append_fields(out, message);
  out.resize(cut_at_character(out, kSearchTextMax));
  return out;
}

std::string search_body(const Part& root, std::string_view message) {
  return BodyText(message).write(root);
}

}  // namespace pabal::mail
