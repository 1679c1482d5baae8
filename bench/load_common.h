// What the load generators for IMAP share: their arguments, percentiles, JSON text.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/endpoint.h"

namespace pabal::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct LoadArguments {
  io::Endpoint server;
  std::map<std::string, std::string> options;  // NAME=VALUE

  std::string text(const std::string& name, const std::string& otherwise) const;
  int64_t number(const std::string& name, int64_t otherwise) const;
};

// "u%d@test.local" with the number in place of %d.
std::string expand_number(std::string pattern, int64_t n);

class Percentiles {
 public:
  explicit Percentiles(std::vector<double> values);
  double at(double share) const;  // 0 when there are no values

 private:
  std::vector<double> sorted_;
};

// What may stand between quotes in JSON.
std::string json_text(const std::string& text);

}  // namespace pabal::bench
