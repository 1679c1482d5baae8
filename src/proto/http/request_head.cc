#include "proto/http/request_head.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::proto::http {

namespace {

std::unexpected<HeadError> bad(int status, std::string text) {
  return std::unexpected(HeadError{status, std::move(text)});
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

std::expected<void, HeadError> parse_request_line(RequestHead& head, std::string_view line) {
  auto words = split(line, ' ');
  if (words.size() != 3 || !is_token(words[0])) return bad(400, "The request line is malformed");
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") {
    bool is_http = words[2].starts_with("HTTP/");
    return bad(is_http ? 505 : 400, is_http ? "HTTP/1.1 is spoken here" : "The request line is malformed");
  }
  std::string_view target = words[1];
  if (!target.starts_with('/') || !std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~'; }))
    return bad(400, "The request target must be a path");
  size_t question = target.find('?');
  head.method = words[0];
  head.path = target.substr(0, question);
  if (question != std::string_view::npos) head.query = target.substr(question + 1);
  head.minor_version = words[2].back() - '0';
  return {};
}

std::expected<void, HeadError> parse_header_line(RequestHead& head, std::string_view line) {
  size_t colon = line.find(':');
  // Folded lines and spaces before the colon are refused (RFC 9112 §5.1, §5.2).
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return bad(400, "A header is malformed");
  std::string_view value = trim(line.substr(colon + 1));
  if (std::ranges::any_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }))
    return bad(400, "A header is malformed");
  if (head.headers.size() == kRequestHeadersMax) return bad(431, "Too many headers");
  head.headers.emplace_back(to_lower(line.substr(0, colon)), value);
  return {};
}

// No header line may be made by text that came from outside.
std::string header_value(std::string_view text) {
  std::string out;
  for (char c : text) out += (c >= 0 && c < ' ') || c == 0x7f ? ' ' : c;
  return out;
}

}  // namespace

const std::string* RequestHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return &value;
  return nullptr;
}

bool RequestHead::keep_alive() const {
  const std::string* connection = header("connection");
  if (!connection) return minor_version == 1;
  bool keep = minor_version == 1;
  for (std::string_view option : split(*connection, ',')) {
    if (iequals(trim(option), "close")) return false;
    if (iequals(trim(option), "keep-alive")) keep = true;
  }
  return keep;
}

std::optional<uint64_t> RequestHead::content_length() const {
  if (header("transfer-encoding")) return std::nullopt;
  std::optional<uint64_t> length;
  for (const auto& [key, value] : headers) {
    if (key != "content-length") continue;
    auto parsed = parse_uint(value);
    // Two different lengths are how requests are smuggled (RFC 9112 §6.3).
    if (!parsed || (length && length != parsed)) return std::nullopt;
    length = parsed;
  }
  return length.value_or(0);
}

std::expected<std::optional<RequestHead>, HeadError> parse_request_head(std::string_view& bytes) {
  size_t end = bytes.substr(0, kRequestHeadMax).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= kRequestHeadMax) return bad(431, "The request head is too long");
    return std::nullopt;
  }
  std::string_view text = bytes.substr(0, end);
  RequestHead head;
  bool first = true;
  while (first || !text.empty()) {
    size_t line_end = text.find("\r\n");
    std::string_view line = text.substr(0, line_end);
    text = line_end == std::string_view::npos ? std::string_view() : text.substr(line_end + 2);
    auto parsed = first ? parse_request_line(head, line) : parse_header_line(head, line);
    if (!parsed) return std::unexpected(parsed.error());
    first = false;
  }
  bytes.remove_prefix(end + 4);
  return head;
}

std::string to_wire(const Response& response, bool keep_alive, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " " +
                    std::string(reason_phrase(response.status)) + "\r\n";
  auto add = [&out](std::string_view name, std::string_view value) {
    out += std::string(name) + ": " + header_value(value) + "\r\n";
  };
  add("Content-Type", response.content_type);
  add("Content-Length", std::to_string(response.body.size()));
  add("Connection", keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : response.headers) add(name, value);
  out += "\r\n";
  if (!head_only) out += response.body;
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

}  // namespace pabal::proto::http
