// Ranges of numbers that begin at 1: message numbers, UIDs.
#pragma once

#include <cstdint>
#include <vector>

namespace pabal {

struct NumberRange {
  uint32_t first = 1;  // both included
  uint32_t last = 1;
  bool operator==(const NumberRange&) const = default;
};

// Joins `number`, which is above all in it, to rising ranges.
void add_to(std::vector<NumberRange>& ranges, uint32_t number);

bool contains(const std::vector<NumberRange>& rising, uint32_t number);  // logarithmic

// What is in both; both rising. Linear in the ranges, however many numbers are in them.
std::vector<NumberRange> intersection(const std::vector<NumberRange>& a, const std::vector<NumberRange>& b);

}  // namespace pabal
