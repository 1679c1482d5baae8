#include "base/bytes.h"
#include "base/verify.h"
#include "proto/sasl/client.h"
#include "proto/sasl/server.h"

namespace sasl = pabal::proto::sasl;

// First octet: the mechanism; then responses separated by 0x1e. The client is
// fed the same pieces as challenges.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  auto mechanism = static_cast<sasl::Mechanism>(data[0] % 4);
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  sasl::ChannelBindings bindings{.tls_exporter = std::string(32, 'e')};
  sasl::ServerExchange server(
      mechanism,
      {.nonce = std::string(18, 'n'), .fake_salt_key = std::string(32, 'k'), .bindings = bindings});
  sasl::ClientExchange client(mechanism, {"", "user", "pencil"},
                              {.nonce = std::string(18, 'c'), .bindings = bindings});
  client.initial_response();
  for (std::string_view piece : pabal::split(bytes, '\x1e')) {
    // PBKDF2 at the cost a stranger chooses is no finding.
    if (piece.size() < 60) client.step(piece);
    sasl::Step step = server.step(piece);
    if (std::holds_alternative<sasl::WantSecret>(step)) step = server.secret(std::nullopt, {});
    verify(!std::holds_alternative<sasl::Done>(step), "nobody comes in without a secret");
    if (auto* check = std::get_if<sasl::CheckPassword>(&step)) {
      verify(!check->authcid.empty() && pabal::is_utf8(check->authcid), "a name to look up");
      break;
    }
    if (std::holds_alternative<sasl::Failed>(step)) break;
  }
  return 0;
}
