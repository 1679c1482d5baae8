// The shape of the sources, as docs and design promise it: which folder may
// include which, what headers must not drag in, and that names and RFC sections
// that text refers to exist.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace pabal {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = PABAL_SOURCE_DIR;
constexpr size_t kFileLinesMax = 500;
constexpr size_t kFunctionLinesMax = 70;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> sources() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    std::string extension = entry.path().extension();
    if (extension == ".h" || extension == ".cc") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string shown(const fs::path& path) {
  return path.lexically_relative(kRoot);
}

bool is_word(char c) {
  return is_alnum(c) || c == '_';
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end > i) out.emplace_back(text.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  return out;
}

using Table = std::map<std::string, std::set<std::string>>;

// From CMakeLists.txt: module -> what its files may include, itself and what is
// behind its DEPENDS included.
Table module_table() {
  Table table;
  std::string cmake = slurp(kRoot / "CMakeLists.txt");
  const std::string call = "pabal_module(";
  for (size_t at = cmake.find('\n' + call); at != std::string::npos; at = cmake.find('\n' + call, at + 1)) {
    size_t begin = at + 1 + call.size();
    std::vector<std::string> args = words(cmake.substr(begin, cmake.find(')', begin) - begin));
    std::set<std::string>& allowed = table[args[0]] = {args[0]};
    for (size_t i = 2; i < args.size() && args[i] != "LIBS"; ++i) {
      EXPECT_TRUE(table.contains(args[i]))
          << args[0] << " depends on " << args[i] << ", which stands below it";
      allowed.insert(table[args[i]].begin(), table[args[i]].end());
    }
  }
  return table;
}

// The texts between `open` and `close` of lines that begin with #include.
std::vector<std::string> includes(const std::string& text, char open, char close) {
  std::vector<std::string> out;
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with("#include ") || line.size() < 11 || line[9] != open) continue;
    out.emplace_back(line.substr(10, line.find(close, 10) - 10));
  }
  return out;
}

TEST(Layout, IncludesFollowTheArrows) {
  Table table = module_table();
  ASSERT_GT(table.size(), 15u);
  EXPECT_FALSE(table["app"].contains("sim")) << "the simulator is no part of the product";
  for (const char* pure : {"mail", "proto"}) {
    for (const char* impure : {"rt", "io", "os"}) EXPECT_FALSE(table[pure].contains(impure)) << pure;
  }
  for (const fs::path& path : sources()) {
    std::string module = *path.lexically_relative(kRoot / "src").begin();
    ASSERT_TRUE(table.contains(module)) << shown(path) << " is in no module of CMakeLists.txt";
    for (const std::string& include : includes(slurp(path), '"', '"')) {
      std::string target = include.substr(0, include.find('/'));
      EXPECT_TRUE(table[module].contains(target)) << shown(path) << " includes " << include << "; " << module
                                                  << " does not depend on " << target << " in CMakeLists.txt";
    }
  }
}

TEST(Layout, HeadersAreLightAndGuarded) {
  const std::set<std::string> doors = {"src/tls/openssl.h"};  // for .cc files of their own folder
  for (const fs::path& path : sources()) {
    if (path.extension() != ".h") continue;
    std::string text = slurp(path);
    EXPECT_NE(text.find("\n#pragma once\n"), std::string::npos) << shown(path);
    EXPECT_TRUE(text.starts_with("//")) << shown(path) << " does not begin by saying what it is";
    if (doors.contains(shown(path)) || shown(path).ends_with("_for_test.h")) continue;
    for (const std::string& include : includes(text, '<', '>')) {
      for (const char* heavy : {"openssl/", "sqlite3.h", "unbound.h", "unicode/", "toml++/", "CLI/", "boost/",
                                "fmt/", "argon2.h", "iostream", "regex", "fstream"}) {
        EXPECT_FALSE(include.starts_with(heavy))
            << shown(path) << " includes <" << include << ">; that belongs into a .cc";
      }
    }
  }
}

TEST(Layout, FilesAreOneIdeaLong) {
  for (const fs::path& path : sources()) {
    std::string text = slurp(path);
    size_t lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_LE(lines, kFileLinesMax) << shown(path) << ": usually two ideas in one file";
  }
}

// Lines of the functions of a file that begin at its left edge, with the line each begins with.
std::vector<std::pair<size_t, std::string>> functions_of(const std::string& text) {
  std::vector<std::pair<size_t, std::string>> out;
  std::string begun;
  size_t length = 0;
  for (std::string_view line : split(text, '\n')) {
    const bool ends = line == "}" || line == "};";
    if (begun.empty() && line.ends_with("{") && line.find('(') != std::string_view::npos && line[0] != ' ')
      begun = line;
    if (!begun.empty()) ++length;
    if (!ends || begun.empty()) continue;
    out.emplace_back(length, begun);
    begun.clear();
    length = 0;
  }
  return out;
}

