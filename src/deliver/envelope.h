// The envelope as commands for one server: only parameters that it offers.
#pragma once

#include <optional>
#include <string>

#include "deliver/outgoing.h"
#include "proto/smtp/capabilities.h"
#include "queue/entry.h"

namespace pabal::deliver {

// "MAIL FROM:<a@b> SIZE=..."; nullopt when the reverse-path needs SMTPUTF8 and
// the server lacks it. smtputf8: the parameter is to be given.
std::optional<std::string> mail_command(const Outgoing& mail, const Form& form,
                                        const proto::smtp::Capabilities& can, bool smtputf8);

// "RCPT TO:<c@d> NOTIFY=..."; nullopt as above.
std::optional<std::string> rcpt_command(const queue::Entry& entry, const proto::smtp::Capabilities& can);

// True when an address has octets above 0x7F.
bool is_international(const std::string& reverse_path);

}  // namespace pabal::deliver
