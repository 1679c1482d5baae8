#include "base/bytes.h"
#include "mail/message.h"
#include "proto/dsn/dsn.h"

namespace pabal::proto::dsn {

namespace {

// "rfc822; a@b" → "a@b": without the type that stands before the first ';'.
std::string behind_type(const std::string& value) {
  size_t semicolon = value.find(';');
  return semicolon == std::string::npos ? value
                                        : std::string(trim(std::string_view(value).substr(semicolon + 1)));
}

const mail::Part* status_part_of(const mail::Part& root) {
  for (const mail::Part& part : root.children)
    if (part.type.is("message", "delivery-status") || part.type.is("message", "global-delivery-status"))
      return &part;
  return nullptr;
}

ParsedRecipient recipient_of(const mail::Header& group) {
  return {.original_recipient = group.value("Original-Recipient"),
          .final_recipient = behind_type(group.value("Final-Recipient")),
          .action = to_lower(group.value("Action")),
          .status = group.value("Status"),
          .remote_mta = behind_type(group.value("Remote-MTA")),
          .diagnostic_code = behind_type(group.value("Diagnostic-Code")),
          .will_retry_until = group.value("Will-Retry-Until")};
}

}  // namespace

std::optional<ParsedReport> parse(std::string_view message) {
  mail::Part root = mail::parse_message(message);
  if (!root.type.is("multipart", "report")) return std::nullopt;
  const mail::Part* part = status_part_of(root);
  if (!part) return std::nullopt;

  std::string fields = mail::decode_body(*part, message);
  std::string_view rest = fields;
  mail::Header group = mail::parse_header(rest);
  ParsedReport report{.reporting_mta = behind_type(group.value("Reporting-MTA")),
                      .original_envelope_id = group.value("Original-Envelope-Id"),
                      .arrival_date = group.value("Arrival-Date")};
  if (report.reporting_mta.empty()) return std::nullopt;
  rest.remove_prefix(group.body_begin);
  while (!rest.empty()) {
    group = mail::parse_header(rest);
    if (group.find("Final-Recipient")) report.recipients.push_back(recipient_of(group));
    if (group.body_begin == 0) break;
    rest.remove_prefix(group.body_begin);
  }
  return report;
}

}  // namespace pabal::proto::dsn
