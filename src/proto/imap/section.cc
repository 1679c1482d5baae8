// Sections of a message: their names and octets (RFC 9051 §6.4.5.1, RFC 3516).
#include <algorithm>

#include "base/bytes.h"
#include "mail/header.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

using mail::Part;

// What a part number leads to.
struct Place {
  const Part* part = nullptr;  // nullptr: nowhere
  bool stand_in = false;       // the empty text that a multipart or message without parts shows
};

// Part `number` of a message or multipart: a message that is no multipart has one
// part, its body.
Place child_of(const Part& part, uint32_t number) {
  if (!part.is_multipart()) return {number == 1 ? &part : nullptr};
  if (part.children.empty() && number == 1) return {&part, true};
  if (number == 0 || number > part.children.size()) return {};
  return {&part.children[number - 1]};
}

Place find(const Part& root, const std::vector<uint32_t>& numbers) {
  Place place{&root};
  bool first = true;
  for (uint32_t number : numbers) {
    if (place.part == nullptr || place.stand_in) return {};
    if (first || place.part->is_multipart()) {
      place = child_of(*place.part, number);
    } else if (place.part->is_leaf()) {
      // What BODYSTRUCTURE shows of a message that was not looked into.
      if (!place.part->is_message() || number != 1) return {};
      place.stand_in = true;
    } else {
      place = child_of(place.part->children.front(), number);
    }
    first = false;
  }
  return place;
}

bool is_chosen(const mail::Field& field, const Section& section) {
  bool named = std::any_of(section.fields.begin(), section.fields.end(),
                           [&](const std::string& name) { return iequals(field.name, name); });
  return named == (section.what == Section::header_fields);
}

// The blank line is part of every subset (RFC 9051 §6.4.5.1).
std::string subset(std::string_view head, const Section& section) {
  std::string out;
  for (const mail::Field& field : mail::parse_header(head).fields) {
    if (field.name.empty() || !is_chosen(field, section)) continue;
    out += head.substr(field.begin, field.end - field.begin);
    if (!out.ends_with('\n')) out += "\r\n";
  }
  return out += "\r\n";
}

void put_section(std::string& out, const Section& section) {
  out += '[';
  for (size_t i = 0; i < section.part.size(); ++i) {
    if (i > 0) out += '.';
    put_number(out, section.part[i]);
  }
  constexpr std::string_view names[] = {"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
  if (section.what != Section::whole && !section.part.empty()) out += '.';
  out += names[section.what];
  if (section.what == Section::header_fields || section.what == Section::header_fields_not) {
    out += " (";
    for (size_t i = 0; i < section.fields.size(); ++i) {
      if (i > 0) out += ' ';
      put_astring(out, section.fields[i]);
    }
    out += ')';
  }
  out += ']';
}

}  // namespace

std::string section_name(const FetchItem& item) {
  switch (item.kind) {
    case FetchItem::rfc822:
      return "RFC822";
    case FetchItem::rfc822_header:
      return "RFC822.HEADER";
    case FetchItem::rfc822_text:
      return "RFC822.TEXT";
    default:
      break;
  }
  std::string out = item.kind == FetchItem::binary        ? "BINARY"
                    : item.kind == FetchItem::binary_size ? "BINARY.SIZE"
                                                          : "BODY";
  put_section(out, item.section);
  if (item.partial) {
    out += '<';
    put_number(out, item.partial->offset);
    out += '>';
  }
  return out;
}

std::optional<std::string_view> section_octets(const Part& root, std::string_view message,
                                               const Section& section, std::string& made) {
  Place place = find(root, section.part);
  if (place.part == nullptr) return std::nullopt;
  if (section.what == Section::whole) {
    if (place.stand_in) return "";
    return section.part.empty() ? message : mail::body_of(*place.part, message);
  }
  if (section.what == Section::mime) {
    if (section.part.empty()) return std::nullopt;
    return place.stand_in ? std::string_view() : mail::head_of(*place.part, message);
  }
  // The others are of messages: the whole, or one that a message/rfc822 holds.
  const Part* inner = place.part;
  if (!section.part.empty()) {
    if (!inner->is_message() || place.stand_in) return std::nullopt;
    inner = inner->is_leaf() ? nullptr : &inner->children.front();
  }
  // nullptr: a message that was not looked into.
  if (section.what == Section::text) return inner ? mail::body_of(*inner, message) : "";
  std::string_view head = inner ? mail::head_of(*inner, message) : "";
  if (section.what == Section::header) return head;
  made = subset(head, section);
  return made;
}

BinarySection binary_section(const Part& root, std::string_view message, const std::vector<uint32_t>& part) {
  if (part.empty()) return {std::string(message)};
  Place place = find(root, part);
  if (place.part == nullptr) return {};
  if (place.stand_in) return {""};
  // A multipart has no encoding that could be taken off (RFC 2045 §6.4).
  if (place.part->is_multipart() || place.part->encoding == mail::TransferEncoding::unknown) {
    return {std::nullopt, true};
  }
  return {mail::decode_body(*place.part, message)};
}

std::string_view cut(std::string_view octets, const std::optional<Partial>& partial) {
  if (!partial) return octets;
  return octets.substr(std::min<uint64_t>(partial->offset, octets.size()), partial->octets);
}

}  // namespace pabal::proto::imap
