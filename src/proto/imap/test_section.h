// The octets of a section, for tests: found by the outline of the message as it was
// made, and as it is stored, which is to give the same.
#pragma once

#include <optional>
#include <string>

#include "base/verify.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {

inline std::string octets_at(const SectionPlace& place, std::string_view message) {
  const std::string_view all = place.source ? std::string_view(*place.source) : message;
  return std::string(all.substr(place.begin, place.end - place.begin));
}

inline std::optional<std::string> section_octets(const mail::Outline& outline, std::string_view message,
                                                 const Section& section) {
  const SectionPlace place = find_section(outline, section);
  if (place.kind != SectionPlace::octets) return std::nullopt;
  const std::string octets = octets_at(place, message);
  return is_subset(section) ? header_subset(octets, section) : octets;
}

inline std::optional<std::string> section_octets(const mail::Part& root, std::string_view message,
                                                 const Section& section) {
  const mail::Outline made = mail::outline_of(root);
  const std::optional<std::string> octets = section_octets(made, message, section);
  const std::optional<mail::Outline> stored = mail::unpack_outline(mail::pack(made));
  verify(stored.has_value(), "what was packed can be unpacked");
  if (find_section(*stored, section).kind != SectionPlace::unknown)
    verify(section_octets(*stored, message, section) == octets, "a stored outline leads to the same place");
  return octets;
}

// BINARY[part], decoded; not_decodable: NO [UNKNOWN-CTE].
struct BinarySection {
  std::optional<std::string> octets;
  bool not_decodable = false;
};
inline BinarySection binary_section(const mail::Part& root, std::string_view message,
                                    const std::vector<uint32_t>& part) {
  const mail::Outline outline = mail::outline_of(root);
  const FetchItem item{.kind = FetchItem::binary, .section = {.part = part}};
  if (!can_decode(item, outline)) return {std::nullopt, true};
  const SectionPlace place = octets_for(item, outline);
  if (place.kind == SectionPlace::nowhere) return {};
  const std::string octets = octets_at(place, message);
  return {place.part == nullptr ? octets : mail::decode_transfer(place.part->encoding, octets)};
}

}  // namespace pabal::proto::imap
