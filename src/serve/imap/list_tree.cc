#include "serve/imap/list_tree.h"

#include <algorithm>
#include <limits>

#include "serve/imap/names.h"

namespace pabal::serve::imap {

namespace {

// What is true of a name, or of some name below it.
struct Facts {
  bool exists = false;
  bool chosen = false;
  bool exists_unmatched = false;  // and no pattern matches it: nothing else tells of it
  bool chosen_unmatched = false;

  void add(const Facts& other) {
    exists |= other.exists;
    chosen |= other.chosen;
    exists_unmatched |= other.exists_unmatched;
    chosen_unmatched |= other.chosen_unmatched;
  }
};

class Chooser {
 public:
  Chooser(ListPatterns& patterns, const ListChoice& choice) : patterns_(patterns), choice_(choice) {}

  void add(const ListSource& source) {
    while (!open_.empty() && !is_below(source.name, open_.back().name)) close();
    patterns_.match_levels(source.name, matched_);
    size_t start = open_.empty() ? 0 : open_.back().name.size() + 1;
    for (;;) {
      size_t slash = source.name.find(kDelimiter, start);
      bool itself = slash == std::string::npos;
      open_level(source, std::string_view(source.name).substr(0, slash), itself);
      if (itself) return;
      start = slash + 1;
    }
  }

  std::vector<ListLine> finish() {
    while (!open_.empty()) close();
    std::erase_if(lines_, [](const Line& line) { return !line.listed; });
    return {lines_.begin(), lines_.end()};
  }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  struct Level {
    std::string_view name;
    size_t line = kNone;  // the patterns match it
    Facts own, below;
  };
  struct Line : ListLine {
    bool listed = false;
  };

  static bool is_below(std::string_view name, std::string_view above) {
    return name.size() > above.size() && name.starts_with(above) && name[above.size()] == kDelimiter;
  }

  void open_level(const ListSource& source, std::string_view name, bool itself) {
    Level level;
    level.name = name;
    bool matched = matched_[open_.size()] != 0;
    if (itself) {
      bool there = choice_.subscribed ? source.subscribed : source.exists;
      level.own.exists = source.exists;
      level.own.chosen = there && (!choice_.special_use || source.special_use);
      level.own.exists_unmatched = level.own.exists && !matched;
      level.own.chosen_unmatched = level.own.chosen && !matched;
    }
    if (matched) {
      level.line = lines_.size();
      Line& line = lines_.emplace_back();
      line.name = name;
      line.source = itself ? &source : nullptr;
      line.chosen = level.own.chosen;
    }
    open_.push_back(level);
  }

  // Everything below the innermost level is known.
  void close() {
    Level level = open_.back();
    open_.pop_back();
    if (level.line != kNone) {
      Line& line = lines_[level.line];
      line.has_children = level.below.exists;
      line.child_info = level.below.chosen;
      // RFC 5258 §3.3, §3.5: what tells of itself needs nobody above it to tell.
      bool selects = choice_.subscribed || choice_.special_use;
      bool above_mailboxes = !selects && !level.own.exists && level.below.exists_unmatched;
      bool above_chosen = choice_.recursive && level.below.chosen_unmatched;
      line.listed = level.own.chosen || above_mailboxes || above_chosen;
    }
    if (open_.empty()) return;
    open_.back().below.add(level.own);
    open_.back().below.add(level.below);
  }

  ListPatterns& patterns_;
  const ListChoice choice_;
  std::vector<Level> open_;  // from the top level down to the last name
  std::vector<Line> lines_;
  std::vector<char> matched_;
};

}  // namespace

bool tree_less(std::string_view a, std::string_view b) {
  auto rank = [](char c) { return c == kDelimiter ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

std::vector<ListLine> choose_lines(const std::vector<ListSource>& sources, ListPatterns& patterns,
                                   const ListChoice& choice) {
  Chooser chooser(patterns, choice);
  for (const ListSource& source : sources) chooser.add(source);
  return chooser.finish();
}

}  // namespace pabal::serve::imap
