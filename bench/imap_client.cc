#include "bench/imap_client.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pabal::bench {
namespace {

constexpr size_t kBufferOctets = 256 * 1024;

uint64_t number_behind(std::string_view text, std::string_view word) {
  size_t at = text.find(word);
  if (at == std::string_view::npos) return 0;
  uint64_t n = 0;
  std::from_chars(text.data() + at + word.size(), text.data() + text.size(), n);
  return n;
}

}  // namespace

int connect_loopback(const io::Endpoint& server, bool blocking) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
  if (fd < 0) throw ClientError(std::string("socket: ") + strerror(errno));
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    int why = errno;
    close(fd);
    throw ClientError(std::string("connect: ") + strerror(why));
  }
  return fd;
}

SSL_CTX* make_client_tls() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw ClientError("no TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  return context;
}

bool announces_literal(std::string_view line, uint64_t& octets) {
  if (line.empty() || line.back() != '}') return false;
  size_t open = line.rfind('{');
  if (open == std::string_view::npos) return false;
  auto [end, error] = std::from_chars(line.data() + open + 1, line.data() + line.size(), octets);
  return error == std::errc() && *end == '}' && end == &line.back();
}

ImapClient::ImapClient(const io::Endpoint& server, SSL_CTX* tls, std::chrono::seconds patience)
    : fd_(connect_loopback(server, true)), buffer_(kBufferOctets) {
  timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) throw ClientError("the TLS handshake failed");
  }
  if (!line().starts_with("* ")) throw ClientError("no greeting");
}

ImapClient::~ImapClient() {
  SSL_free(ssl_);
  close(fd_);
}

void ImapClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) throw ClientError("the connection broke while sending");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t ImapClient::receive(char* into, size_t max) {
  ssize_t n = ssl_ != nullptr ? SSL_read(ssl_, into, static_cast<int>(max)) : recv(fd_, into, max, 0);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw ClientError("no answer in time");
  if (n <= 0) throw ClientError("the server closed the connection");
  octets_read_ += static_cast<uint64_t>(n);
  return static_cast<size_t>(n);
}

void ImapClient::fill() {
  if (at_ == end_) at_ = end_ = 0;
  if (end_ == buffer_.size()) {
    if (at_ == 0) buffer_.resize(buffer_.size() * 2);
    memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
  }
  end_ += receive(buffer_.data() + end_, buffer_.size() - end_);
}

std::string_view ImapClient::line() {
  for (size_t searched = 0;;) {
    const char* begin = buffer_.data() + at_;
    if (const void* found = memchr(begin + searched, '\n', end_ - at_ - searched)) {
      size_t length = static_cast<size_t>(static_cast<const char*>(found) - begin);
      at_ += length + 1;
      if (length > 0 && begin[length - 1] == '\r') --length;
      return {begin, length};
    }
    searched = end_ - at_;
    fill();
  }
}

void ImapClient::skip(uint64_t octets) {
  for (;;) {
    size_t step = static_cast<size_t>(std::min<uint64_t>(octets, end_ - at_));
    at_ += step;
    octets -= step;
    if (octets == 0) return;
    fill();
  }
}

void ImapClient::notice(std::string_view untagged) {
  if (untagged.ends_with(" EXISTS")) {
    selected_.exists = number_behind(untagged, "* ");
  } else if (untagged.starts_with("* OK [UIDVALIDITY ")) {
    selected_.uid_validity = number_behind(untagged, "[UIDVALIDITY ");
  } else if (untagged.starts_with("* OK [HIGHESTMODSEQ ")) {
    selected_.modseq = number_behind(untagged, "[HIGHESTMODSEQ ");
  }
}

Answer ImapClient::command(std::string_view text) {
  std::string tag = "a" + std::to_string(++tag_) + " ";
  std::string out = tag;
  out += text;
  out += "\r\n";
  send_all(out);
  Answer answer;
  for (;;) {
    std::string_view first = line();
    if (first.starts_with(tag)) {
      answer.text = first.substr(tag.size());
      answer.ok = answer.text.starts_with("OK");
      return answer;
    }
    ++answer.untagged;
    uint64_t literal = 0;
    bool more = announces_literal(first, literal);
    if (!more && first.size() < 80) notice(first);
    while (more) {
      skip(literal);
      more = announces_literal(line(), literal);
    }
  }
}

}  // namespace pabal::bench
