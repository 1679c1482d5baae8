// The head of an HTTP/1.1 request (RFC 9112 §3, §5) and a response for it:
// enough for the metrics port.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pabal::proto::http {

constexpr size_t kRequestHeadMax = 16 * 1024;  // octets, all lines together
constexpr size_t kRequestHeadersMax = 100;

struct RequestHead {
  std::string method;                                        // case matters: "GET"
  std::string path;                                          // "/metrics", not decoded
  std::string query;                                         // behind '?', may be empty
  int minor_version = 1;                                     // HTTP/1.0 or 1.1
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-case, values trimmed

  // The first header of that (lower-case) name.
  const std::string* header(std::string_view name) const;
  bool keep_alive() const;
  // From Content-Length; 0 when there is none, nullopt when it is malformed
  // or the body is chunked, which we do not read.
  std::optional<uint64_t> content_length() const;
};

// `status` is the response to give: 400, 431 or 505.
struct HeadError {
  int status = 400;
  std::string text;
};

// Looks for a whole head at the front of bytes; removes it from there when it
// is complete. nullopt: read more.
std::expected<std::optional<RequestHead>, HeadError> parse_request_head(std::string_view& bytes);

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
  std::string body;
};

// With Content-Length and Connection; head_only for HEAD.
std::string to_wire(const Response& response, bool keep_alive, bool head_only = false);
std::string_view reason_phrase(int status);

}  // namespace pabal::proto::http
