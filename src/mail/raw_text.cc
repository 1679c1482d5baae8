#include "mail/raw_text.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/charset_names.h"
#include "mail/convert.h"
#include "mail/encoded_word.h"
#include "mail/encoding.h"

namespace pabal::mail {
namespace {

constexpr std::string_view unknown = "unknown-8bit";
constexpr size_t encoded_word_max = 75;  // RFC 2047 §2
constexpr size_t charset_octets_max = 40;
constexpr size_t segment_octets_max = 60;

bool is_attribute_char(char c) {  // RFC 2231 §7; also what is safe in encoded-words
  return is_alnum(c) || c == '-' || c == '.' || c == '_';
}

bool is_charset_token(std::string_view name) {
  return !name.empty() && name.size() <= charset_octets_max &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_attribute_char(c) || c == ':' || c == '+'; });
}

std::vector<size_t> ends_of(std::string_view octets, std::string_view name) {
  Charset charset = find_charset(name);
  const char* converter = charset.coding == Coding::utf8  ? "utf-8"
                          : charset.coding == Coding::icu ? charset.converter.c_str()
                                                          : "iso-8859-1";
  return character_ends(open_converter(converter).get(), octets);
}

// Encoded-words with a blank between them; no character is cut (RFC 2047 §5).
std::string words_of(std::string_view octets, std::string_view charset) {
  const std::string open = "=?" + std::string(charset) + "?B?";
  const size_t room = (encoded_word_max - open.size() - 2) / 4 * 3;
  std::string out;
  size_t begin = 0, kept = 0;
  auto close = [&](size_t end) {
    if (!out.empty()) out += ' ';
    out.append(open).append(base64_encode(octets.substr(begin, end - begin))).append("?=");
    begin = end;
  };
  for (size_t end : ends_of(octets, charset)) {
    if (end - begin > room && kept > begin) close(kept);
    kept = end;
  }
  if (begin < octets.size()) close(octets.size());
  return out;
}

bool is_encoded_word(std::string_view word) {
  return word.starts_with("=?") && match_encoded_word(word, 0).length == word.size();
}

// Words with the blanks in front of them. Those that `stays` says stay; runs of others
// are encoded with the blanks in them and, since the blank between two encoded-words is
// no text, with those towards encoded-words.
template <typename Stays>
std::string encode_runs(std::string_view text, std::string_view charset, Stays stays) {
  std::string out, run;
  bool after_encoded_word = false;  // the last that was put out
  auto end_run = [&](std::string_view more) {
    if (run.empty()) return false;
    out += words_of(run.append(more), charset);
    run.clear();
    after_encoded_word = true;
    return true;
  };
  for (size_t at = 0; at < text.size();) {
    size_t begin = std::min(text.find_first_not_of(' ', at), text.size());
    size_t end = std::min(text.find(' ', begin), text.size());
    std::string_view blanks = text.substr(at, begin - at), word = text.substr(begin, end - begin);
    at = end;
    if (word.empty()) break;
    if (stays(word)) {
      bool encoded = is_encoded_word(word);
      bool one_blank = end_run(encoded ? blanks : std::string_view()) && encoded;
      out.append(one_blank ? " " : blanks).append(word);
      after_encoded_word = encoded;
    } else if (!run.empty()) {
      run.append(blanks).append(word);
    } else {
      out += after_encoded_word ? " " : blanks;
      run.append(after_encoded_word ? blanks : std::string_view()).append(word);
    }
  }
  end_run({});
  return out;
}

}  // namespace

std::string charset_to_write(std::string_view octets, std::string_view declared) {
  std::string charset = charset_of_raw_text(octets, declared);
  return is_charset_token(charset) ? charset : std::string(unknown);
}

std::string octets_to_text(std::string_view octets, std::string_view charset) {
  return encode_runs(octets, charset, [](std::string_view word) {
    return is_ascii(word) && (word.find("=?") == std::string_view::npos || is_encoded_word(word));
  });
}

std::string octets_to_phrase(std::string_view octets, std::string_view charset) {
  return encode_runs(octets, charset, is_encoded_word);
}

std::string octets_to_parameter(std::string_view name, std::string_view octets, std::string_view charset) {
  std::string encoded = std::string(charset) + "''";
  std::string out;
  size_t number = 0;
  bool split = encoded.size() + octets.size() * 3 > segment_octets_max;
  auto close = [&] {
    out.append(";\r\n ").append(name);
    if (split) out.append("*").append(std::to_string(number++));
    out.append("*=").append(encoded);
    encoded.clear();
  };
  for (char c : octets) {
    if (encoded.size() + 3 > segment_octets_max) close();
    if (is_attribute_char(c)) {
      encoded += c;
    } else {
      encoded.append("%").append(to_upper(to_hex(std::string_view(&c, 1))));
    }
  }
  if (!encoded.empty()) close();
  return out;
}

}  // namespace pabal::mail
