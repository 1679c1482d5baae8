#include "app/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/epoll.h"
#include "os/real_world.h"

namespace pabal::app {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

rt::Task<std::string> render() {
  co_return "pabal_up 1\n";
}

// Sends `request` to a server of our own and reads until it closes.
rt::Task<void> exchange(io::World& world, std::string request, std::string& response) {
  MetricsServer server(world, render);
  auto listener = world.net.listen(*io::Endpoint::parse("127.0.0.1:0"), {});
  io::Endpoint at = listener->local();
  rt::TaskGroup group;
  group.spawn(server.serve(std::move(listener), {}));
  Instant deadline = rt::Loop::current().now() + std::chrono::seconds(60);
  auto stream = co_await world.net.connect(at, deadline);
  co_await io::write_all(*stream, request, deadline);
  char chunk[4096];
  while (true) {
    io::TryResult got = stream->try_read(chunk);
    if (got.kind == io::TryResult::eof) break;
    if (got.kind == io::TryResult::done) {
      response.append(chunk, got.octets);
    } else {
      co_await io::wait_readable(*stream, deadline);
    }
  }
  server.stop();
  co_await group.join();
  co_await server.join(Instant::never());
}

std::string answer_to(const std::string& request) {
  os::RealWorld real({});
  io::World world = real.world();
  os::EpollPoller poller;
  rt::Loop loop(poller);
  std::string response;
  loop.run(exchange(world, request, response));
  return response;
}

}  // namespace

TEST(MetricsServer, AnswersSeveralRequestsOnOneConnection) {
  std::string response = answer_to(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\nConnection: "
      "close\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(response, HasSubstr("\r\n\r\nok\nHTTP/1.1 200 "));
  EXPECT_THAT(response, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(response, EndsWith("\r\n\r\npabal_up 1\n"));
}

TEST(MetricsServer, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(answer_to("GET /secret HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to("BREW /metrics HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer_to("GET /metrics\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTTP"),
              HasSubstr("Connection: close"));
}

}  // namespace pabal::app
