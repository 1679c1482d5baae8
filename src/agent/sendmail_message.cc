#include "agent/sendmail.h"
#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/date.h"
#include "mail/header.h"

namespace pabal::agent {

namespace {

std::string with_crlf(std::string_view input, bool dot_ends) {
  std::string out;
  out.reserve(input.size() + input.size() / 32);
  while (!input.empty()) {
    size_t lf = input.find('\n');
    std::string_view line = input.substr(0, lf);
    input.remove_prefix(lf == std::string_view::npos ? input.size() : lf + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (dot_ends && line == ".") break;
    out.append(line).append("\r\n");
  }
  return out;
}

// Whether the first line is a field; otherwise all of the input is the body.
bool has_head(std::string_view message) {
  mail::Header header = mail::parse_header(message);
  return !header.fields.empty() && !header.fields.front().name.empty();
}

// What recipients must not see, and what is not for the sender to say.
bool is_taken_off(std::string_view name) {
  return iequals(name, "Bcc") || iequals(name, "Resent-Bcc") || iequals(name, "Return-Path") ||
         iequals(name, "Content-Length");
}

bool is_originator(std::string_view name) {
  return iequals(name, "From") || iequals(name, "Sender") || iequals(name, "Resent-From") ||
         iequals(name, "Resent-Sender");
}

bool has_addresses(std::string_view name) {
  if (is_originator(name)) return true;
  for (std::string_view other : {"To", "Cc", "Reply-To", "Resent-To", "Resent-Cc"}) {
    if (iequals(name, other)) return true;
  }
  return false;
}

std::string own_address(const LocalUser& user) {
  return user.address.empty() ? user.name + "@" + user.host : user.address;
}

std::optional<mail::Address> to_address(std::string_view text, const std::string& host) {
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  std::string whole(text);
  if (whole.find('@') == std::string::npos && !whole.empty()) whole += "@" + host;
  auto address = mail::parse_address(whole, true);
  if (!address) return std::nullopt;
  return *address;
}

// RFC 5322 §3.6.6: what is sent again goes to those of the Resent fields.
std::vector<std::string> header_recipients(const mail::Header& header) {
  bool resent = header.find("Resent-To") || header.find("Resent-Cc") || header.find("Resent-Bcc");
  std::vector<std::string> found;
  for (const mail::Field& field : header.fields) {
    for (std::string_view name : {"To", "Cc", "Bcc"}) {
      std::string wanted = (resent ? "Resent-" : "") + std::string(name);
      if (!iequals(field.name, wanted)) continue;
      for (std::string& address : mail::addresses_of(field.value())) found.push_back(std::move(address));
    }
  }
  return found;
}

// "root (Cron Daemon)" as others can answer it: `"Cron Daemon" <root@host>`. "" if the
// field needs no change.
std::string with_domains(const mail::Field& field, std::string_view charset, const LocalUser& user) {
  std::vector<std::string> entries;
  bool changed = false;
  for (mail::HeaderAddress& entry : mail::parse_address_list(field.raw_value, charset)) {
    if (entry.empty_group || !entry.group.empty()) return {};
    bool bare = !entry.address.empty() && entry.address.find('@') == std::string::npos;
    if (bare) entry.address = is_originator(field.name) ? own_address(user) : entry.address + "@" + user.host;
    changed |= bare;
    entries.push_back(mail::to_header_text(entry, false));
  }
  if (!changed) return {};
  std::string name = std::string(field.name) + ": ";
  return name + mail::fold(join(entries, ", "), name.size()) + "\r\n";
}

// The head without Bcc and the mbox line that some programs leave, with what
// has to be there; then the rest.
std::string complete(const std::string& message, const SendmailArgs& args, const SendmailContext& context,
                     const std::optional<mail::Address>& sender) {
  mail::Header header = mail::parse_header(message);
  const LocalUser& user = context.user;
  std::string out;
  if (!header.find("From")) {
    std::string name = args.full_name.empty() ? user.full_name : args.full_name;
    std::string address = sender ? mail::to_string(*sender) : own_address(user);
    out += "From: " + mail::to_header_text({.display_name = name, .address = address}, false) + "\r\n";
  }
  if (!header.find("Date"))
    out += "Date: " + mail::format_date(context.now, context.utc_offset_minutes) + "\r\n";
  if (!header.find("Message-ID")) out += "Message-ID: <" + context.token + "@" + user.host + ">\r\n";
  size_t last = 0;
  for (const mail::Field& field : header.fields) {
    last = field.end;
    bool leftover = field.name.empty() && field.begin == 0 && std::string_view(message).starts_with("From ");
    if (is_taken_off(field.name) || leftover) continue;
    std::string better =
        has_addresses(field.name) ? with_domains(field, mail::declared_charset(header), user) : std::string();
    out += better.empty() ? message.substr(field.begin, field.end - field.begin) : better;
  }
  return out + message.substr(last);
}

}  // namespace

std::expected<SendmailMail, std::string> prepare_sendmail(const SendmailArgs& args, std::string input,
                                                          const SendmailContext& context) {
  std::string message = with_crlf(input, args.dot_ends);
  if (!has_head(message) && !message.starts_with("\r\n") && !message.starts_with("From "))
    message.insert(0, "\r\n");

  SendmailMail mail;
  std::vector<std::string> to = args.recipients;
  if (args.recipients_from_header) {
    for (std::string& address : header_recipients(mail::parse_header(message)))
      to.push_back(std::move(address));
  }
  for (const std::string& text : to) {
    // One word may hold several: sendmail "a@x.test, b@x.test".
    std::vector<std::string> pieces = mail::addresses_of(text);
    if (pieces.empty()) pieces.push_back(text);
    for (const std::string& piece : pieces) {
      auto address = to_address(piece, context.user.host);
      if (!address) return std::unexpected("\"" + printable(piece) + "\" is no mail address");
      bool known = false;
      for (const mail::Address& other : mail.forward_paths) known |= mail::same_mailbox(other, *address);
      if (!known) mail.forward_paths.push_back(std::move(*address));
    }
  }
  if (mail.forward_paths.empty()) return std::unexpected("the header names no recipients");

  std::string sender = args.sender.value_or(own_address(context.user));
  if (!sender.empty() && sender != "<>") {
    mail.reverse_path = to_address(sender, context.user.host);
    if (!mail.reverse_path) return std::unexpected("\"" + printable(sender) + "\" of -f is no mail address");
  }
  mail.message = complete(message, args, context, mail.reverse_path);
  return mail;
}

}  // namespace pabal::agent
