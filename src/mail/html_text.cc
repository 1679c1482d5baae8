#include "mail/html_text.h"

#include <algorithm>
#include <array>
#include <unicode/utf8.h>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

constexpr size_t entity_octets_max = 32;
constexpr size_t list_depth_max = 16;

constexpr std::pair<std::string_view, std::string_view> entities[] = {
    {"amp", "&"},    {"lt", "<"},     {"gt", ">"},     {"quot", "\""},  {"apos", "'"},   {"nbsp", " "},
    {"copy", "©"},   {"reg", "®"},    {"trade", "™"},  {"euro", "€"},   {"hellip", "…"}, {"ndash", "–"},
    {"mdash", "—"},  {"lsquo", "‘"},  {"rsquo", "’"},  {"ldquo", "“"},  {"rdquo", "”"},  {"bull", "•"},
    {"middot", "·"}, {"laquo", "«"},  {"raquo", "»"},  {"times", "×"},  {"deg", "°"},    {"pound", "£"},
    {"yen", "¥"},    {"sect", "§"},   {"para", "¶"},   {"zwnj", ""},    {"zwj", ""},     {"shy", ""},
    {"auml", "ä"},   {"ouml", "ö"},   {"uuml", "ü"},   {"Auml", "Ä"},   {"Ouml", "Ö"},   {"Uuml", "Ü"},
    {"szlig", "ß"},  {"eacute", "é"}, {"egrave", "è"}, {"agrave", "à"}, {"ccedil", "ç"}, {"rarr", "→"},
    {"larr", "←"},   {"ensp", " "},   {"emsp", " "}};

constexpr std::array<std::string_view, 24> block_tags = {
    "p",  "div", "br", "tr", "table", "ul", "ol",     "li",      "h1",  "h2",   "h3",     "h4",
    "h5", "h6",  "hr", "dl", "dt",    "dd", "header", "section", "pre", "form", "footer", "article"};
// Set apart by an empty line.
constexpr std::array<std::string_view, 12> paragraph_tags = {"p",  "h1", "h2", "h3",  "h4",    "h5",
                                                             "h6", "ul", "ol", "pre", "table", "blockquote"};
constexpr std::array<std::string_view, 6> dropped_tags = {"script", "style",    "head",
                                                          "title",  "template", "noscript"};

template <size_t N>
bool has(const std::array<std::string_view, N>& tags, std::string_view name) {
  return std::ranges::find(tags, name) != tags.end();
}

class Renderer {
 public:
  Renderer(std::string_view html, size_t max_octets) : s_(html), max_(max_octets) {}

  std::string render() {
    while (at_ < s_.size() && out_.size() < max_) {
      if (s_[at_] == '<' && markup()) continue;
      if (s_[at_] == '&' && entity()) continue;
      character(s_[at_++]);
    }
    while (out_.ends_with('\n') || out_.ends_with(' ')) out_.pop_back();
    if (out_.size() >= max_) {
      cut_at_character();
    } else if (!out_.empty()) {
      out_ += '\n';
    }
    return std::move(out_);
  }

 private:
  struct Tag {
    std::string name;
    bool closing = false;
    std::string_view attributes;
  };

  // At '<': a tag or comment is consumed; false if it is just a character.
  bool markup() {
    if (s_.substr(at_, 4) == "<!--") {
      size_t end = s_.find("-->", at_ + 4);
      at_ = end == std::string_view::npos ? s_.size() : end + 3;
      return true;
    }
    size_t i = at_ + 1;
    Tag tag;
    if (i < s_.size() && s_[i] == '/') {
      tag.closing = true;
      ++i;
    }
    bool declaration = i < s_.size() && (s_[i] == '!' || s_[i] == '?');
    if (i >= s_.size() || (!is_alpha(s_[i]) && !declaration)) return false;
    size_t name_end = i;
    while (name_end < s_.size() && (is_alnum(s_[name_end]) || s_[name_end] == '!' || s_[name_end] == ':'))
      ++name_end;
    tag.name = to_lower(s_.substr(i, std::min<size_t>(name_end - i, 32)));
    size_t end = tag_end(name_end);
    tag.attributes = s_.substr(name_end, end - name_end);
    at_ = std::min(end + 1, s_.size());
    apply(tag);
    return true;
  }

