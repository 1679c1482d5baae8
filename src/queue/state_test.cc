#include "queue/state.h"

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "base/bytes.h"

namespace pabal::queue {
namespace {

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  for (std::string_view cell : split(line, '|')) out.emplace_back(trim(cell));
  // The pieces outside the first and the last bar.
  return std::vector<std::string>(out.begin() + 1, out.end() - 1);
}

TEST(State, TableOfTheDocumentIsTheTableOfTheCode) {
  std::ifstream document(PABAL_SOURCE_DIR "/docs/queue-states.md");
  ASSERT_TRUE(document);
  std::vector<State> columns;
  std::map<State, std::vector<std::string>> rows;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| from \\ to |")) {
      for (const std::string& name : cells(line)) {
        if (auto state = parse_state(name)) columns.push_back(*state);
      }
    } else if (!columns.empty() && line.starts_with("| ") && rows.size() < kStates.size()) {
      std::vector<std::string> row = cells(line);
      auto from = parse_state(row[0]);
      ASSERT_TRUE(from) << row[0];
      rows[*from] = std::vector<std::string>(row.begin() + 1, row.end());
    }
  }
  ASSERT_EQ(columns.size(), kStates.size());
  ASSERT_EQ(rows.size(), kStates.size());
  for (const auto& [from, row] : rows) {
    ASSERT_EQ(row.size(), columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(row[i], is_legal(from, columns[i]) ? "yes" : "-")
          << to_text(from) << " → " << to_text(columns[i]);
    }
  }
}

TEST(State, NothingLeavesAnEnd) {
  for (State from : kStates) {
    for (State to : kStates) EXPECT_FALSE(is_end(from) && is_legal(from, to));
  }
}

TEST(StateDeathTest, IllegalWayStopsTheProcess) {
  EXPECT_DEATH(verify_legal(State::relayed, State::waiting), "queue-states");
}

}  // namespace
}  // namespace pabal::queue
