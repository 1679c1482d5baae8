// Domain names (RFC 1035 §3.1). In memory a name is its text in lower-case
// ASCII without the final dot; the root is "". A dot or backslash inside a
// label is "\." or "\\", octets outside '!'..'~' are "\DDD" (RFC 4343 §2.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::dns {

constexpr size_t kLabelMax = 63;  // octets, RFC 1035 §2.3.4
constexpr size_t kNameMax = 255;  // octets on the wire, RFC 1035 §2.3.4

// Canonical form of a name as people write it; nullopt when it is not one.
std::optional<std::string> normalize_name(std::string_view text);

// True when name is zone or below it; both canonical.
bool is_within(std::string_view name, std::string_view zone);

// "mx.seoul.test" → "seoul.test"; "" for a single label.
std::string_view parent(std::string_view name);

// Wire form without compression; name must be canonical.
std::string encode_name(std::string_view name);

enum class Compression { allowed, refused };

// Reads the name at offset of a message, following compression pointers
// (backwards only, so that no loop is possible; RFC 1035 §4.1.4), and moves
// offset past it.
std::optional<std::string> decode_name(std::string_view message, size_t& offset,
                                       Compression compression = Compression::allowed);

}  // namespace pabal::proto::dns
