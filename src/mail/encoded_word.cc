#include "mail/encoded_word.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/encoding.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

constexpr size_t charset_octets_max = 64;
constexpr size_t encoded_word_max = 75;      // RFC 2047 §2
constexpr size_t encoded_words_max = 5'000;  // of one value; opening converters costs time
constexpr size_t ascii_word_max = 900;       // longer ones could make a line of more than 998

size_t utf8_octets(char lead) {
  auto c = static_cast<unsigned char>(lead);
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

// RFC 2047 §5 (3): what may stand in a phrase, which suits any place.
bool q_plain(char c) {
  return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

size_t q_width(std::string_view text) {
  size_t width = 0;
  for (char c : text) width += q_plain(c) || c == ' ' ? 1 : 3;
  return width;
}

std::string q_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ' ') {
      out += '_';
    } else if (q_plain(c)) {
      out += c;
    } else {
      out += '=';
      out += to_upper(to_hex(std::string_view(&c, 1)));
    }
  }
  return out;
}

// `text` as encoded-words, each on its own line after the first; `column` is where
// the first begins and afterwards where the last ends.
std::string encode_run(std::string_view text, size_t& column) {
  constexpr std::string_view b_open = "=?utf-8?B?", q_open = "=?utf-8?Q?";
  bool q = q_width(text) <= (text.size() + 2) / 3 * 4;
  std::string out;
  while (!text.empty()) {
    size_t line_max = encoded_line_max - std::min(column, encoded_line_max);
    size_t room = std::min(encoded_word_max, line_max);
    room = room > b_open.size() + 2 ? room - b_open.size() - 2 : 0;
    size_t taken = 0, width = 0;
    while (taken < text.size()) {
      std::string_view next = text.substr(taken, utf8_octets(text[taken]));
      size_t wider = q ? width + q_width(next) : (taken + next.size() + 2) / 3 * 4;
      if (wider > room) break;
      width = wider;
      taken += next.size();
    }
    if (taken == 0) {  // nothing fits behind what stands on this line
      out += "\r\n ";
      column = 1;
      continue;
    }
    std::string_view piece = text.substr(0, taken);
    out += q ? q_open : b_open;
    out += q ? q_encode(piece) : base64_encode(piece);
    out += "?=";
    column += q_open.size() + width + 2;
    text.remove_prefix(taken);
    if (!text.empty()) {
      out += "\r\n ";
      column = 1;
    }
  }
  return out;
}

bool needs_encoding(std::string_view word) {
  if (word.size() > ascii_word_max || word.find("=?") != std::string_view::npos) return true;
  return std::any_of(word.begin(), word.end(), [](char c) {
    auto octet = static_cast<unsigned char>(c);
    return (octet < 32 && c != '\t') || octet >= 127;
  });
}

struct Span {
  size_t begin = 0, end = 0;
};

// From the first to the last word that needs encoding; empty if none does.
Span encoded_span(std::string_view text) {
  Span span{std::string_view::npos, 0};
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    size_t end = std::min(text.find(' ', at), text.size());
    if (needs_encoding(text.substr(at, end - at))) {
      span.begin = std::min(span.begin, at);
      span.end = end;
    }
    at = end;
  }
  if (span.end == 0) return {};
  return span;
}

std::string well_formed(std::string_view text) {
  return to_utf8(text, "");
}

// Takes encoded-words and what is between them to UTF-8. Neighbours in one charset are
// put together before they are decoded: a character may be split over two of them, and
// some programs split even the base64 (RFC 2047 §5 and §6.2 are often ignored there).
class TextDecoder {
 public:
  TextDecoder(std::string_view text, std::string_view fallback_charset)
      : s_(text), fallback_charset_(fallback_charset) {}

  std::string decode() {
    size_t words = 0;
    for (size_t at = s_.find("=?"); at != std::string_view::npos && words < encoded_words_max;) {
      EncodedWord word = match_encoded_word(s_, at);
      if (word.length == 0) {
        at = s_.find("=?", at + 2);
        continue;
      }
      std::string_view between = s_.substr(done_, at - done_);
      bool joined = words > 0 && trim(between).empty();
      if (!joined || !same_charset(word.charset, charset_)) flush();
      if (!joined) plain(between);
      add(word, at);
      ++words;
      done_ = at + word.length;
      at = s_.find("=?", done_);
    }
    flush();
    plain(s_.substr(done_));
    return std::move(out_);
  }

 private:
  void add(const EncodedWord& word, size_t at) {
    if (begin_ == std::string_view::npos) begin_ = at;
    charset_ = word.charset;
    bool goes_on = word.encoding == 'b' && base64_.size() % 4 != 0 && !base64_.ends_with('=');
    if (!goes_on) flush_base64();
    if (word.encoding == 'b') {
      base64_ += word.text;
    } else {
      octets_ += decode_encoded_word(word);
    }
  }

  void flush_base64() {
    octets_ += base64_decode(base64_);
    base64_.clear();
  }

