// When a connection becomes TLS: never, when the client asks for it (STARTTLS, in
// POP3 STLS), or from its first octet (RFC 8314 §3).
#pragma once

namespace pabal::tls {

enum class Mode { none, starttls, implicit };

}  // namespace pabal::tls
