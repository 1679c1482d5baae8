// A blocking IMAP client that reads answers as fast as they come: it looks for
// line ends, steps over literals, and understands no more than it must.
#pragma once

#include <chrono>
#include <cstdint>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "io/endpoint.h"

namespace pabal::bench {

struct ClientError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A TCP socket to a loopback address, without Nagle's delay. Throws ClientError.
int connect_loopback(const io::Endpoint& server, bool blocking);

// TLS as a client that trusts everybody, TLS 1.2 or later, no session resumed.
SSL_CTX* make_client_tls();

struct Answer {
  bool ok = false;
  std::string text;  // of the tagged line, behind the tag
  uint64_t untagged = 0;
};

class ImapClient {
 public:
  // Connects and reads the greeting. tls: nullptr for none.
  ImapClient(const io::Endpoint& server, SSL_CTX* tls, std::chrono::seconds patience);
  ~ImapClient();
  ImapClient(const ImapClient&) = delete;
  ImapClient& operator=(const ImapClient&) = delete;

  // Sends the command (without tag and line end; literals in it are LITERAL+),
  // reads the whole answer. Throws ClientError when the connection breaks.
  Answer command(std::string_view text);

  uint64_t octets_read() const { return octets_read_; }
  // What the last SELECT said.
  struct Selected {
    uint64_t exists = 0, uid_validity = 0, modseq = 0;
  };
  const Selected& selected() const { return selected_; }
  // As a client does that connects again and knows what it saw before.
  void remember(const Selected& selected) { selected_ = selected; }

 private:
  // Without its line end; valid until the next call.
  std::string_view line();
  void skip(uint64_t octets);
  void fill();
  void send_all(std::string_view bytes);
  size_t receive(char* into, size_t max);
  void notice(std::string_view untagged);

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::vector<char> buffer_;
  size_t at_ = 0, end_ = 0;
  uint64_t octets_read_ = 0, tag_ = 0;
  Selected selected_;
};

// The N of a line that ends in "{N}": what follows is a literal of N octets.
bool announces_literal(std::string_view line, uint64_t& octets);

}  // namespace pabal::bench
