// What LIST asks for by "%" and "*" (RFC 9051 §6.3.9). All ways to read a pattern
// are followed at once, so that no pattern takes more than its length times the
// length of the name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::serve::imap {

class ListPattern {
 public:
  // With the reference in front. UTF-8.
  explicit ListPattern(std::string_view pattern);

  // Sets levels[i] if the pattern matches the first i + 1 levels of `name`; names
  // have at least as many entries. INBOX, as the first level, matches in any case.
  void match_levels(std::string_view name, std::vector<char>& levels);

 private:
  using Words = std::vector<uint64_t>;
  void close(Words& states) const;
  bool step(unsigned char c, bool any_case);

  // A state is a place in the pattern: bit i says that what stands before it has been matched.
  size_t words_ = 0;  // 0: no name is long enough
  size_t end_ = 0;
  std::array<Words, 256> literal_;
  Words star_, percent_;
  Words now_, next_;
};

class ListPatterns {
 public:
  // Octets of all patterns of a command together.
  static constexpr size_t kOctetsMax = 16 * 1024;

  // Each behind the reference; empty patterns match nothing.
  ListPatterns(std::string_view reference, const std::vector<std::string>& patterns);

  // levels[i]: one of them matches the first i + 1 levels of `name`.
  void match_levels(std::string_view name, std::vector<char>& levels);
  // One of them matches the name.
  bool match(std::string_view name);

 private:
  std::vector<ListPattern> patterns_;
  std::vector<char> levels_;
};

}  // namespace pabal::serve::imap