  size_t tag_end(size_t i) {
    char quote = 0;
    for (; i < s_.size(); ++i) {
      char c = s_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '>') {
        return i;
      } else if ((c == '"' || c == '\'') && s_[i - 1] == '=') {
        quote = c;
      }
    }
    return s_.size();
  }

  void apply(const Tag& tag) {
    if (has(dropped_tags, tag.name) && !tag.closing) {
      if (!tag.attributes.ends_with('/')) skip_element(tag.name);
      return;
    }
    if (tag.name == "blockquote") {
      new_lines(2);
      quote_ = tag.closing ? quote_ - std::min<size_t>(quote_, 1) : std::min(quote_ + 1, list_depth_max);
    } else if (tag.name == "pre") {
      new_lines(2);
      pre_ = !tag.closing;
    } else if (tag.name == "br") {
      line_break();
    } else if (tag.name == "hr") {
      new_lines(1);
      put("----");
      new_lines(1);
    } else if (tag.name == "td" || tag.name == "th") {
      if (!out_.empty() && !out_.ends_with('\n')) space_ = true;
    } else if (tag.name == "a") {
      tag.closing ? close_link() : open_link(tag);
    } else if (tag.name == "img") {
      if (std::string alt = attribute(tag, "alt"); !alt.empty()) put("[" + alt + "]");
    } else if (tag.name == "ul" || tag.name == "ol") {
      list_ = tag.closing ? list_ - std::min<size_t>(list_, 1) : std::min(list_ + 1, list_depth_max);
      new_lines(list_ + (tag.closing ? 1 : 0) > 1 ? 1 : 2);
    } else if (tag.name == "li" && !tag.closing) {
      new_lines(1);
      put(std::string((list_ == 0 ? 0 : list_ - 1) * 2, ' ') + "- ");
      space_ = false;
    } else if (has(paragraph_tags, tag.name)) {
      new_lines(2);
    } else if (has(block_tags, tag.name)) {
      new_lines(1);
    }
  }

  // No </head>: the body follows all the same; a script without end hides the rest.
  // Once an end tag was missed, nothing more of that name is searched for.
  void skip_element(const std::string& name) {
    if (std::ranges::find(without_end_, name) != without_end_.end()) return;
    for (size_t i = at_; (i = s_.find("</", i)) != std::string_view::npos; i += 2) {
      if (istarts_with(s_.substr(i + 2), name)) {
        size_t end = s_.find('>', i);
        at_ = end == std::string_view::npos ? s_.size() : end + 1;
        return;
      }
    }
    without_end_.push_back(name);
    if (name == "script" || name == "style") at_ = s_.size();
  }

  // Down to max_ octets, without a character that lost its end.
  void cut_at_character() {
    out_.resize(std::min(out_.size(), max_));
    size_t lead = out_.size();
    while (lead > 0 && out_.size() - lead < 4 && (static_cast<unsigned char>(out_[lead - 1]) & 0xC0) == 0x80)
      --lead;
    if (lead > 0 && !is_utf8(std::string_view(out_).substr(lead - 1))) out_.resize(lead - 1);
  }

  std::string attribute(const Tag& tag, std::string_view name) {
    std::string_view a = tag.attributes;
    for (size_t i = 0; i < a.size();) {
      while (i < a.size() && !is_alpha(a[i])) ++i;
      size_t begin = i;
      while (i < a.size() && (is_alnum(a[i]) || a[i] == '-' || a[i] == ':')) ++i;
      std::string_view key = a.substr(begin, i - begin);
      while (i < a.size() && is_wsp(a[i])) ++i;
      if (i >= a.size() || a[i] != '=') continue;
      ++i;
      while (i < a.size() && is_wsp(a[i])) ++i;
      char quote = i < a.size() && (a[i] == '"' || a[i] == '\'') ? a[i] : 0;
      size_t from = quote != 0 ? i + 1 : i;
      size_t end = quote != 0 ? a.find(quote, from) : a.find_first_of(" \t\r\n", from);
      end = std::min(end, a.size());
      if (iequals(key, name)) return plain(a.substr(from, end - from));
      i = end + 1;
    }
    return {};
  }

  static std::string plain(std::string_view value) {
    constexpr std::string_view ampersand = "&amp;";
    std::string out;
    for (value = trim(value); !value.empty();) {
      char c = value[0];
      out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
      value.remove_prefix(value.starts_with(ampersand) ? ampersand.size() : 1);
    }
    return out;
  }

  void open_link(const Tag& tag) {
    href_ = attribute(tag, "href");
    if (href_.starts_with('#') || istarts_with(href_, "javascript:")) href_.clear();
    link_begin_ = out_.size();
  }

  void close_link() {
    if (href_.empty()) return;
    std::string_view text = trim(std::string_view(out_).substr(std::min(link_begin_, out_.size())));
    std::string_view target = href_;
    if (istarts_with(target, "mailto:")) target.remove_prefix(7);
    // A link that shows its own target needs no second.
    if (text != target && text != href_) put((text.empty() ? "<" : " <") + std::string(target) + ">");
    href_.clear();
  }

  bool entity() {
    size_t semicolon = s_.substr(at_, entity_octets_max).find(';');
    if (semicolon == std::string_view::npos || semicolon < 2) return false;
    std::string_view name = s_.substr(at_ + 1, semicolon - 1);
    std::string text;
    if (name.starts_with('#')) {
      if (!code_point(name.substr(1), text)) return false;
    } else {
      const auto* found = std::ranges::find(entities, name, [](const auto& e) { return e.first; });
      if (found == std::end(entities)) return false;
      text = found->second;
    }
    at_ += semicolon + 1;
    put(text);
    return true;
  }

  static bool code_point(std::string_view digits, std::string& text) {
    uint32_t value = 0;
    bool hex = digits.starts_with('x') || digits.starts_with('X');
    if (hex) digits.remove_prefix(1);
    if (digits.empty() || digits.size() > 8) return false;
    for (char c : digits) {
      c = to_lower(c);
      uint32_t d = is_digit(c)                   ? static_cast<uint32_t>(c - '0')
                   : c >= 'a' && c <= 'f' && hex ? static_cast<uint32_t>(c - 'a' + 10)
                                                 : 99;
      if (d == 99) return false;
      value = std::min<uint32_t>(value * (hex ? 16 : 10) + d, 0x110000);
    }
    if (value == 0xA0) value = ' ';
    bool wanted = value >= 32 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF) &&
                  (value < 127 || value > 159);
    if (!wanted) return true;
    char buffer[4];
    int32_t n = 0;
    U8_APPEND_UNSAFE(buffer, n, value);
    text.assign(buffer, static_cast<size_t>(n));
    return true;
  }

  void character(char c) {
    if (pre_ && c == '\n') {
      line_break();
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
      if (pre_ && c == ' ') {
        put(" ");
      } else if (!out_.empty() && !out_.ends_with('\n')) {
        space_ = true;
      }
    } else if (static_cast<unsigned char>(c) >= 32 && c != 127) {
      put(std::string_view(&c, 1));
    }
  }

  void put(std::string_view text) {
    if (text.empty()) return;
    if (out_.empty() || out_.ends_with('\n')) {
      for (size_t i = 0; i < quote_; ++i) out_ += "> ";
    } else if (space_) {
      out_ += ' ';
    }
    space_ = false;
    out_ += text;
  }

  void line_break() {
    space_ = false;
    if (!out_.ends_with("\n\n")) out_ += '\n';
  }

  // At the end of the text so far: `count` line ends, none at the very beginning.
  void new_lines(size_t count) {
    space_ = false;
    if (out_.empty()) return;
    size_t have = out_.ends_with("\n\n") ? 2 : out_.ends_with('\n') ? 1 : 0;
    for (; have < count; ++have) out_ += '\n';
  }

  std::string_view s_;
  size_t max_;
  size_t at_ = 0;
  std::string out_;
  bool space_ = false;
  bool pre_ = false;
  size_t list_ = 0;
  size_t quote_ = 0;
  std::string href_;
  size_t link_begin_ = 0;
  std::vector<std::string> without_end_;
};

}  // namespace

std::string html_to_text(std::string_view html, size_t max_octets) {
  return Renderer(html, max_octets).render();
}

}  // namespace pabal::mail
