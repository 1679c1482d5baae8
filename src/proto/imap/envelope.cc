// ENVELOPE (RFC 9051 §7.5.2).
#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "proto/imap/header_text.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

// A missing host would be the mark of a group, so something must stand there.
constexpr std::string_view missing_mailbox = "MISSING_MAILBOX", missing_domain = "MISSING_DOMAIN";

struct Style {
  std::string_view charset;  // that the message declares
  TextForm form;
};

void put_name(std::string& out, std::string_view name, Style style) {
  if (name.empty()) {
    out += "NIL";
  } else {
    put_header_text(out, name, style.charset, style.form);
  }
}

// An encoded-word in it would be another address (RFC 2047 §5 (3)): where UTF-8 cannot
// stand in quotes it stands in a literal, which may have 8-bit octets everywhere.
void put_local_part(std::string& out, std::string local, Style style) {
  std::erase_if(local, [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
  bool utf8 = style.form != TextForm::seven_bit;
  put_string(out, utf8 && !is_ascii(local) ? mail::raw_text_to_utf8(local, style.charset) : local, utf8);
}

void put_domain(std::string& out, std::string_view domain, Style style) {
  bool as_it_is = is_ascii(domain) || style.form != TextForm::seven_bit;
  auto ascii = as_it_is ? std::nullopt : mail::to_ascii_domain(domain);
  put_local_part(out, ascii ? *ascii : std::string(domain), style);
}

// "a\"b" in quotes without them and without its backslashes.
std::string unquoted(std::string_view local) {
  std::string out;
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') continue;
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    out += local[i];
  }
  return out;
}

void put_address(std::string& out, const mail::HeaderAddress& entry, Style style) {
  size_t at = entry.address.rfind('@');
  std::string_view local = std::string_view(entry.address).substr(0, at);
  std::string_view domain =
      at == std::string::npos ? std::string_view() : std::string_view(entry.address).substr(at + 1);
  out += '(';
  put_name(out, entry.display_name, style);
  out += ' ';
  put_name(out, entry.route, style);
  out += ' ';
  if (local.empty()) {
    put_string(out, missing_mailbox);
  } else {
    put_local_part(out, unquoted(local), style);
  }
  out += ' ';
  if (domain.empty()) {
    put_string(out, missing_domain);
  } else {
    put_domain(out, domain, style);
  }
  out += ')';
}

void put_addresses(std::string& out, const std::vector<mail::HeaderAddress>& list, Style style) {
  out += '(';
  std::string_view group;
  auto end_group = [&] {
    if (!group.empty()) out += "(NIL NIL NIL NIL)";
    group = {};
  };
  for (const mail::HeaderAddress& entry : list) {
    if (entry.group != group || entry.empty_group) {
      end_group();
      group = entry.group;
      if (!group.empty()) {
        out += "(NIL NIL ";
        put_header_text(out, group, style.charset, style.form);
        out += " NIL)";
      }
    }
    if (!entry.empty_group) put_address(out, entry, style);
  }
  end_group();
  out += ')';
}

// The fields in their order. One that stands twice: of texts the first counts, of
// addresses all.
enum Slot : unsigned char {
  date,
  subject,
  from,
  sender,
  reply_to,
  to,
  cc,
  bcc,
  in_reply_to,
  message_id,
  none
};
constexpr std::array<std::string_view, none> names = {"date", "subject", "from", "sender",      "reply-to",
                                                      "to",   "cc",      "bcc",  "in-reply-to", "message-id"};

constexpr bool is_addresses(size_t slot) {
  return slot >= from && slot <= bcc;
}

Slot slot_of(std::string_view name) {
  for (size_t slot = 0; slot < none; ++slot) {
    if (iequals(name, names[slot])) return static_cast<Slot>(slot);
  }
  return none;
}

}  // namespace

std::string envelope_text(const mail::Header& header, std::string_view charset, TextForm form) {
  const Style style{charset, form};
  std::array<const mail::Field*, none> texts{};
  std::array<std::vector<mail::HeaderAddress>, none> lists;
  for (const mail::Field& field : header.fields) {
    Slot slot = slot_of(field.name);
    if (slot == none) continue;
    if (!is_addresses(slot)) {
      if (texts[slot] == nullptr) texts[slot] = &field;
      continue;
    }
    std::string value(field.raw_value);
    if (form != TextForm::seven_bit) value = mail::raw_text_to_parse(std::move(value), charset);
    for (mail::HeaderAddress& entry : mail::parse_raw_address_list(value, charset)) {
      if (lists[slot].size() < mail::header_addresses_max) lists[slot].push_back(std::move(entry));
    }
  }
  std::string out = "(";
  std::string from_text;
  for (size_t slot = 0; slot < none; ++slot) {
    if (slot > 0) out += ' ';
    if (!is_addresses(slot)) {
      if (texts[slot] == nullptr) {
        out += "NIL";
      } else {
        put_header_text(out, texts[slot]->raw_value, charset, form);
      }
    } else if (!lists[slot].empty()) {
      size_t begin = out.size();
      put_addresses(out, lists[slot], style);
      if (slot == from) from_text = out.substr(begin);
    } else if ((slot == sender || slot == reply_to) && !from_text.empty()) {
      out += from_text;
    } else {
      out += "NIL";
    }
  }
  return out + ')';
}

std::string envelope_forms(const mail::Header& header, std::string_view charset) {
  bool alike = std::ranges::all_of(header.fields, [](const mail::Field& field) {
    return is_ascii(field.raw_value) || slot_of(field.name) == none;
  });
  return all_forms(alike, [&](TextForm form) { return envelope_text(header, charset, form); });
}

}  // namespace pabal::proto::imap
