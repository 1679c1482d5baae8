// Base64 and quoted-printable (RFC 2045 §6.7, §6.8; RFC 4648 §4), whole buffers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::mail {

inline constexpr size_t encoded_line_max = 76;  // RFC 2045 §6.7 (5), §6.8

// One line with padding, as SASL and HTTP want it.
std::string base64_encode(std::string_view bytes);
// Only what base64_encode can make: whole quads, right padding, no other octet,
// no stray bits (RFC 4648 §3.5).
std::optional<std::string> base64_decode_strict(std::string_view text);

// Lines of 76 characters, each ended by CRLF; "" for "".
std::string base64_encode_lines(std::string_view bytes);
// Lenient: foreign octets are skipped, a missing padding is forgiven, and after a
// padded quad the next one is read on (concatenated pieces).
std::string base64_decode(std::string_view text);

// Text: CRLF in `bytes` stays a line break, everything else that is not printable
// ASCII is encoded, bare CR and LF too. Binary: CR and LF are always encoded.
std::string quoted_printable_encode(std::string_view bytes, bool text = true);
// Lenient: broken escapes stay as they are; spaces before a line end go away.
std::string quoted_printable_decode(std::string_view text);

}  // namespace pabal::mail
