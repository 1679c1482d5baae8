#include "intake/trace.h"

#include "base/bytes.h"
#include "mail/date.h"

namespace pabal::intake {

namespace {

constexpr size_t kHeloOctetsMax = 255;
constexpr std::string_view kReturnPath = "Return-Path: ";
constexpr std::string_view kOriginalTo = "X-Original-To: ";
constexpr std::string_view kDeliveredTo = "Delivered-To: ";
constexpr size_t kDeliveriesTold = 100;  // of one account

// A client's name for itself goes into a header field: what is not a name or a
// literal must not pass as one. UTF-8 may stand only in a mail that has it
// (RFC 6531 §3.7.3).
std::string helo_atom(std::string_view helo, bool utf8) {
  bool keep = utf8 && is_utf8(helo);
  if (helo.size() > kHeloOctetsMax) {
    size_t end = kHeloOctetsMax;
    while (keep && (static_cast<unsigned char>(helo[end]) & 0xC0) == 0x80) --end;
    helo = helo.substr(0, end);
  }
  std::string out;
  for (char c : helo) {
    bool plain = is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
    out += plain || (keep && static_cast<unsigned char>(c) >= 0x80) ? c : '?';
  }
  return out.empty() ? "unknown" : out;
}

bool is_received_field(std::string_view line) {
  constexpr std::string_view name = "Received";
  if (!istarts_with(line, name)) return false;
  line.remove_prefix(name.size());
  // A blank before the colon is obsolete, and read all the same (RFC 5322 §4.5.8).
  while (!line.empty() && is_wsp(line[0])) line.remove_prefix(1);
  return line.starts_with(':');
}

}  // namespace

std::string received_field(const Incoming& incoming, std::string_view hostname, std::string_view id,
                           Time now) {
  const Origin& origin = incoming.origin;
  std::string out = "Received: ";
  if (!origin.peer.empty()) {
    bool v6 = origin.peer.find(':') != std::string::npos;
    std::string where = "[" + std::string(v6 ? "IPv6:" : "") + origin.peer + "]";
    if (origin.peer == "local") where = "local socket";
    out += "from " + helo_atom(origin.helo, incoming.envelope.smtputf8) + " (" + where + ")\r\n\t";
  }
  out += "by " + std::string(hostname) + " (Pabal) with " + origin.protocol + " id " + std::string(id);
  if (!origin.tls.empty()) out += "\r\n\t(" + origin.tls + ")";
  if (incoming.envelope.recipients.size() == 1) {
    out += "\r\n\tfor <" + proto::smtp::path_text(incoming.envelope.recipients[0].path) + ">";
  }
  return out + ";\r\n\t" + mail::format_date(now, 0) + "\r\n";
}

std::string return_path_field(const proto::smtp::ReversePath& path) {
  return std::string(kReturnPath) + "<" + path.to_text() + ">\r\n";
}

std::string delivery_fields(const std::vector<mail::Address>& recipients) {
  std::string out;
  for (size_t i = 0; i < recipients.size() && i < kDeliveriesTold; ++i) {
    std::string address = proto::smtp::path_text(recipients[i]);
    out.append(kOriginalTo)
        .append(address)
        .append("\r\n")
        .append(kDeliveredTo)
        .append(address)
        .append("\r\n");
  }
  return out;
}

bool has_delivery_fields(std::string_view prefix) {
  if (prefix.starts_with(kReturnPath)) prefix.remove_prefix(prefix.find('\n') + 1);
  return prefix.starts_with(kOriginalTo);
}

std::string_view prefix_for_relay(std::string_view prefix) {
  while (prefix.starts_with(kReturnPath) || prefix.starts_with(kOriginalTo) ||
         prefix.starts_with(kDeliveredTo))
    prefix.remove_prefix(prefix.find('\n') + 1);
  return prefix;
}

int received_count(std::string_view message) {
  int count = 0;
  while (!message.empty()) {
    size_t end = message.find('\n');
    std::string_view line = message.substr(0, end);
    if (line.empty() || line == "\r") break;
    if (is_received_field(line)) ++count;
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  return count;
}

}  // namespace pabal::intake
