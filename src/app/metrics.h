// Numbers for Prometheus: the text it reads (exposition format 0.0.4), and the
// small HTTP server that hands it out. GET /metrics, and GET /healthz for load
// balancers and supervisors: 200 as long as the loop turns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"
#include "io/acceptor.h"
#include "io/world.h"

namespace pabal::app {

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  // Values of one name are added one behind the other; its help is printed once.
  void counter(std::string_view name, std::string_view help, uint64_t value, const Labels& labels = {});
  void gauge(std::string_view name, std::string_view help, int64_t value, const Labels& labels = {});
  // In seconds, whatever its own unit is.
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram);
  std::string take() { return std::move(text_); }

 private:
  void describe(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, const std::string& value, const Labels& labels);

  std::string text_;
  std::string last_name_;
};

class MetricsServer {
 public:
  static constexpr size_t kSessionsMax = 32;
  static constexpr Duration kIdleTimeout = std::chrono::seconds(30);

  // render: the answer to GET /metrics.
  MetricsServer(io::World& world, std::function<rt::Task<std::string>()> render)
      : world_(world), render_(std::move(render)), acceptor_(world, "metrics") {}

  // Accepts until stop(). On the loop that `listener` belongs to.
  rt::Task<void> serve(std::unique_ptr<io::Listener> listener);
  // Nothing new; sessions end. Then join().
  void stop();
  rt::Task<void> join();

 private:
  rt::Task<void> run_session(std::unique_ptr<io::Stream> stream);
  rt::Task<void> answer(io::Stream& stream);
  rt::Task<std::string> respond(std::string_view& input, bool& keep_alive) const;

  io::World& world_;
  std::function<rt::Task<std::string>()> render_;
  bool stopping_ = false;
  std::set<io::Stream*> streams_;
  io::Acceptor acceptor_;
};

}  // namespace pabal::app
