// What both sides of SCRAM-SHA-256 share: the key derivation and the grammar
// of its messages (RFC 5802 §3, §7). Used by server.cc and client.cc only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::proto::sasl::scram {

constexpr size_t kHashOctets = 32;

std::string hmac_sha256(std::string_view key, std::string_view text);
std::string sha256(std::string_view text);
// Hi() of RFC 5802 §2.2: PBKDF2-HMAC-SHA-256 with 32 octets of output, of the password
// as RFC 8265 §4.2 prepares it.
std::string salted_password(std::string_view password, std::string_view salt, uint32_t iterations);
std::string exclusive_or(std::string_view a, std::string_view b);
// Takes the same time wherever the first difference lies.
bool equal_secret(std::string_view a, std::string_view b);

// "a=value,b=value": attributes in order; nullopt when a piece is not
// letter, '=', value.
struct Attribute {
  char name;
  std::string_view value;
};
std::optional<std::vector<Attribute>> parse_attributes(std::string_view message);

// saslname (RFC 5802 §5.1): ',' is "=2C" and '=' is "=3D".
std::string encode_name(std::string_view name);
std::optional<std::string> decode_name(std::string_view text);

// Printable ASCII without ','.
bool is_nonce(std::string_view text);

}  // namespace pabal::proto::sasl::scram
