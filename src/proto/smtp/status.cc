#include "proto/smtp/status.h"

#include "base/bytes.h"

namespace pabal::proto::smtp {

namespace {

// 1*3DIGIT without leading zeros, taken off the front of text.
std::optional<uint16_t> take_number(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && length < 4 && is_digit(text[length])) ++length;
  if (length == 0 || length > 3 || (length > 1 && text[0] == '0')) return std::nullopt;
  auto number = static_cast<uint16_t>(*parse_uint(text.substr(0, length)));
  text.remove_prefix(length);
  return number;
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<EnhancedStatus> take_status(std::string_view& text) {
  auto status_class = take_number(text);
  if (!status_class || (*status_class != 2 && *status_class != 4 && *status_class != 5)) return std::nullopt;
  if (!take_dot(text)) return std::nullopt;
  auto subject = take_number(text);
  if (!subject || !take_dot(text)) return std::nullopt;
  auto detail = take_number(text);
  if (!detail) return std::nullopt;
  return EnhancedStatus{*status_class, *subject, *detail};
}

}  // namespace

std::optional<EnhancedStatus> parse_status(std::string_view text) {
  auto status = take_status(text);
  return text.empty() ? status : std::nullopt;
}

std::optional<EnhancedStatus> parse_leading_status(std::string_view text, std::string_view& rest) {
  auto status = take_status(text);
  if (!status || (!text.empty() && text[0] != ' ')) return std::nullopt;
  rest = text.substr(text.empty() ? 0 : 1);
  return status;
}

std::string to_text(EnhancedStatus status) {
  return std::to_string(status.status_class) + "." + std::to_string(status.subject) + "." +
         std::to_string(status.detail);
}

}  // namespace pabal::proto::smtp
