// The first words of a mail, for lists (RFC 8970).
#include <algorithm>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/bytes.h"
#include "mail/html_text.h"
#include "mail/search_text.h"

namespace pabal::mail {
namespace {

constexpr size_t raw_octets_max = 64 * 1024;  // read of a part; what one sees first is near its beginning
constexpr size_t text_octets_max = 8 * 1024;  // of HTML's text

bool is_quote(std::string_view line) {
  return trim(line).starts_with('>');
}

// "On Monday, Kim wrote:" above a quote.
bool introduces_quote(std::string_view line) {
  return trim(line).ends_with(':');
}

bool is_signature_mark(std::string_view line) {
  return line == "-- " || line == "--";
}

// What the sender himself wrote: no quotes, and nothing behind the signature's mark.
std::string own_lines(std::string_view text) {
  std::string out;
  auto lines = split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (is_signature_mark(lines[i])) break;
    size_t next = i + 1;
    while (next < lines.size() && trim(lines[next]).empty()) ++next;
    bool above_quote = next < lines.size() && is_quote(lines[next]) && introduces_quote(lines[i]);
    if (is_quote(lines[i]) || above_quote) continue;
    out += lines[i];
    out += '\n';
  }
  return out;
}

// Adds the words of `text` with one blank between them until `characters` are there.
class Words {
 public:
  explicit Words(size_t characters) : left_(characters) {}

  void add(std::string_view text) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    for (size_t at = 0; at < text.size() && left_ > 0;) {
      size_t begin = at;
      UChar32 c = 0;
      U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
      if (u_isUWhiteSpace(c) || u_iscntrl(c)) {
        blank_ = true;
        continue;
      }
      // Marketing mails fill the space behind their first words with these.
      if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) continue;
      if (blank_ && !out_.empty()) {
        out_ += ' ';
        if (--left_ == 0) break;
      }
      blank_ = false;
      if (c == 0xFFFD) {
        out_ += "\xEF\xBF\xBD";
      } else {
        out_ += text.substr(begin, at - begin);
      }
      --left_;
    }
  }

  std::string take() {
    while (out_.ends_with(' ')) out_.pop_back();
    return std::move(out_);
  }

 private:
  size_t left_;
  std::string out_;
  bool blank_ = false;
};

// html_to_text puts " <https://...>" behind a link's text.
std::string without_link_targets(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = text[at] == '<' ? text.find_first_of("<> \n", at + 1) : std::string_view::npos;
    bool target = end != std::string_view::npos && text[end] == '>' &&
                  text.substr(at, end - at).find(':') != std::string_view::npos;
    if (target) {
      if (out.ends_with(' ')) out.pop_back();
      at = end + 1;
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string visible_text(const Part& part, std::string_view message) {
  std::string text;
  if (part.size_octets() <= raw_octets_max) {
    text = text_of(part, message);
  } else {
    Part beginning = part;
    beginning.body_end = part.body_begin + raw_octets_max;
    text = text_of(beginning, message);
  }
  if (part.type.is("text", "html")) return without_link_targets(html_to_text(text, text_octets_max));
  return text;
}

}  // namespace

std::string preview(const Part& root, std::string_view message, size_t characters) {
  std::string first;  // text that is nothing but quotes, if there is no other
  for (const Part* part : find_text_parts(root).text) {
    if (part->type.type != "text") continue;
    std::string text = visible_text(*part, message);
    Words own(characters);
    own.add(own_lines(text));
    if (std::string out = own.take(); !out.empty()) return out;
    if (!first.empty()) continue;
    Words all(characters);
    all.add(text);
    first = all.take();
  }
  return first;
}

}  // namespace pabal::mail
