// fold_for_search: ASCII by a table, everything else by ICU. And sort_key, whose
// letters are title case and taken apart instead.
#include <array>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/charset.h"
#include "mail/search_text.h"

namespace pabal::mail {
namespace {

// Stretches of ASCII shorter than this go through ICU with what is around them:
// Korean text has a blank every few characters, and a call costs more than they do.
constexpr size_t ascii_stretch_min = 24;

constexpr std::array<char, 256> make_folding() {
  std::array<char, 256> table{};
  for (size_t c = 0; c < 256; ++c) {
    bool upper = c >= 'A' && c <= 'Z', white = c == ' ' || (c >= '\t' && c <= '\r');
    table[c] = static_cast<char>(upper ? c + 32 : white ? ' ' : c);
  }
  return table;
}
constexpr std::array<char, 256> folding = make_folding();

bool is_ascii_octet(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Where the ASCII that begins at `from` ends.
size_t ascii_end(std::string_view text, size_t from) {
  for (uint64_t octets = 0; from + sizeof octets <= text.size(); from += sizeof octets) {
    std::memcpy(&octets, text.data() + from, sizeof octets);
    if ((octets & 0x8080'8080'8080'8080) != 0) break;
  }
  while (from < text.size() && is_ascii_octet(text[from])) ++from;
  return from;
}

// Where the text ends that ICU shall have from `from` on: in front of a long
// stretch of ASCII or of the end. Nothing composes with an ASCII character behind it.
size_t foreign_end(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size()) {
    while (at < text.size() && !is_ascii_octet(text[at])) ++at;
    size_t end = ascii_end(text, at);
    if (end - at >= ascii_stretch_min || end == text.size()) return at;
    at = end;
  }
  return at;
}

// What may stand in a run that has to be put in order: whatever has a combining class,
// also once it is taken apart (the halfwidth marks of Katakana), and what goes away.
const icu::UnicodeSet& combining() {
  static const icu::UnicodeSet set = [] {
    UErrorCode error = U_ZERO_ERROR;
    icu::UnicodeSet made(
        icu::UnicodeString::fromUTF8("[[:^lccc=0:][\\uFF9E\\uFF9F][:Default_Ignorable_Code_Point:]]"), error);
    verify(U_SUCCESS(error), "ICU knows these properties");
    made.freeze();
    return made;
  }();
  return set;
}

// Stream-safe text (UAX #15 §12.1) by leaving out what no language writes: of a run of
// combining marks the first combining_marks_max stay. Putting n marks in order takes
// n² steps. A break instead would be folded away, and folding not be idempotent then.
std::string with_short_runs(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::string out;
  out.reserve(text.size());
  while (at < end) {
    int32_t others = combining().spanUTF8(at, static_cast<int32_t>(end - at), USET_SPAN_NOT_CONTAINED);
    int32_t run =
        combining().spanUTF8(at + others, static_cast<int32_t>(end - at) - others, USET_SPAN_SIMPLE);
    out.append(at, static_cast<size_t>(others));
    at += others;
    int32_t kept = 0;
    for (size_t marks = 0; kept < run && marks < combining_marks_max; ++marks) U8_FWD_1(at, kept, run);
    out.append(at, static_cast<size_t>(kept));
    at += run;
  }
  return out;
}

bool has_long_run(std::string_view text) {
  constexpr size_t octets = combining_marks_max;  // a mark has two and more
  const char* at = text.data();
  auto left = static_cast<int32_t>(text.size());
  while (left > 0) {
    int32_t others = combining().spanUTF8(at, left, USET_SPAN_NOT_CONTAINED);
    int32_t run = combining().spanUTF8(at + others, left - others, USET_SPAN_SIMPLE);
    if (static_cast<size_t>(run) > octets) return true;
    at += others + run;
    left -= others + run;
  }
  return false;
}

class Folder {
 public:
  explicit Folder(size_t octets) { out_.reserve(octets); }

  // Folds ASCII and joins white space; what is not ASCII passes as it is.
  void ascii(std::string_view text) {
    size_t at = out_.size();
    out_.resize(at + text.size());
    char* to = out_.data() + at;
    char before = blank_before_ ? ' ' : 0;
    for (char c : text) {
      char folded = folding[static_cast<unsigned char>(c)];
      *to = folded;
      to += folded != ' ' || before != ' ';
      before = folded;
    }
    blank_before_ = before == ' ';
    out_.resize(static_cast<size_t>(to - out_.data()));
  }

  void foreign(std::string_view text) {
    std::string repaired;
    if (!is_utf8(text)) text = repaired = to_utf8(text, "utf-8");
    verify(text.size() <= INT32_MAX, "no text is larger than a message may be");
    std::string short_runs;
    if (has_long_run(text)) text = short_runs = with_short_runs(text);
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* casefold = icu::Normalizer2::getNFKCCasefoldInstance(error);
    verify(U_SUCCESS(error), "ICU has its normalization data");
    normalized_.clear();
    icu::StringByteSink<std::string> sink(&normalized_);
    casefold->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink,
                            nullptr, error);
    verify(U_SUCCESS(error), "any text can be normalized");
    ascii(normalized_);
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string normalized_;
  bool blank_before_ = false;
};

// The code points of one character that is not ASCII (RFC 5051 §2 (2)).
void put_sort_key(std::string& out, UChar32 c, const icu::Normalizer2& decompose) {
  c = u_totitle(c);
  icu::UnicodeString parts;
  if (decompose.getDecomposition(c, parts)) {
    parts.toUTF8String(out);
    return;
  }
  char buffer[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(buffer, length, c);
  out.append(buffer, static_cast<size_t>(length));
}

}  // namespace

std::string sort_key(std::string_view utf8) {
  if (is_ascii(utf8)) return to_upper(utf8.substr(0, sort_key_octets_max));
  std::string repaired;
  if (!is_utf8(utf8)) utf8 = repaired = to_utf8(utf8.substr(0, sort_key_octets_max), "utf-8");
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFKDInstance(error);
  verify(U_SUCCESS(error), "ICU has its normalization data");
  std::string out;
  for (size_t at = 0; at < utf8.size();) {
    size_t whole = out.size();
    UChar32 c = 0;
    U8_NEXT_UNSAFE(utf8.data(), at, c);
    if (c < 0x80) {
      out += to_upper(static_cast<char>(c));
    } else {
      put_sort_key(out, c, *decompose);
    }
    if (out.size() <= sort_key_octets_max) continue;
    out.resize(whole);
    break;
  }
  return out;
}

std::string fold_for_search(std::string_view utf8) {
  Folder folder(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    size_t end = ascii_end(utf8, at);
    if (end == utf8.size()) {
      folder.ascii(utf8.substr(at));
      break;
    }
    // The last ASCII character may be the base of what follows ("e" and U+0301).
    size_t base = end > at ? 1 : 0;
    folder.ascii(utf8.substr(at, end - base - at));
    at = foreign_end(utf8, end);
    folder.foreign(utf8.substr(end - base, at - (end - base)));
  }
  return folder.take();
}

}  // namespace pabal::mail
