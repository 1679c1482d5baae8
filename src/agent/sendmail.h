// The program that everything on a Unix system sends mail with: `sendmail` as
// cron, mutt, git and PHP call it. Exit codes are those of sysexits.h.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "mail/address.h"
#include "proto/smtp/command.h"

namespace pabal {
struct Console;
}

namespace pabal::agent {

struct SendmailArgs {
  bool recipients_from_header = false;             // -t
  bool dot_ends = true;                            // a line "." ends the input; -i, -oi: it does not
  bool verbose = false;                            // -v
  std::optional<std::string> sender;               // -f, -r; "<>" or "" is the null reverse-path
  std::string full_name;                           // -F
  proto::smtp::NotifySet notify;                   // -N
  proto::smtp::Ret ret = proto::smtp::Ret::unset;  // -R
  std::string envid;                               // -V
  std::vector<std::string> recipients;
  // -bp, -q: the command of pabal that does this, in place of sending a mail.
  std::vector<std::string> instead;
};

// As getopt has them: letters may be glued together, a value to its letter, and
// behind "--" or the first word that is no option all are recipients. The error is
// one line; what Sendmail knows and does not matter here is let pass.
std::expected<SendmailArgs, std::string> parse_sendmail_args(const std::vector<std::string>& args);

// Who sends when nothing else says so.
struct LocalUser {
  std::string name;       // "alice"
  std::string full_name;  // "Alice Kim", may be empty
  std::string host;       // completes an address without a domain
  std::string address;    // what he sends as; empty: name@host
};

// Input as programs write it (LF) as a message fit for SMTP: CRLF, with From,
// Date and Message-ID (RFC 5322 §3.6), no address without a domain, without Bcc and
// what is not for the sender to say; and its envelope.
struct SendmailMail {
  std::string message;
  std::optional<mail::Address> reverse_path;  // nullopt: null
  std::vector<mail::Address> forward_paths;
};
struct SendmailContext {
  LocalUser user;
  Time now;
  int utc_offset_minutes = 0;
  std::string token;  // random letters and digits for the Message-ID
};
std::expected<SendmailMail, std::string> prepare_sendmail(const SendmailArgs& args, std::string input,
                                                          const SendmailContext& context);

// Reads the mail from console.in and hands it to the [smtp] server of
// /etc/pabal/agent.toml or the user's settings, else to 127.0.0.1:25. Names without
// a domain are that server's own. What nobody takes is kept in ~/dead.letter.
// run: a command of pabal, for -bp and -q.
using RunCommand = std::function<int(const std::vector<std::string>& args, Console& console)>;
int sendmail_main(const std::vector<std::string>& args, Console& console, const RunCommand& run);

}  // namespace pabal::agent
