#include "proto/sasl/scram.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/precis.h"

namespace pabal::proto::sasl::scram {

namespace {

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char out[kHashOctets];
  unsigned int length = 0;
  verify(
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(text), text.size(), out, &length),
      "HMAC-SHA-256 is there");
  return std::string(reinterpret_cast<char*>(out), length);
}

std::string sha256(std::string_view text) {
  unsigned char out[kHashOctets];
  SHA256(octets(text), text.size(), out);
  return std::string(reinterpret_cast<char*>(out), sizeof out);
}

std::string salted_password(std::string_view as_typed, std::string_view salt, uint32_t iterations) {
  const std::string password = mail::prepare_password(as_typed).value_or(std::string(as_typed));
  unsigned char out[kHashOctets];
  verify(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                           static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                           sizeof out, out) == 1,
         "PBKDF2 takes any password and salt");
  return std::string(reinterpret_cast<char*>(out), sizeof out);
}

std::string exclusive_or(std::string_view a, std::string_view b) {
  verify(a.size() == b.size(), "both sides of XOR have one length");
  std::string out(a);
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
  return out;
}

bool equal_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::vector<Attribute>> parse_attributes(std::string_view message) {
  std::vector<Attribute> attributes;
  for (std::string_view piece : split(message, ',')) {
    if (piece.size() < 2 || !is_alpha(piece[0]) || piece[1] != '=') return std::nullopt;
    attributes.push_back({piece[0], piece.substr(2)});
  }
  return attributes;
}

std::string encode_name(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == ',')
      out += "=2C";
    else if (c == '=')
      out += "=3D";
    else
      out += c;
  }
  return out;
}

std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    std::string_view escape = text.substr(i, 3);
    if (escape == "=2C")
      out += ',';
    else if (escape == "=3D")
      out += '=';
    else
      return std::nullopt;
    i += 2;
  }
  return out;
}

bool is_nonce(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~' && c != ','; });
}

}  // namespace pabal::proto::sasl::scram
