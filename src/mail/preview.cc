// The first words of a mail, for lists (RFC 8970).
#include <algorithm>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/bytes.h"
#include "mail/html_text.h"
#include "mail/search_text.h"

namespace pabal::mail {
namespace {

// What one sees first is near a part's beginning: more of it is read only where that
// was not enough.
constexpr size_t raw_octets_first = 4 * 1024, raw_octets_max = 64 * 1024;
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

// Words with one blank between them until `characters` are there.
class Words {
 public:
  explicit Words(size_t characters) : left_(characters) {}

  void add(std::string_view text) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    for (size_t at = 0; at < text.size() && left_ > 0;) {
      size_t begin = at;
      if (bytes[at] > 32 && bytes[at] < 127) {
        put(text.substr(at++, 1));
        continue;
      }
      UChar32 c = 0;
      U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
      if (u_isUWhiteSpace(c) || u_iscntrl(c)) {
        blank_ = true;
        continue;
      }
      // Marketing mails fill the space behind their first words with these.
      if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) continue;
      put(c == 0xFFFD ? "\xEF\xBF\xBD" : text.substr(begin, at - begin));
    }
  }

  bool full() const { return left_ == 0; }

  std::string take() {
    while (out_.ends_with(' ')) out_.pop_back();
    return std::move(out_);
  }

 private:
  void put(std::string_view character) {
    if (blank_ && !out_.empty()) {
      out_ += ' ';
      if (--left_ == 0) return;
    }
    blank_ = false;
    out_ += character;
    --left_;
  }

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

// What the sender himself wrote: no quotes, and nothing behind the signature's mark.
void add_own_lines(Words& words, std::string_view text) {
  std::string_view held;  // a line of which the next one with text decides
  auto take_line = [&] {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
  };
  while (!text.empty() && !words.full()) {
    std::string_view line = take_line();
    if (is_signature_mark(line)) break;
    if (trim(line).empty()) continue;
    if (is_quote(line)) {
      held = {};
      continue;
    }
    words.add(held);
    words.add("\n");
    held = {};
    if (introduces_quote(line)) {
      held = line;
    } else {
      words.add(line);
    }
  }
  words.add(held);
}

std::string visible_text(const Part& part, std::string_view message, size_t raw_octets) {
  std::string text;
  if (part.size_octets() <= raw_octets) {
    text = text_of(part, message);
  } else {
    Part beginning = part;
    beginning.body_end = part.body_begin + raw_octets;
    text = text_of(beginning, message);
  }
  if (part.type.is("text", "html")) return without_link_targets(html_to_text(text, text_octets_max));
  return text;
}

struct Shown {
  std::string own, all;
};

Shown shown_text(const Part& part, std::string_view message, size_t raw_octets, size_t characters) {
  std::string text = visible_text(part, message, raw_octets);
  Words own(characters), all(characters);
  add_own_lines(own, text);
  Shown shown{own.take(), {}};
  if (shown.own.empty()) {
    all.add(text);
    shown.all = all.take();
  }
  return shown;
}

}  // namespace

std::string preview(const Part& root, std::string_view message, size_t characters) {
  std::string first;  // text that is nothing but quotes, if there is no other
  for (const Part* part : find_text_parts(root).text) {
    if (part->type.type != "text") continue;
    Shown shown = shown_text(*part, message, raw_octets_first, characters);
    bool enough = shown.own.size() >= characters || part->size_octets() <= raw_octets_first;
    if (!enough) shown = shown_text(*part, message, raw_octets_max, characters);
    if (!shown.own.empty()) return shown.own;
    if (first.empty()) first = std::move(shown.all);
  }
  return first;
}

}  // namespace pabal::mail
