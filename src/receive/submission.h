// What a submission server does to a message of its users (RFC 6409 §8), and
// what it wants of it. First complete_header(), then responsible_addresses() of
// what that has made: judged is what will be sent.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/address.h"

namespace pabal::receive {

struct Completion {
  std::string from;  // value of a From field: who hands the mail in
  Time now;
  std::string message_id;
};

// Adds in front what is missing: From, Date (RFC 6409 §8.2), Message-ID (§8.3);
// for a mail that is sent again the Resent fields of these instead (RFC 5322
// §3.6.6). Takes off Bcc and Resent-Bcc, which nobody else may see (RFC 5322
// §3.6.3, §5), and what is not for the sender to say: Return-Path and
// Content-Length. Text without any field becomes the body. A leading mbox "From "
// line goes. What is malformed stays so.
void complete_header(std::string& message, const Completion& with);

// The addresses that the user must be allowed to send as: From and Sender, or,
// when the mail is sent again, those of the latest Resent block, since From is
// the author's then. The error is a sentence that says what is wrong with the
// header: nothing that readers could take in different ways is let out.
std::expected<std::vector<mail::Address>, std::string> responsible_addresses(std::string_view message,
                                                                             bool allow_utf8);

}  // namespace pabal::receive
