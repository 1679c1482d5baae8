#include "receive/submission.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/originators.h"

namespace pabal::receive {

namespace {

using mail::Field;
using mail::Header;

constexpr std::string_view kResent = "Resent-";
constexpr std::array kTakenOff = {"Bcc", "Resent-Bcc", "Return-Path", "Content-Length"};
constexpr std::array kOnce = {"From", "Sender", "Date", "Message-ID"};

// "From alice Sat Nov 21 ..."; "From : alice" is a field and has a name.
bool is_mbox_line(const Field& field, std::string_view message) {
  return field.begin == 0 && field.name.empty() && message.starts_with("From ");
}

bool is_taken_off(std::string_view name) {
  return std::ranges::any_of(kTakenOff, [&](const char* one) { return iequals(name, one); });
}

// The fields of the latest sending again: they stand together, above those of
// earlier ones, and each name once (RFC 5322 §3.6.6).
std::vector<const Field*> latest_resent(const Header& header) {
  std::vector<const Field*> block;
  for (const Field& field : header.fields) {
    bool resent = istarts_with(field.name, kResent);
    auto same = [&](const Field* other) { return iequals(other->name, field.name); };
    if (!block.empty() && (!resent || std::ranges::any_of(block, same))) break;
    if (resent) block.push_back(&field);
  }
  return block;
}

const Field* find(const std::vector<const Field*>& block, std::string_view name) {
  auto found = std::ranges::find_if(block, [&](const Field* field) { return iequals(field->name, name); });
  return found == block.end() ? nullptr : *found;
}

// A From that names nobody, as of programs that run on a server: "root (Cron Daemon)" or
// nothing at all. Groups (RFC 6854) mean it. Nullptr if it is not so.
const Field* nameless_from(const Header& header) {
  const Field* from = header.find("From");
  bool nameless = from != nullptr && from->raw_value.find_first_of("@:") == std::string_view::npos &&
                  header.find_all("From").size() == 1 && latest_resent(header).empty();
  return nameless ? from : nullptr;
}

// The sender's address with what stood there as its name.
std::string named_sender(const Field& from, const std::string& address) {
  std::string name = from.text();
  std::erase_if(name, [](char c) { return c == '"' || c == '<' || c == '>' || c == '\\'; });
  return mail::to_header_text({.display_name = std::string(trim(name)), .address = address}, false);
}

std::string missing_fields(const Header& header, const Completion& with) {
  std::vector<const Field*> block = latest_resent(header);
  std::string_view prefix = block.empty() ? "" : kResent;
  auto missing = [&](std::string_view name) {
    return block.empty() ? header.find(name) == nullptr
                         : find(block, std::string(kResent).append(name)) == nullptr;
  };
  std::string out;
  auto add = [&](std::string_view name, const std::string& value) {
    if (missing(name)) out.append(prefix).append(name).append(": ").append(value).append("\r\n");
  };
  const Field* nameless = nameless_from(header);
  if (nameless != nullptr)
    out.append("From: ").append(named_sender(*nameless, with.from)).append("\r\n");
  else
    add("From", with.from);
  add("Message-ID", "<" + with.message_id + ">");
  add("Date", mail::format_date(with.now, 0));
  return out;
}

// Why readers could disagree about what the fields are; "" if they cannot.
std::string malformed(std::string_view message, const Header& header) {
  if (!header.complete) return "The header has more fields or octets than are taken here";
  std::string_view head = message.substr(0, header.octets);
  if (head.find('\0') != std::string_view::npos) return "The header has a NUL";
  for (size_t cr = head.find('\r'); cr != std::string_view::npos; cr = head.find('\r', cr + 1)) {
    if (!head.substr(cr).starts_with("\r\n")) return "The header has a CR that ends no line";
  }
  size_t number = 1;
  for (const Field& field : header.fields) {
    std::string which = "Field " + std::to_string(number++) + " of the header ";
    if (field.name.empty()) return which + "is none: there is no name with a colon behind it";
    // "From :" is the obsolete form of RFC 5322 §4.5.
    if (message[field.begin + field.name.size()] != ':') return which + "has a blank before its colon";
  }
  for (const char* name : kOnce) {
    if (header.find_all(name).size() > 1)
      return "The header has more than one " + std::string(name) + " field";
  }
  return {};
}

// Adds the addresses of a field to `out`; why that cannot be, or "".
std::string read(const Field& field, bool allow_utf8, std::vector<mail::Address>& out) {
  std::string name(field.name);
  auto addresses = mail::parse_originators(field.raw_value, allow_utf8);
  if (!addresses) return "The " + name + " field is not right: " + addresses.error();
  if (name.size() >= 6 && iequals(name.substr(name.size() - 6), "Sender") && addresses->size() != 1)
    return "The " + name + " field has more than one address";
  std::ranges::move(*addresses, std::back_inserter(out));
  return {};
}

}  // namespace

void complete_header(std::string& message, const Completion& with) {
  Header header = mail::parse_header(message);
  auto named = [](const Field& field) { return !field.name.empty(); };
  bool mbox = !header.fields.empty() && is_mbox_line(header.fields.front(), message);
  if (std::ranges::none_of(header.fields, named) && !mbox) {
    message.insert(0, missing_fields({}, with) + (message.starts_with("\r\n") ? "" : "\r\n"));
    return;
  }
  if (is_wsp(message.front())) return;  // what stood in front of it would swallow its first line
  std::string head = missing_fields(header, with);
  const Field* nameless = nameless_from(header);
  std::vector<const Field*> resent = latest_resent(header);
  if (!resent.empty() && resent.front()->begin > 0) {
    // Some programs append these fields: what is missing belongs to them, not to a sending of its own.
    message.insert(resent.front()->begin, head);
    head.clear();
    header = mail::parse_header(message);
  }
  size_t kept = 0;  // from here on the message is still to be copied
  for (const Field& field : header.fields) {
    if (!is_taken_off(field.name) && !is_mbox_line(field, message) && &field != nameless) continue;
    head.append(message, kept, field.begin - kept);
    kept = field.end;
  }
  // A header without a body: who reads it by lines needs their ends.
  if (header.body_begin == message.size() && header.octets == message.size())
    message += message.ends_with("\r\n") ? "\r\n" : "\r\n\r\n";
  if (kept == 0) {
    message.insert(0, head);
  } else {
    message.replace(0, kept, head);
  }
}

std::expected<std::vector<mail::Address>, std::string> responsible_addresses(std::string_view message,
                                                                             bool allow_utf8) {
  Header header = mail::parse_header(message);
  std::string why = malformed(message, header);
  if (!why.empty()) return std::unexpected(why);
  const Field* from = header.find("From");
  if (from == nullptr) return std::unexpected("The message has no From field");

  std::vector<mail::Address> addresses;
  std::vector<const Field*> resent = latest_resent(header);
  const Field* who = resent.empty() ? from : find(resent, "Resent-From");
  const Field* sender = resent.empty() ? header.find("Sender") : find(resent, "Resent-Sender");
  if (who == nullptr) return std::unexpected("The message is sent again without a Resent-From field");
  if (!resent.empty() && mail::addresses_of(from->value()).empty())
    return std::unexpected("The From field of the message that is sent again has no address");
  why = read(*who, allow_utf8, addresses);
  if (why.empty() && sender != nullptr) why = read(*sender, allow_utf8, addresses);
  if (!why.empty()) return std::unexpected(why);
  return addresses;
}

}  // namespace pabal::receive