  void flush() {
    flush_base64();
    if (begin_ == std::string_view::npos) return;
    if (is_known_charset(charset_)) {
      out_ += to_utf8(octets_, charset_);
    } else if (is_utf8(octets_)) {
      out_ += octets_;
    } else if (says_nothing(charset_)) {
      out_ += raw_text_to_utf8(octets_, fallback_charset_);
    } else {  // nobody knows what it is: let it be seen as it came
      plain(s_.substr(begin_, done_ - begin_));
    }
    octets_.clear();
    begin_ = std::string_view::npos;
  }

  void plain(std::string_view text) {
    bool plain = is_ascii(text) && text.find('\x1B') == std::string_view::npos;
    out_ += plain ? std::string(text) : raw_text_to_utf8(text, fallback_charset_);
  }

  // As "unknown-8bit" does, which RFC 1428 §3 gives to what came without a charset.
  static bool says_nothing(std::string_view charset) {
    std::string name = to_lower(charset);
    return name.find("unknown") != std::string::npos || name.find("8bit") != std::string::npos;
  }

  std::string_view s_;
  std::string_view fallback_charset_;
  size_t done_ = 0;
  std::string out_;
  // Of the words that are put together:
  size_t begin_ = std::string_view::npos;
  std::string_view charset_;
  std::string octets_;
  std::string base64_;  // not decoded yet
};

size_t last_line_length(std::string_view text, size_t column) {
  size_t lf = text.rfind('\n');
  return lf == std::string_view::npos ? column + text.size() : text.size() - lf - 1;
}

}  // namespace

EncodedWord match_encoded_word(std::string_view s, size_t at) {
  if (s.substr(at, 2) != "=?") return {};
  size_t charset_end = s.substr(0, std::min(s.size(), at + 2 + charset_octets_max)).find('?', at + 2);
  if (charset_end == std::string_view::npos || charset_end == at + 2) return {};
  EncodedWord word;
  word.charset = s.substr(at + 2, charset_end - at - 2);
  if (word.charset.size() > 2 && word.charset.starts_with('"') && word.charset.ends_with('"'))
    word.charset = word.charset.substr(1, word.charset.size() - 2);
  if (word.charset.find_first_of(" \t\r\n\"<>@,;") != std::string_view::npos) return {};
  word.charset = word.charset.substr(0, word.charset.find('*'));
  if (charset_end + 2 >= s.size() || s[charset_end + 2] != '?') return {};
  word.encoding = to_lower(s[charset_end + 1]);
  if (word.encoding != 'b' && word.encoding != 'q') return {};
  size_t text_begin = charset_end + 3;
  size_t text_end = s.find_first_of("?\r\n", text_begin);
  if (text_end == std::string_view::npos || s.substr(text_end, 2) != "?=") return {};
  word.text = s.substr(text_begin, text_end - text_begin);
  word.length = text_end + 2 - at;
  return word;
}

std::string decode_encoded_word(const EncodedWord& word) {
  if (word.encoding == 'b') return base64_decode(word.text);
  std::string text(word.text);
  std::replace(text.begin(), text.end(), '_', ' ');
  // A trailing space would fall to quoted_printable_decode as transport padding.
  size_t kept = text.find_last_not_of(" \t") + 1;
  return quoted_printable_decode(std::string_view(text).substr(0, kept)) + text.substr(kept);
}

std::string decode_text(std::string_view raw, std::string_view fallback_charset) {
  std::string unfolded = unfold(raw);
  std::string_view s = unfolded;
  bool has_words = s.find("=?") != std::string_view::npos;
  if (!has_words && needs_no_charset(s)) return unfolded;
  return TextDecoder(s, fallback_charset).decode();
}

std::string encode_text(std::string_view utf8, size_t column) {
  std::string text = well_formed(utf8);
  Span span = encoded_span(text);
  if (span.end == 0) return fold(text, column);
  // The blank before the encoded-words becomes the fold when no character fits behind it.
  constexpr size_t shortest_run = 1 + 12 + 12;
  std::string_view before = std::string_view(text).substr(0, span.begin);
  bool blank = before.ends_with(' ');
  if (blank) before.remove_suffix(1);
  std::string out = fold(before, column);
  size_t at = last_line_length(out, column);
  if (blank) {
    bool fits = at + shortest_run <= encoded_line_max;
    out += fits ? " " : "\r\n ";
    at = fits ? at + 1 : 1;
  }
  out += encode_run(std::string_view(text).substr(span.begin, span.end - span.begin), at);
  return out + fold(std::string_view(text).substr(span.end), at);
}

std::string encode_phrase(std::string_view utf8, bool keep_utf8) {
  std::string text = well_formed(utf8);
  bool control = std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 32) || c == 127; });
  if (needs_encoding(text) && (!keep_utf8 || control || is_ascii(text))) {
    size_t column = 1;
    return unfold(encode_run(text, column));
  }
  auto is_phrase_char = [](char c) {
    return is_alnum(c) || std::string_view(" !#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  };
  bool bare = trim(text) == text && text.find("  ") == std::string::npos &&
              std::all_of(text.begin(), text.end(), is_phrase_char);
  if (bare) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace pabal::mail
