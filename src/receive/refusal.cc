// Every refusal leaves a trace: a line in the log, and where an address is concerned
// a note that `pabal track` finds.
#include "base/bytes.h"
#include "receive/session.h"

namespace pabal::receive {

namespace {

constexpr size_t kShownMax = 1000;

std::string_view verb_of(std::string_view command) {
  return command.substr(0, command.find_first_of(" \t"));
}

// "a@b.test" of "MAIL FROM:<a@b.test> SIZE=1", as far as that can be told of a
// command that may be malformed.
std::string path_of(std::string_view command) {
  size_t colon = command.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view path = trim(command.substr(colon + 1));
  path = path.substr(0, path.starts_with('<') ? path.find('>') + 1 : path.find(' '));
  return printable(path, kShownMax);
}

std::string all_of(const std::vector<intake::Recipient>& recipients) {
  std::string out;
  for (const intake::Recipient& recipient : recipients) {
    if (out.size() > kShownMax) return out + ", ...";
    if (!out.empty()) out += ", ";
    out += '<' + smtp::path_text(recipient.path) + '>';
  }
  return out;
}

}  // namespace

void Session::trace(const smtp::Reply& refusal) const {
  std::string verb = to_upper(verb_of(command_));
  std::string said = std::to_string(refusal.code) + ' ' + refusal.enhanced + ' ' + refusal.text();
  Log& log = smtpd_.world_.log;
  const std::string peer = local_socket_ ? "local" : peer_.to_string();
  const std::string account = authenticated_ ? authenticated_->address : std::string();
  bool of_mail = verb == "MAIL" || verb == "RCPT" || verb == "DATA" || verb == "BDAT";
  // What stands in the wrong place follows from a refusal before it, or says nothing
  // of anybody's mail.
  if (!of_mail || refusal.code == 503) {
    // What is no command at all may be a password in the wrong place.
    std::string shown = refusal.code == 500 ? std::to_string(command_.size()) + " octets" : command_;
    log.debug("smtp.command_refused", {{"peer", peer}, {"command", shown}, {"reply", said}});
    return;
  }
  std::string from = tx_ ? '<' + tx_->envelope.reverse_path.to_text() + '>' : std::string();
  if (verb == "MAIL") from = path_of(command_);
  std::string to = tx_ ? all_of(tx_->envelope.recipients) : std::string();
  if (verb == "RCPT") to = path_of(command_);
  log.info("smtp.refused", {{"peer", peer},
                            {"helo", helo_},
                            {"account", account},
                            {"from", from},
                            {"to", to},
                            {"command", verb},
                            {"reply", said}});
  if (smtpd_.options_.refusals == nullptr) return;
  journey::Event event{smtpd_.world_.clock.now(), "refused", {}};
  auto fact = [&](const char* name, std::string value) {
    if (!value.empty()) event.facts.emplace_back(name, std::move(value));
  };
  fact("from", from);
  fact("to", to);
  fact("by", printable(helo_, 255) + " [" + peer + "]");
  fact("account", account);
  fact("command", verb);
  fact("reply", said);
  smtpd_.options_.refusals->note(peer, std::move(event));
}

}  // namespace pabal::receive