TEST(Layout, FunctionsFitOnAScreen) {
  size_t checked = 0;
  for (const fs::path& path : sources()) {
    for (const auto& [lines, name] : functions_of(slurp(path))) {
      EXPECT_LE(lines, kFunctionLinesMax) << shown(path) << ": " << name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 1'000u);
}

// The store's own tables, and those rooms that keep records of their own in it.
TEST(Layout, SqlStandsWithItsRecords) {
  const std::set<std::string> rooms = {"store", "directory", "queue", "journey"};
  for (const fs::path& path : sources()) {
    if (rooms.contains(*path.lexically_relative(kRoot / "src").begin()) || shown(path).ends_with("_test.cc"))
      continue;
    EXPECT_EQ(slurp(path).find(".prepare("), std::string::npos) << shown(path) << " has SQL";
  }
}

// Names of functions that a header declares: a word before '(' in a line that ends the declaration.
std::set<std::string> declared_functions(const std::string& header) {
  std::set<std::string> out;
  for (std::string_view line : split(header, '\n')) {
    line = line.substr(0, line.find("//"));
    const size_t open = line.find('('), first = line.find_first_not_of(' ');
    if (open == std::string_view::npos || first == std::string_view::npos || line[first] == '#') continue;
    size_t begin = open;
    while (begin > first && is_word(line[begin - 1])) --begin;
    const bool has_type =
        begin > first && (line[begin - 1] == ' ' || line[begin - 1] == '&' || line[begin - 1] == '*');
    if (has_type && begin < open && line[begin] >= 'a' && line[begin] <= 'z')
      out.emplace(line.substr(begin, open - begin));
  }
  return out;
}

std::string without_comments(const std::string& text) {
  std::string out;
  for (std::string_view line : split(text, '\n')) out.append(line.substr(0, line.find("//"))).append(1, '\n');
  return out;
}

TEST(Layout, NothingIsDeclaredInVain) {
  std::map<std::string, size_t> uses;
  for (const char* folder : {"src", "tests", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      for (const std::string& word : words(without_comments(slurp(entry.path())))) ++uses[word];
    }
  }
  const std::set<std::string> called_by_the_compiler = {"return_value", "await_transform"};
  size_t checked = 0;
  for (const fs::path& path : sources()) {
    if (path.extension() != ".h") continue;
    for (const std::string& name : declared_functions(slurp(path))) {
      ++checked;
      if (called_by_the_compiler.contains(name)) continue;
      EXPECT_GT(uses[name], 1u) << shown(path) << " declares " << name << "(), which nobody defines or calls";
    }
  }
  EXPECT_GT(checked, 1'000u);
}

// "name: what of it" above the declaration of a function speaks of something in it.
TEST(Layout, CommentsNameWhatStandsBelow) {
  const std::set<std::string> results = {"nullopt", "nullptr", "unexpected", "true", "false"};
  size_t checked = 0;
  for (const fs::path& path : sources()) {
    if (path.extension() != ".h") continue;
    const std::string text = slurp(path);
    const std::vector<std::string_view> lines = split(text, '\n');
    for (size_t i = 1; i < lines.size(); ++i) {
      auto is_comment = [&](size_t at) {
        const size_t first = at < lines.size() ? lines[at].find_first_not_of(' ') : std::string_view::npos;
        return first != std::string_view::npos && lines[at].compare(first, 3, "// ") == 0;
      };
      if (!is_comment(i) || is_comment(i - 1)) continue;
      std::string_view line = lines[i].substr(lines[i].find("// ") + 3);
      const std::string_view name = line.substr(0, std::ranges::find_if_not(line, is_word) - line.begin());
      if (name.empty() || name[0] < 'a' || name[0] > 'z' || results.contains(std::string(name)) ||
          !line.substr(name.size()).starts_with(": "))
        continue;
      size_t below = i;
      while (is_comment(below)) ++below;
      std::string declaration;
      for (; below < lines.size(); ++below) {
        declaration.append(lines[below]).append(1, ' ');
        if (lines[below].find(';') != std::string_view::npos || lines[below].ends_with("{")) break;
      }
      if (declaration.find('(') == std::string::npos) continue;
      EXPECT_TRUE(declaration.find(name) != std::string::npos)
          << shown(path) << ':' << i + 1 << " speaks of " << name << ", which is not in " << declaration;
      ++checked;
    }
  }
  EXPECT_GT(checked, 20u);
}

// ADR 10: what runs on another thread is a plain function of values, and the compiler
// sees to it where these two are left alone.
TEST(Layout, OnlyTheStoreBindsWorkForAnotherThread) {
  for (const fs::path& path : sources()) {
    std::string module = *path.lexically_relative(kRoot / "src").begin();
    if (module == "store" || module == "rt" || shown(path).ends_with("_test.cc")) continue;
    std::string text = slurp(path);
    for (const char* untyped : {"rt::Offload ", "rt::Offload(", "rt::Offload<", "blocking.execute("}) {
      EXPECT_EQ(text.find(untyped), std::string::npos)
          << shown(path) << " has " << untyped << "; rt::offload() takes a plain function and its arguments";
    }
  }
}

// Every word of every source, for looking names up.
std::set<std::string> all_names() {
  std::set<std::string> names;
  for (const fs::path& path : sources()) {
    for (std::string& word : words(slurp(path))) names.insert(std::move(word));
  }
  return names;
}

// In docs/a-mails-journey.md, `receive/session.cc` is a file (from src/ or the
// root), and `Intake::accept` or `accept()` are names in the code. What else
// stands in backticks is free.
TEST(Layout, NamesInTheJourneyExist) {
  fs::path doc = kRoot / "docs/a-mails-journey.md";
  if (!fs::exists(doc)) GTEST_SKIP() << "docs/a-mails-journey.md is not written";
  std::set<std::string> names = all_names();
  std::string text = slurp(doc);
  std::vector<std::string_view> pieces = split(text, '`');
  int checked = 0;
  for (size_t i = 1; i < pieces.size(); i += 2) {
    std::string piece(pieces[i]);
    if (piece.find_first_of(" \n$<>\"") != std::string::npos) continue;
    std::string extension = fs::path(piece).extension();
    if (extension == ".cc" || extension == ".h" || extension == ".md" ||
        (piece.find('/') != std::string::npos && piece.back() == '/')) {
      EXPECT_TRUE(fs::exists(kRoot / "src" / piece) || fs::exists(kRoot / piece)) << "no file " << piece;
      ++checked;
    } else if (piece.find("::") != std::string::npos || piece.ends_with("()")) {
      for (const std::string& name : words(piece))
        EXPECT_TRUE(names.contains(name)) << "no name " << name << " of " << piece;
      ++checked;
    }
  }
  EXPECT_GT(checked, 0);
}

// (RFC number, section) as comments cite them: "RFC 5321 §4.5.3.1.8, §4.1".
std::set<std::pair<std::string, std::string>> cited_sections(std::string text) {
  // A comment that goes on in the next line is one text.
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    size_t next = text.find_first_not_of(" ", at + 1);
    if (next == std::string::npos || text.compare(next, 2, "//") != 0) continue;
    for (size_t i = at; i < next + 2; ++i) text[i] = ' ';
  }
  std::set<std::pair<std::string, std::string>> out;
  for (size_t at = text.find("RFC "); at != std::string::npos; at = text.find("RFC ", at + 1)) {
    size_t i = at + 4;
    std::string number, section;
    while (i < text.size() && is_digit(text[i])) number += text[i++];
    if (number.empty()) continue;
    while (true) {
      while (i < text.size() && (text[i] == ' ' || text[i] == ',')) ++i;
      if (text.compare(i, 4, "and ") == 0) i += 4;
      if (text.compare(i, 2, "§") != 0) break;
      i += 2;
      section.clear();
      while (i < text.size() && (is_alnum(text[i]) || text[i] == '.')) section += text[i++];
      while (!section.empty() && section.back() == '.') section.pop_back();
      if (!section.empty()) out.emplace(number, section);
    }
  }
  return out;
}

// The section numbers that begin a line of the RFC: headings and table of contents.
std::set<std::string> sections_of(const std::string& rfc) {
  std::set<std::string> out;
  for (std::string_view line : split(rfc, '\n')) {
    size_t begin = line.find_first_not_of(" #*[\t");
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    for (std::string_view prefix : {"Appendix ", "APPENDIX ", "Section "}) {
      if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    }
    size_t end = 0;
    while (end < line.size() && (is_alnum(line[end]) || line[end] == '.')) ++end;
    std::string number(line.substr(0, end));
    while (!number.empty() && number.back() == '.') number.pop_back();
    if (!number.empty()) out.insert(number);
  }
  return out;
}

TEST(Layout, CitedRfcSectionsExist) {
  fs::path library = kRoot / "../shared/rfc";
  if (!fs::exists(library)) GTEST_SKIP() << "the RFC texts (../shared/rfc) are not here";
  std::map<std::string, std::set<std::string>> sections;
  size_t checked = 0;
  for (const fs::path& path : sources()) {
    for (const auto& [number, section] : cited_sections(slurp(path))) {
      std::string padded = std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number;
      fs::path rfc = library / ("rfc" + padded + ".txt");
      if (!fs::exists(rfc)) continue;
      if (!sections.contains(number)) sections[number] = sections_of(slurp(rfc));
      EXPECT_TRUE(sections[number].contains(section))
          << shown(path) << " cites RFC " << number << " §" << section;
      ++checked;
    }
  }
  EXPECT_GT(checked, 0u);
}

TEST(Layout, CitationsAreFoundAcrossLines) {
  using Cited = std::set<std::pair<std::string, std::string>>;
  EXPECT_EQ(cited_sections("// as RFC 5321 §4.1.2, §2.4 and\n  // RFC 2034\n  // §4. RFC 3461"),
            (Cited{{"5321", "4.1.2"}, {"5321", "2.4"}, {"2034", "4"}}));
}

}  // namespace
}  // namespace pabal
