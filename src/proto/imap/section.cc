// Sections of a message: their names and octets (RFC 9051 §6.4.5.1, RFC 3516).
#include <algorithm>

#include "base/bytes.h"
#include "mail/header.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

using mail::Outline;

// What a part number leads to.
struct Place {
  const Outline* part = nullptr;  // nullptr: nowhere
  bool stand_in = false;          // the empty text that a multipart or message without parts shows
  bool unknown = false;           // it lies in an encoded message that nobody has decoded
};

// Part `number` of a message or multipart: a message that is no multipart has one
// part, its body.
Place child_of(const Outline& part, uint32_t number) {
  if (part.kind != Outline::Kind::multipart) return {number == 1 ? &part : nullptr};
  if (part.children.empty() && number == 1) return {&part, true};
  if (number == 0 || number > part.children.size()) return {};
  return {&part.children[number - 1]};
}

Place find(const Outline& root, const std::vector<uint32_t>& numbers) {
  Place place{&root};
  bool first = true;
  for (uint32_t number : numbers) {
    if (place.part == nullptr || place.stand_in) return {};
    if (first || place.part->kind == Outline::Kind::multipart) {
      place = child_of(*place.part, number);
    } else if (place.part->children_unknown) {
      return {nullptr, false, true};
    } else if (place.part->is_leaf()) {
      // What BODYSTRUCTURE shows of a message that was not looked into.
      if (place.part->kind != Outline::Kind::message || number != 1) return {};
      place.stand_in = true;
    } else {
      place = child_of(place.part->children.front(), number);
    }
    first = false;
  }
  return place;
}

SectionPlace head_of(const Outline& part) {
  return {SectionPlace::octets, part.header_begin, part.body_begin, part.source};
}

SectionPlace body_of(const Outline& part) {
  return {SectionPlace::octets, part.body_begin, part.body_end, part.source};
}

SectionPlace nothing_of(SectionPlace place) {
  place.end = place.begin;
  return place;
}

// Of the body at `place`, which has to be decoded.
SectionPlace encoded_octets(const FetchItem& item, SectionPlace place) {
  if (place.part->encoding == mail::TransferEncoding::unknown) return nothing_of(place);
  if (place.part->line_octets == 0) return place;
  if (item.kind == FetchItem::binary_size) return nothing_of(place);
  if (!item.partial) return place;
  const mail::EncodedRange range =
      mail::encoded_range(*place.part, item.partial->offset, item.partial->octets);
  place.end = place.begin + range.end;
  place.begin += range.begin;
  return place;
}

bool is_chosen(const mail::Field& field, const Section& section) {
  bool named = std::any_of(section.fields.begin(), section.fields.end(),
                           [&](const std::string& name) { return iequals(field.name, name); });
  return named == (section.what == Section::header_fields);
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

bool has_to_be_decoded(const Outline& part) {
  return part.encoding == mail::TransferEncoding::base64 ||
         part.encoding == mail::TransferEncoding::quoted_printable ||
         part.encoding == mail::TransferEncoding::unknown;
}

bool is_subset(const Section& section) {
  return section.what == Section::header_fields || section.what == Section::header_fields_not;
}

bool is_binary(const FetchItem& item) {
  return item.kind == FetchItem::binary || item.kind == FetchItem::binary_size;
}

// A multipart has no encoding that could be taken off (RFC 2045 §6.4).
bool can_decode(const FetchItem& item, const Outline& root) {
  const Outline* part = find_section(root, item.section).part;
  return part == nullptr ||
         (part->kind != Outline::Kind::multipart && part->encoding != mail::TransferEncoding::unknown);
}

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

SectionPlace find_section(const Outline& root, const Section& section) {
  const Place place = find(root, section.part);
  if (place.unknown) return {SectionPlace::unknown};
  if (place.part == nullptr) return {};
  const SectionPlace empty{SectionPlace::octets};
  if (section.what == Section::whole) {
    if (place.stand_in) return empty;
    if (section.part.empty()) return {SectionPlace::octets, 0, root.body_end};
    SectionPlace body = body_of(*place.part);
    body.part = place.part;
    return body;
  }
  if (section.what == Section::mime) {
    if (section.part.empty()) return {};
    return place.stand_in ? empty : head_of(*place.part);
  }
  // The others are of messages: the whole, or one that a message/rfc822 holds.
  const Outline* inner = place.part;
  if (!section.part.empty()) {
    if (inner->kind != Outline::Kind::message || place.stand_in) return {};
    if (inner->children_unknown) return {SectionPlace::unknown};
    inner = inner->is_leaf() ? nullptr : &inner->children.front();
  }
  // A message that was not looked into.
  if (inner == nullptr) return empty;
  return section.what == Section::text ? body_of(*inner) : head_of(*inner);
}

// The blank line is part of every subset (RFC 9051 §6.4.5.1).
std::string header_subset(std::string_view head, const Section& section) {
  std::string out;
  for (const mail::Field& field : mail::parse_header(head).fields) {
    if (field.name.empty() || !is_chosen(field, section)) continue;
    out += head.substr(field.begin, field.end - field.begin);
    if (!out.ends_with('\n')) out += "\r\n";
  }
  return out += "\r\n";
}

SectionPlace octets_for(const FetchItem& item, const Outline& root) {
  switch (item.kind) {
    case FetchItem::rfc822:
      return {SectionPlace::octets, 0, root.body_end};
    case FetchItem::rfc822_header:
      return head_of(root);
    case FetchItem::rfc822_text:
      return body_of(root);
    default:
      break;
  }
  SectionPlace place = find_section(root, item.section);
  if (is_binary(item) && place.part != nullptr && has_to_be_decoded(*place.part))
    return encoded_octets(item, place);
  if (item.kind == FetchItem::binary_size) return nothing_of(std::move(place));
  if (!item.partial || is_subset(item.section)) return place;
  const uint64_t octets = place.end - place.begin;
  const uint64_t offset = std::min(item.partial->offset, octets);
  place.end = place.begin + offset + std::min(item.partial->octets, octets - offset);
  place.begin += offset;
  return place;
}

std::string_view cut(std::string_view octets, const std::optional<Partial>& partial) {
  if (!partial) return octets;
  return octets.substr(std::min<uint64_t>(partial->offset, octets.size()), partial->octets);
}

}  // namespace pabal::proto::imap
