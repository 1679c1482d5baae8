// MemoryLog keeps the log of a simulated server for checkers and for reading
// after a failure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "io/world.h"

namespace pabal::sim {

class MemoryLog : public Log {
 public:
  explicit MemoryLog(io::Clock& clock) : clock_(clock) {}
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
    lines_.push_back(to_rfc3339(clock_.now()) + ' ' + format_text(level, event, fields));
  }
  // "2026-11-21T09:30:00.125Z info smtp.accepted id=..."
  const std::vector<std::string>& lines() const { return lines_; }
  bool contains(std::string_view text) const {
    for (const std::string& line : lines_) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
  void clear() { lines_.clear(); }

 private:
  io::Clock& clock_;
  std::vector<std::string> lines_;
};

}  // namespace pabal::sim
