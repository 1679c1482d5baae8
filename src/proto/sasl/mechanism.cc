#include "proto/sasl/mechanism.h"

#include "base/bytes.h"

namespace pabal::proto::sasl {

std::string_view name(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::plain:
      return "PLAIN";
    case Mechanism::login:
      return "LOGIN";
    case Mechanism::scram_sha_256:
      return "SCRAM-SHA-256";
    case Mechanism::scram_sha_256_plus:
      return "SCRAM-SHA-256-PLUS";
  }
  return "";
}

std::optional<Mechanism> parse_mechanism(std::string_view text) {
  for (Mechanism mechanism :
       {Mechanism::plain, Mechanism::login, Mechanism::scram_sha_256, Mechanism::scram_sha_256_plus})
    if (iequals(text, name(mechanism))) return mechanism;
  return std::nullopt;
}

}  // namespace pabal::proto::sasl
