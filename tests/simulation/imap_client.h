// One IMAP connection, as a client sees it: commands out, responses in. What
// they mean is for others; here it is only seen to that they come in order.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imap_response.h"
#include "io/connection.h"
#include "io/world.h"
#include "ledger.h"
#include "rt/task.h"
#include "tls/context.h"

namespace pabal::simulation {

struct ImapCommand {
  // Without tag and CRLF. A part that ends with "{5}" waits for the server's "+"
  // before the next one, one with "{5+}" does not (RFC 7888).
  std::vector<std::string> parts;
  // EXPUNGE and VANISHED may come meanwhile (RFC 9051 §7.5.1).
  bool renumbers = true;
};

class ImapClient {
 public:
  // hear: every response but "+"; renumbers: as the commands under way have it.
  using Hear = std::move_only_function<void(const ImapResponse&, bool renumbers)>;
  ImapClient(std::unique_ptr<io::Stream> stream, std::string name, Ledger& ledger, Hear hear)
      : connection_(std::move(stream)), name_(std::move(name)), ledger_(ledger), hear_(std::move(hear)) {}

  rt::Task<ImapResponse> greeting();
  rt::Task<void> encrypt(tls::ClientContext& tls);  // after OK to STARTTLS
  void compress();                                  // after OK to COMPRESS

  // All throw IoError when the connection breaks.
  // Its tag. A server that refuses a literal has answered already: wait() returns that.
  rt::Task<std::string> send(ImapCommand command);
  // The tagged response.
  rt::Task<ImapResponse> wait(std::string tag);
  rt::Task<ImapResponse> ask(ImapCommand command);
  // Of IDLE and AUTHENTICATE: true when "+" came, false when the tagged response did.
  rt::Task<bool> continuation();
  rt::Task<void> send_line(std::string line);
  // Hears what comes until then.
  rt::Task<void> listen(Instant until);
  // Sends the first octets of a command and no more.
  rt::Task<void> send_piece(std::string octets);

  void allow_eight_bit() { eight_bit_ = true; }
  const std::string& last_tag() const { return last_tag_; }

 private:
  struct Running {
    std::string tag, command;
    bool renumbers;
    std::optional<ImapResponse> answer;
  };
  rt::Task<std::optional<ImapResponse>> next(Instant until);
  rt::Task<ImapResponse> next_or_throw();
  void handle(ImapResponse response);

  io::Connection connection_;
  const std::string name_;
  Ledger& ledger_;
  Hear hear_;
  std::deque<Running> running_;
  std::string last_tag_;
  int tags_ = 0;
  bool continued_ = false;
  bool eight_bit_ = false;
  bool bye_ = false;  // the server has said it
};

}  // namespace pabal::simulation
