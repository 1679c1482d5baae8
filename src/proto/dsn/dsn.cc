#include "proto/dsn/dsn.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/date.h"
#include "mail/encoding.h"
#include "mail/header.h"
#include "proto/dsn/explanation.h"
#include "proto/smtp/xtext.h"

namespace pabal::proto::dsn {

namespace {

constexpr size_t kTextLine = 72;
constexpr size_t kFieldMax = 2000;  // octets of one field's value; what a peer says may be endless

// A value that cannot end its field: no controls; non-ASCII only where the
// report may have it.
std::string field_text(std::string_view value, bool utf8) {
  std::string out;
  bool keep = utf8 && is_utf8(value);
  if (value.size() > kFieldMax) {
    size_t end = kFieldMax;
    while (keep && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
    value = value.substr(0, end);
  }
  for (char c : value) {
    bool control = (c >= 0 && c < ' ') || c == 0x7f;
    bool foreign = static_cast<unsigned char>(c) >= 0x80 && !keep;
    if (control)
      out += ' ';
    else
      out += foreign ? '?' : c;
  }
  return out;
}

std::string field(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + mail::fold(value, name.size() + 2) + "\r\n";
}

// Words laid into lines of at most kTextLine where possible, each indented.
std::string wrapped(std::string_view text, std::string_view indent) {
  std::string out;
  std::string line;
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > kTextLine) {
      out += std::string(indent) + line + "\r\n";
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty()) out += std::string(indent) + line + "\r\n";
  return out;
}

bool any_of(const Report& report, Action action) {
  return std::ranges::any_of(report.recipients, [&](const RecipientStatus& r) { return r.action == action; });
}

// RFC 6533 §3: an address outside ASCII is of type utf-8; encoded in a report
// that must stay ASCII.
std::string typed_address(std::string_view type, std::string_view address, bool utf8) {
  if (is_ascii(address)) return std::string(type) + ";" + field_text(address, utf8);
  return "utf-8;" + (utf8 ? field_text(address, true) : smtp::utf8_addr_xtext_encode(address));
}

std::string original_recipient(std::string_view orcpt, bool utf8) {
  size_t semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos) return typed_address("rfc822", orcpt, utf8);
  return typed_address(orcpt.substr(0, semicolon), orcpt.substr(semicolon + 1), utf8);
}

std::string subject(const Report& report) {
  if (any_of(report, Action::failed)) return "Your mail could not be delivered";
  if (any_of(report, Action::delayed)) return "Your mail is delayed (no need to send it again)";
  if (any_of(report, Action::delivered)) return "Your mail was delivered";
  return "Your mail was handed on";
}

std::string people_section(const Report& report, Action action, std::string_view heading) {
  std::string out;
  for (const RecipientStatus& recipient : report.recipients) {
    if (recipient.action != action) continue;
    if (out.empty()) out = wrapped(heading, "") + "\r\n";
    out += "  <" + field_text(recipient.final_recipient, true) + ">\r\n";
    out += wrapped(explain(recipient), "    ");
    if (!recipient.diagnostic_code.empty()) {
      std::string who = recipient.remote_mta.empty() ? "The server" : "The server " + recipient.remote_mta;
      out += wrapped(field_text(who + " said: " + recipient.diagnostic_code, true), "    ");
    }
    if (action == Action::delayed && recipient.will_retry_until)
      out +=
          wrapped("It will be tried until " + mail::format_date(*recipient.will_retry_until) + ".", "    ");
    out += "\r\n";
  }
  return out;
}

std::string people_text(const Report& report, const mail::Header& original) {
  std::string text = "This is the mail system at " + field_text(report.reporting_mta, true) + ".\r\n\r\n";
  text += people_section(report, Action::failed, "Your mail could NOT be delivered to:");
  text += people_section(
      report, Action::delayed,
      "Your mail is still on its way. You need not do anything: it is tried again and again, and "
      "you will hear if it cannot be delivered in the end. It has not yet reached:");
  text += people_section(report, Action::delivered, "Your mail was delivered to:");
  text += people_section(report, Action::relayed, "Your mail was handed on for:");
  text += people_section(report, Action::expanded, "Your mail went to the list:");
  if (any_of(report, Action::failed))
    text +=
        wrapped(
            "Nothing more will be tried for the addresses above that failed. If the reason is gone, send the "
            "mail again. If you cannot make sense of this, send it to your postmaster: " +
                mail::to_string(report.from),
            "") +
        "\r\n";
  text += "About the mail:\r\n\r\n";
  text += wrapped("Subject: " + field_text(original.text("Subject"), true), "  ");
  text += wrapped("Date: " + field_text(original.value("Date"), true), "  ");
  text += wrapped("Message-ID: " + field_text(original.value("Message-ID"), true), "  ");
  text += "  Accepted here: " + mail::format_date(report.arrival) + "\r\n";
  return text;
}

std::string text_part(const std::string& text, bool utf8) {
  std::string part = "Content-Type: text/plain; charset=utf-8\r\n";
  if (is_ascii(text)) return part + "\r\n" + text;
  if (utf8) return part + "Content-Transfer-Encoding: 8bit\r\n\r\n" + text;
  return part + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + mail::quoted_printable_encode(text);
}

// RFC 3464 §2.1: per-message fields, then a group for each recipient.
std::string status_part(const Report& report) {
  bool utf8 = report.utf8;
  std::string fields = field("Reporting-MTA", "dns; " + field_text(report.reporting_mta, utf8));
  if (!report.envid.empty()) fields += field("Original-Envelope-Id", field_text(report.envid, utf8));
  fields += field("Arrival-Date", mail::format_date(report.arrival));
  for (const RecipientStatus& r : report.recipients) {
    fields += "\r\n";
    if (!r.original_recipient.empty())
      fields += field("Original-Recipient", original_recipient(r.original_recipient, utf8));
    fields += field("Final-Recipient", typed_address("rfc822", r.final_recipient, utf8));
    fields += field("Action", to_text(r.action));
    fields += field("Status", r.status);
    if (!r.remote_mta.empty()) fields += field("Remote-MTA", "dns; " + field_text(r.remote_mta, utf8));
    if (!r.diagnostic_code.empty())
      fields += field("Diagnostic-Code", "smtp; " + field_text(r.diagnostic_code, utf8));
    if (r.last_attempt) fields += field("Last-Attempt-Date", mail::format_date(*r.last_attempt));
    if (r.action == Action::delayed && r.will_retry_until)
      fields += field("Will-Retry-Until", mail::format_date(*r.will_retry_until));
  }
  // RFC 6533 §4.1: the global form when something in it is outside ASCII.
  if (is_ascii(fields)) return "Content-Type: message/delivery-status\r\n\r\n" + fields;
  return "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + fields;
}

std::string headers_part(std::string_view head, bool utf8) {
  if (is_ascii(head)) return "Content-Type: text/rfc822-headers\r\n\r\n" + std::string(head);
  if (utf8 && is_utf8(head))
    return "Content-Type: message/global-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
           std::string(head);
  return "Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         mail::base64_encode_lines(head);
}

// RFC 3461 §6.2: the whole message or its header. The whole one only when it
// can stand in a part as it is: message/rfc822 must not be encoded (RFC 2046 §5.2.1).
std::string returned_part(const Report& report, const mail::Header& original) {
  std::string_view message = report.original;
  std::string_view head = message.substr(0, original.octets);
  bool can_stand = message.size() <= kReturnedMessageMax && !message.contains('\0') &&
                   (is_ascii(head) || (report.utf8 && is_utf8(head)));
  if (!report.return_full || !can_stand) return headers_part(head, report.utf8);
  std::string part = is_ascii(head) ? "Content-Type: message/rfc822\r\n" : "Content-Type: message/global\r\n";
  if (!is_ascii(message)) part += "Content-Transfer-Encoding: 8bit\r\n";
  return part + "\r\n" + report.original;
}

bool is_message_id(std::string_view text) {
  return text.size() > 2 && text.size() <= 250 && text.front() == '<' && text.back() == '>' &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string head(const Report& report, const mail::Header& original, std::string_view boundary) {
  std::string out = "From: Mail Delivery System <" + mail::to_string(report.from) + ">\r\n";
  out += "To: <" + mail::to_string(report.to) + ">\r\n";
  out += field("Subject", subject(report));
  out += field("Date", mail::format_date(report.now));
  out += "Message-ID: <" + report.message_id + ">\r\n";
  if (std::string id = original.value("Message-ID"); is_message_id(id))
    out += "In-Reply-To: " + id + "\r\nReferences: " + id + "\r\n";
  // RFC 3834 §5: so that no automatic answer comes back.
  out += "Auto-Submitted: auto-replied\r\n";
  out += "MIME-Version: 1.0\r\n";
  out += "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"" +
         std::string(boundary) + "\"\r\n";
  return out;
}

}  // namespace

std::string_view to_text(Action action) {
  switch (action) {
    case Action::failed:
      return "failed";
    case Action::delayed:
      return "delayed";
    case Action::delivered:
      return "delivered";
    case Action::relayed:
      return "relayed";
    case Action::expanded:
      return "expanded";
  }
  return "";
}

std::string build(const Report& report) {
  mail::Header original = mail::parse_header(report.original);
  std::vector<std::string> parts = {text_part(people_text(report, original), report.utf8),
                                    status_part(report), returned_part(report, original)};
  std::string boundary = "report-" + report.boundary_token;
  while (std::ranges::any_of(parts, [&](const std::string& part) { return part.contains(boundary); }))
    boundary += "-";

  std::string out = head(report, original, boundary);
  bool ascii = std::ranges::all_of(parts, [](const std::string& part) { return is_ascii(part); });
  if (!ascii) out += "Content-Transfer-Encoding: 8bit\r\n";
  out += "\r\n" + wrapped("This is a report about the delivery of a mail, in several parts (MIME).", "");
  for (const std::string& part : parts) out += "\r\n--" + boundary + "\r\n" + part;
  out += "\r\n--" + boundary + "--\r\n";
  return out;
}

}  // namespace pabal::proto::dsn
