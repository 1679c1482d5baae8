#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"
#include "proto/smtp/command.h"
#include "proto/smtp/reply.h"
#include "proto/smtp/xtext.h"

namespace smtp = pabal::proto::smtp;

// The first octet says whether UTF-8 is allowed, the rest is the line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view line(reinterpret_cast<const char*>(data + 1), size - 1);
  auto command = smtp::parse_command(line, (data[0] & 1) != 0);
  if (!command) {
    verify(command.error().code >= 500 && command.error().code < 600, "a syntax error is permanent");
    std::string wire =
        smtp::to_wire({command.error().code, command.error().enhanced, {command.error().text}});
    verify(std::ranges::count(wire, '\n') == 1, "one line, whatever was sent");
    return 0;
  }
  verify(line.find_first_of("\r\n") == std::string_view::npos, "no line end inside");
  if (auto* mail = std::get_if<smtp::MailFrom>(&*command)) {
    std::string text = "<" + mail->path.to_text() + ">";
    std::string_view rest = text;
    auto again = smtp::parse_reverse_path(rest, true);
    verify(again && rest.empty() && *again == mail->path, "a path reads back");
    verify(smtp::xtext_decode(smtp::xtext_encode(mail->envid)) == mail->envid, "ENVID round trip");
  }
  if (auto* rcpt = std::get_if<smtp::RcptTo>(&*command)) {
    std::string text = "<" + smtp::path_text(rcpt->path) + ">";
    std::string_view rest = text;
    auto again = smtp::parse_forward_path(rest, true);
    verify(again && rest.empty() && *again == rcpt->path, "a path reads back");
    if (rcpt->orcpt && rcpt->orcpt->addr_type == "utf-8")
      verify(smtp::utf8_addr_xtext_decode(smtp::utf8_addr_xtext_encode(rcpt->orcpt->address)) ==
                 rcpt->orcpt->address,
             "ORCPT round trip");
  }
  return 0;
}
