// One connection of a crowd on one thread: a non-blocking socket, with TLS or
// without, that gives lines. Edge-triggered: progress() does all that is possible now.
#pragma once

#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <vector>

#include "io/endpoint.h"

namespace pabal::bench {

class LineSocket {
 public:
  // Connects, and joins `epoll` with itself as the event's pointer. Throws ClientError.
  LineSocket(int epoll, const io::Endpoint& server, SSL_CTX* tls);
  virtual ~LineSocket();
  LineSocket(const LineSocket&) = delete;
  LineSocket& operator=(const LineSocket&) = delete;

  // Goes on with the handshake, with what is to be sent, with what has come.
  // Throws ClientError when the connection breaks.
  void progress();
  void send(std::string_view bytes);

 protected:
  // A whole line, without its end.
  virtual void on_line(std::string_view line) = 0;

 private:
  void flush();
  bool receive();  // something came

  int fd_;
  SSL* ssl_ = nullptr;
  bool shaken_ = true;
  std::string in_, out_;
};

}  // namespace pabal::bench
