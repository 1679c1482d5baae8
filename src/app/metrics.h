// The small HTTP server for Prometheus and for who looks after us. GET /metrics, and
// GET /healthz for load balancers and supervisors: 200 as long as the loop turns.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "listen/protocol.h"

namespace pabal::app {

class MetricsServer final : public listen::Protocol {
 public:
  static constexpr size_t kSessionsMax = 32;  // apart from those of mail
  static constexpr Duration kIdleTimeout = std::chrono::seconds(30);

  // render: the answer to GET /metrics.
  MetricsServer(io::World& world, std::function<rt::Task<std::string>()> render)
      : Protocol("metrics", world, seats_, nullptr, counters_), render_(std::move(render)) {}

 private:
  class Exchange;
  std::unique_ptr<listen::Session> open_session(std::unique_ptr<io::Stream> stream,
                                                listen::Visitor visitor) override;
  std::string refusal() const override;
  rt::Task<std::string> respond(std::string_view& input, bool& keep_alive) const;

  listen::Seats seats_{kSessionsMax, kSessionsMax};
  listen::Counters counters_;
  std::function<rt::Task<std::string>()> render_;
};

}  // namespace pabal::app
