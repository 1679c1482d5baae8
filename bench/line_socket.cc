#include "bench/line_socket.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/imap_client.h"

namespace pabal::bench {

LineSocket::LineSocket(int epoll, const io::Endpoint& server, SSL_CTX* tls)
    : fd_(connect_loopback(server, false)) {
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd_);
    SSL_set_connect_state(ssl_);
    shaken_ = false;
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = this}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) != 0) throw ClientError("epoll_ctl");
}

LineSocket::~LineSocket() {
  SSL_free(ssl_);
  close(fd_);
}

void LineSocket::send(std::string_view bytes) {
  out_ += bytes;
  if (shaken_) flush();
}

void LineSocket::flush() {
  while (!out_.empty()) {
    ssize_t n = ssl_ != nullptr ? SSL_write(ssl_, out_.data(), static_cast<int>(out_.size()))
                                : ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n <= 0) {
      bool later = ssl_ != nullptr ? SSL_get_error(ssl_, static_cast<int>(n)) <= SSL_ERROR_WANT_WRITE
                                   : errno == EAGAIN || errno == ENOTCONN;
      if (later) return;
      throw ClientError("the connection broke while sending");
    }
    out_.erase(0, static_cast<size_t>(n));
  }
  out_.shrink_to_fit();
}

bool LineSocket::receive() {
  char chunk[16384];
  ssize_t n = ssl_ != nullptr ? SSL_read(ssl_, chunk, sizeof chunk) : recv(fd_, chunk, sizeof chunk, 0);
  if (n > 0) {
    in_.append(chunk, static_cast<size_t>(n));
    return true;
  }
  if (ssl_ != nullptr) {
    int error = SSL_get_error(ssl_, static_cast<int>(n));
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
  } else if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) {
    return false;
  }
  throw ClientError("the server closed the connection" + (in_.empty() ? "" : " after " + in_.substr(0, 200)));
}

void LineSocket::progress() {
  if (!shaken_) {
    int result = SSL_do_handshake(ssl_);
    if (result != 1) {
      int error = SSL_get_error(ssl_, result);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
      if (error == SSL_ERROR_SYSCALL && errno == ENOTCONN) return;  // not connected yet
      throw ClientError("the TLS handshake failed");
    }
    shaken_ = true;
  }
  flush();
  while (receive()) {
    size_t at = 0;
    for (size_t end; (end = in_.find('\n', at)) != std::string::npos; at = end + 1) {
      size_t length = end - at;
      if (length > 0 && in_[end - 1] == '\r') --length;
      on_line(std::string_view(in_).substr(at, length));
    }
    in_.erase(0, at);
  }
  if (in_.empty()) in_.shrink_to_fit();
}

}  // namespace pabal::bench
