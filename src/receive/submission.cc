#include "receive/submission.h"

#include "mail/address_list.h"
#include "mail/date.h"
#include "mail/header.h"

namespace pabal::receive {

std::optional<std::vector<mail::Address>> from_addresses(std::string_view message, bool allow_utf8) {
  mail::Header header = mail::parse_header(message);
  std::vector<const mail::Field*> fields = header.find_all("From");
  if (fields.size() != 1) return std::nullopt;
  std::vector<mail::Address> out;
  for (const std::string& text : mail::addresses_of(fields[0]->value())) {
    std::expected<mail::Address, std::string> address = mail::parse_address(text, allow_utf8);
    if (!address) return std::nullopt;
    out.push_back(std::move(*address));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

void complete_header(std::string& message, Time now, std::string_view message_id) {
  mail::Header header = mail::parse_header(message);
  std::string added;
  if (header.find("Message-ID") == nullptr) added += "Message-ID: <" + std::string(message_id) + ">\r\n";
  if (header.find("Date") == nullptr) added += "Date: " + mail::format_date(now, 0) + "\r\n";
  message.insert(0, added);
}

}  // namespace pabal::receive
