#include "pop3_dialogue.h"

#include "rt/loop.h"

namespace pabal::simulation {

namespace {

constexpr size_t kLineMax = 1 << 16;

}  // namespace

rt::Task<std::string> Pop3Dialogue::ask(std::string line) {
  if (!line.empty()) {
    connection_.out() += line + "\r\n";
    co_await connection_.flush(rt::Loop::current().now() + patience_);
  }
  co_return co_await connection_.read_line(kLineMax, rt::Loop::current().now() + patience_);
}

rt::Task<std::string> Pop3Dialogue::read_lines() {
  std::string text;
  for (;;) {
    std::string line = co_await connection_.read_line(kLineMax, rt::Loop::current().now() + patience_);
    if (line == ".\r\n") co_return text;
    text += line.starts_with('.') ? line.substr(1) : line;
  }
}

bool is_ok(const std::string& reply) {
  return reply.starts_with("+OK");
}

}  // namespace pabal::simulation
