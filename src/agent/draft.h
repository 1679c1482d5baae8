// From what was asked of `pabal send` to a message and its envelope.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/time.h"
#include "mail/address.h"
#include "mail/compose.h"

namespace pabal::agent {

struct DraftArgs {
  std::string from;                      // "Alice <alice@example.org>" or the address alone
  std::vector<std::string> to, cc, bcc;  // each may hold several with commas between
  std::string subject;
  std::string text, html;
  std::vector<mail::DraftFile> attachments;
  // Pictures that the HTML shows by src="cid:NAME". Without HTML they are shown
  // below the text.
  std::vector<mail::DraftFile> pictures;
};

struct DraftContext {
  Time now;
  int utc_offset_minutes = 0;
  std::string token;  // as mail::ComposeContext has it
};

struct ReadyMail {
  std::string message;
  mail::Address reverse_path;
  std::vector<mail::Address> forward_paths;
};

// The error is one line that names what is wrong.
std::expected<ReadyMail, std::string> make_mail(const DraftArgs& args, const DraftContext& context);

}  // namespace pabal::agent
