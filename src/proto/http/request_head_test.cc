#include "proto/http/request_head.h"

#include <gtest/gtest.h>

namespace pabal::proto::http {
namespace {

int status_of(std::string_view bytes) {
  auto head = parse_request_head(bytes);
  if (!head) return head.error().status;
  return head->has_value() ? 200 : 0;
}

TEST(HttpRequestHead, Parses) {
  std::string_view bytes = "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\nACCEPT:  */* \r\n\r\nrest";
  auto head = parse_request_head(bytes);
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->method, "GET");
  EXPECT_EQ((*head)->path, "/metrics");
  EXPECT_EQ((*head)->query, "x=1");
  EXPECT_EQ(*(*head)->header("accept"), "*/*");
  EXPECT_FALSE((*head)->header("cookie"));
  EXPECT_TRUE((*head)->keep_alive());
  EXPECT_EQ((*head)->content_length(), 0u);
  EXPECT_EQ(bytes, "rest");
}

TEST(HttpRequestHead, Errors) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n"), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 200);
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status_of("G(T / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET x HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA : b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + std::string(kRequestHeadMax, 'x')), 431);
  std::string many = "GET / HTTP/1.1\r\n";
  for (size_t i = 0; i <= kRequestHeadersMax; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), 431);
}

TEST(HttpRequestHead, LengthsAndConnection) {
  auto parsed = [](std::string headers) {
    std::string text = "POST / HTTP/1.1\r\n" + headers + "\r\n";
    std::string_view bytes = text;
    return **parse_request_head(bytes);
  };
  EXPECT_EQ(parsed("Content-Length: 12\r\n").content_length(), 12u);
  EXPECT_FALSE(parsed("Content-Length: x\r\n").content_length());
  EXPECT_FALSE(parsed("Content-Length: 1\r\nContent-Length: 2\r\n").content_length());
  EXPECT_FALSE(parsed("Transfer-Encoding: chunked\r\n").content_length());
  EXPECT_FALSE(parsed("Connection: Upgrade, Close\r\n").keep_alive());
}

TEST(HttpResponse, Wire) {
  Response response{.status = 404, .headers = {{"X-Note", "a\r\nb"}}, .body = "none\n"};
  EXPECT_EQ(to_wire(response, false),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
            "Connection: close\r\nX-Note: a  b\r\n\r\nnone\n");
  EXPECT_TRUE(to_wire(response, true, true).ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace pabal::proto::http
