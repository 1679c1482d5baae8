#include "serve/pop3/server.h"

#include "serve/pop3/session.h"

namespace pabal::serve::pop3 {

std::unique_ptr<listen::Session> Pop3Server::open_session(std::unique_ptr<io::Stream> stream,
                                                          listen::Visitor visitor) {
  return std::make_unique<Session>(context_, std::move(stream), std::move(visitor));
}

std::string Pop3Server::refusal() const {
  return "-ERR [SYS/TEMP] " + say(Text::too_many_sessions, Lang::en) + "\r\n";
}

void Pop3Server::metrics(MetricsText& text) const {
  text.counter("pabal_pop3_messages_total", "Messages retrieved by POP3", context_.counters.messages);
  text.counter("pabal_pop3_deleted_total", "Messages deleted by POP3", context_.counters.deleted);
}

}  // namespace pabal::serve::pop3
