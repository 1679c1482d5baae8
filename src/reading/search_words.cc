#include "reading/search_words.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace pabal::reading {

namespace {

bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_word_char(char c) {
  return is_alnum(c) || is_beyond_ascii(c);
}

}  // namespace

std::vector<std::string> words_of(std::string_view folded) {
  std::vector<std::string> words;
  for (size_t i = 0; i < folded.size() && words.size() < kWordsMax;) {
    size_t end = i;
    while (end < folded.size() && is_word_char(folded[end])) ++end;
    if (end > i) {
      std::string word(folded.substr(i, end - i));
      if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
    }
    i = end + 1;
  }
  return words;
}

WordMatch find_word(std::string_view text, std::string_view word) {
  WordMatch best = WordMatch::no;
  for (size_t at = find_text(text, word); at != std::string_view::npos;) {
    size_t end = at + word.size();
    bool begins = at == 0 || !is_word_char(text[at - 1]);
    bool ends = end == text.size() || !is_word_char(text[end]);
    if (begins && ends) return WordMatch::whole;
    if (begins || is_beyond_ascii(word[0])) best = WordMatch::part;
    // More of this run can be no more than that.
    while (end < text.size() && is_word_char(text[end])) ++end;
    at = find_text(text, word, end);
  }
  return best;
}

size_t find_text(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  if (from == text.size()) return std::string_view::npos;  // where memmem may be given no octets at all
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace pabal::reading
