// Enhanced mail system status codes, "5.1.1" (RFC 3463).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::smtp {

struct EnhancedStatus {
  uint16_t status_class = 0;  // 2, 4 or 5
  uint16_t subject = 0;       // 0-999
  uint16_t detail = 0;        // 0-999
  auto operator<=>(const EnhancedStatus&) const = default;
};

// The whole text must be one status (RFC 3463 §2): class 2, 4 or 5, no leading zeros.
std::optional<EnhancedStatus> parse_status(std::string_view text);

// A status at the beginning of reply text, followed by a space or the end
// (RFC 2034 §4); sets rest to what follows the space.
std::optional<EnhancedStatus> parse_leading_status(std::string_view text, std::string_view& rest);

std::string to_text(EnhancedStatus status);

}  // namespace pabal::proto::smtp
