// Peer: another mail server whose answers a test decides. It runs in the
// simulated world beside the server under test.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/connection.h"
#include "rt/task_group.h"
#include "sim/world.h"
#include "tls/context.h"

namespace pabal::deliver {

struct PeerMail {
  std::string mail;                // the MAIL command
  std::vector<std::string> rcpts;  // the RCPT commands that were accepted
  std::string text;                // without dot-stuffing
};

class Peer {
 public:
  // Listens on ip:25 from run() on.
  Peer(sim::SimWorld& sim, std::string name, const std::string& ip);

  std::vector<std::string> offers = {"PIPELINING", "8BITMIME", "SIZE 1000000", "ENHANCEDSTATUSCODES"};
  bool knows_ehlo = true;
  tls::ServerContext* tls = nullptr;  // for STARTTLS
  // The answer to a line ("(greeting)" for none, "." for the end of the message)
  // without CRLF; "" for the usual one, "drop" to close without a word, "take and
  // drop" to do so after the mail was taken, "silent" for no answer at all.
  std::function<std::string(const std::string& line)> answer;

  size_t connections = 0;
  size_t open_now = 0;
  size_t secured = 0;
  std::vector<std::string> lines;  // that clients have sent, message text left out
  std::vector<PeerMail> mails;
  // Called for each of them, if set.
  std::function<void(const PeerMail&)> on_mail;

  size_t count(const std::string& line) const;

  rt::Task<void> run();
  void stop();

 private:
  void accept_all();
  rt::Task<void> serve(std::unique_ptr<io::Stream> stream);
  rt::Task<void> converse(io::Connection& connection);
  rt::Task<bool> say(io::Connection& connection, std::string reply);
  rt::Task<std::string> read_text(io::Connection& connection);
  std::string usual_answer(const std::string& line) const;

  io::World world_;
  std::string name_;
  io::Endpoint at_;
  std::unique_ptr<io::Listener> listener_;
  rt::TaskGroup sessions_;
  bool stopping_ = false;
};

}  // namespace pabal::deliver
