// A POP3 client for any server: logs in, lists, retrieves, deletes. Commands
// are pipelined where the server allows it (RFC 2449 §6.6). Throws CommandError
// for what the server refuses and IoError when the connection breaks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/link.h"
#include "io/connection.h"
#include "proto/pop3/response_parser.h"

namespace pabal::agent {

class Pop3Client {
 public:
  Pop3Client(io::World& world, LinkOptions options) : world_(world), options_(std::move(options)) {}

  // "user@host:port" as a file name: whose mails these are.
  std::string account_name() const;

  // Connection, TLS and log-in.
  rt::Task<void> open(std::string user, std::string password);

  struct Entry {
    uint32_t number = 0;
    uint64_t size_octets = 0;
    std::string uid;  // "" if the server has no UIDL
  };
  rt::Task<std::vector<Entry>> list();

  // Message texts, in the order of `numbers`, one per call of next(), which has
  // to be called for all of them. head: by TOP, the whole if the server has none.
  enum class What { whole, head };
  void request(std::vector<uint32_t> numbers, What what);
  rt::Task<std::string> next();

  rt::Task<void> remove(std::vector<uint32_t> numbers);
  // The server deletes what remove() named only now. Throws when it does not.
  rt::Task<void> quit();

 private:
  rt::Task<void> capabilities();
  rt::Task<void> login(std::string user, std::string password);
  rt::Task<void> sasl(Login login);
  rt::Task<proto::pop3::Status> status();
  rt::Task<proto::pop3::Status> command(std::string line);
  rt::Task<std::string> body();
  rt::Task<void> fill();
  bool can(std::string_view capability) const;
  [[noreturn]] void refuse(const std::string& doing, const proto::pop3::Status& status) const;
  void send_ahead();
  size_t ahead() const;
  Instant deadline() const;

  io::World& world_;
  LinkOptions options_;
  std::string user_;
  std::unique_ptr<io::Connection> conn_;
  Link link_;  // its stream is in conn_
  std::vector<std::string> capabilities_;
  What what_ = What::whole;
  std::vector<uint32_t> wanted_;
  size_t sent_ = 0, answered_ = 0;  // of wanted_
};

}  // namespace pabal::agent
