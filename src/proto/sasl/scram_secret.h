// What is stored of a password so that SCRAM-SHA-256 can check it (RFC 5802
// §3, RFC 7677). Nobody can log in with it, but it allows guessing offline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::sasl {

constexpr uint32_t kScramIterationsMin = 4096;  // RFC 7677 §4
// As many as Cyrus SASL's clients (mbsync, mutt and others) bear: they refuse more.
constexpr uint32_t kScramIterationsDefault = 65'536;
constexpr size_t kScramSaltOctets = 16;
constexpr uint32_t kScramIterationsMax = 1'000'000;

struct ScramSecret {
  std::string salt;  // octets
  uint32_t iterations = 0;
  std::string stored_key;  // 32 octets
  std::string server_key;  // 32 octets
  bool operator==(const ScramSecret&) const = default;
};

// Slow by design (PBKDF2): call it off the event loop. The password is prepared here
// (mail/precis.h).
ScramSecret make_scram_secret(std::string_view password, std::string_view salt, uint32_t iterations);

// "SCRAM-SHA-256$4096:salt$StoredKey:ServerKey" (base64 parts), the form that
// PostgreSQL and others use.
std::string to_text(const ScramSecret& secret);
std::optional<ScramSecret> parse_scram_secret(std::string_view text);

}  // namespace pabal::proto::sasl
