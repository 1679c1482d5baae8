#include "app/metrics.h"

#include "proto/http/request_head.h"

namespace pabal::app {

namespace http = proto::http;

// One connection.
class MetricsServer::Exchange final : public listen::Session {
 public:
  Exchange(const MetricsServer& server, std::unique_ptr<io::Stream> stream)
      : server_(server), stream_(std::move(stream)) {}

  rt::Task<void> run() override;
  void wake() override { stream_->wake(); }

 private:
  rt::Task<void> answer();

  const MetricsServer& server_;
  std::unique_ptr<io::Stream> stream_;
};

std::unique_ptr<listen::Session> MetricsServer::open_session(std::unique_ptr<io::Stream> stream,
                                                             listen::Visitor) {
  return std::make_unique<Exchange>(*this, std::move(stream));
}

std::string MetricsServer::refusal() const {
  http::Response response;
  response.status = 503;
  response.body = "too many connections\n";
  return to_wire(response, false);
}

rt::Task<void> MetricsServer::Exchange::run() {
  co_await answer();
  stream_->finish();
}

// Requests one after the other until one side has enough.
rt::Task<void> MetricsServer::Exchange::answer() {
  std::string input;
  bool keep_alive = true;
  while (keep_alive && !server_.stopping()) {
    Instant deadline = rt::Loop::current().now() + kIdleTimeout;
    std::string_view rest = input;
    std::string response = co_await server_.respond(rest, keep_alive);
    if (!response.empty()) {
      input.erase(0, input.size() - rest.size());
      co_await io::write_all(*stream_, response, deadline);
      continue;
    }
    char chunk[4096];
    io::TryResult got = stream_->try_read(chunk);
    if (got.kind == io::TryResult::eof) co_return;
    if (got.kind == io::TryResult::done) {
      input.append(chunk, got.octets);
    } else if (co_await stream_->readable(deadline) == rt::Wake::deadline) {
      co_return;
    }
  }
}

// The response to the request at the front of `input`, which is consumed; "" to
// read more.
rt::Task<std::string> MetricsServer::respond(std::string_view& input, bool& keep_alive) const {
  auto head = http::parse_request_head(input);
  http::Response response;
  if (!head) {
    keep_alive = false;
    response.status = head.error().status;
    response.body = head.error().text + '\n';
    co_return to_wire(response, false);
  }
  if (!*head) co_return "";
  const http::RequestHead& request = **head;
  // A body is not read, so nothing that follows one could be understood.
  keep_alive = request.keep_alive() && request.content_length() == 0;
  bool head_only = request.method == "HEAD";
  if (request.method != "GET" && !head_only) {
    response.status = 405;
    response.headers.emplace_back("Allow", "GET, HEAD");
    response.body = "only GET\n";
  } else if (request.path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = co_await render_();
  } else if (request.path == "/healthz") {
    response.body = "ok\n";
  } else {
    response.status = 404;
    response.body = "there is /metrics and /healthz\n";
  }
  co_return to_wire(response, keep_alive, head_only);
}

}  // namespace pabal::app
