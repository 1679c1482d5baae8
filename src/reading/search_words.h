// Words, for fuzzy searches (RFC 6203): in any order, each as the beginning of
// a word. Everything is folded already (mail::fold_for_search).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pabal::reading {

inline constexpr size_t kWordsMax = 64;  // of one key; those behind them say no more

// Runs of letters and digits; every octet of a character beyond ASCII is one. Each once,
// the first kWordsMax.
std::vector<std::string> words_of(std::string_view folded);

// Whether a word of `text` begins with `word`. A word beyond ASCII may also lie
// within another: Korean and Japanese write many words as one.
enum class WordMatch : unsigned char { no, part, whole };
WordMatch find_word(std::string_view text, std::string_view word);

// As std::string_view::find, but fast for texts of kilobytes.
size_t find_text(std::string_view text, std::string_view needle, size_t from = 0);

}  // namespace pabal::reading
