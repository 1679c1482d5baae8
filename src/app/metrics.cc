#include "app/metrics.h"

#include "proto/http/request_head.h"

namespace pabal::app {

namespace http = proto::http;

namespace {

// 1500 -> "0.0015"; whole seconds without a point.
std::string seconds(int64_t us) {
  std::string fraction = std::to_string(1'000'000 + us % 1'000'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(us / 1'000'000) + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

void MetricsText::describe(std::string_view name, std::string_view help, std::string_view type) {
  if (name == last_name_) return;
  text_ += "# HELP " + std::string(name) + ' ' + std::string(help) + "\n# TYPE " + std::string(name) + ' ' +
           std::string(type) + '\n';
  last_name_ = name;
}

void MetricsText::sample(std::string_view name, const std::string& value, const Labels& labels) {
  text_ += name;
  for (size_t i = 0; i < labels.size(); ++i) {
    text_ += (i == 0 ? "{" : ",") + std::string(labels[i].first) + "=\"";
    for (char c : labels[i].second) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }
  text_ += (labels.empty() ? " " : "} ") + value + '\n';
}

void MetricsText::counter(std::string_view name, std::string_view help, uint64_t value,
                          const Labels& labels) {
  describe(name, help, "counter");
  sample(name, std::to_string(value), labels);
}

void MetricsText::gauge(std::string_view name, std::string_view help, int64_t value, const Labels& labels) {
  describe(name, help, "gauge");
  sample(name, std::to_string(value), labels);
}

void MetricsText::histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
  describe(name, help, "histogram");
  const std::string n(name);
  uint64_t count = 0;
  for (size_t i = 0; i < Histogram::kBoundsUs.size(); ++i) {
    count += histogram.count(i);
    sample(n + "_bucket", std::to_string(count), {{"le", seconds(Histogram::kBoundsUs[i])}});
  }
  count += histogram.count(Histogram::kBoundsUs.size());
  sample(n + "_bucket", std::to_string(count), {{"le", "+Inf"}});
  sample(n + "_sum", seconds(static_cast<int64_t>(histogram.sum_us())), {});
  sample(n + "_count", std::to_string(count), {});
}

rt::Task<void> MetricsServer::serve(std::unique_ptr<io::Listener> listener) {
  auto session = [this](std::unique_ptr<io::Stream> stream) { return run_session(std::move(stream)); };
  co_await acceptor_.serve(std::move(listener), session);
}

void MetricsServer::stop() {
  stopping_ = true;
  acceptor_.stop();
  for (io::Stream* stream : streams_) stream->wake();
}

rt::Task<void> MetricsServer::join() {
  co_await acceptor_.join(Instant::never(), [] {});
}

rt::Task<void> MetricsServer::run_session(std::unique_ptr<io::Stream> stream) {
  if (streams_.size() >= kSessionsMax) co_return;
  streams_.insert(stream.get());
  try {
    co_await answer(*stream);
    stream->finish();
  } catch (const io::IoError& e) {
    world_.log.debug("metrics.connection_lost", {{"reason", e.what()}});
  } catch (const std::exception& e) {
    world_.log.warning("metrics.failed", {{"reason", e.what()}});
  }
  streams_.erase(stream.get());
}

// Requests one after the other until one side has enough.
rt::Task<void> MetricsServer::answer(io::Stream& stream) {
  std::string input;
  bool keep_alive = true;
  while (keep_alive && !stopping_) {
    Instant deadline = rt::Loop::current().now() + kIdleTimeout;
    std::string_view rest = input;
    std::string response = co_await respond(rest, keep_alive);
    if (!response.empty()) {
      input.erase(0, input.size() - rest.size());
      co_await io::write_all(stream, response, deadline);
      continue;
    }
    char chunk[4096];
    io::TryResult got = stream.try_read(chunk);
    if (got.kind == io::TryResult::eof) co_return;
    if (got.kind == io::TryResult::done) {
      input.append(chunk, got.octets);
    } else if (co_await stream.readable(deadline) == rt::Wake::deadline) {
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
