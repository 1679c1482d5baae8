// IMAP URLs (RFC 5092) as CATENATE (RFC 4469) and URLAUTH (RFC 4467) use them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "proto/imap/fetch_item.h"

namespace pabal::proto::imap {

struct Url {
  std::string user, host;  // of an absolute one; "" in a relative one
  uint16_t port = 0;
  std::string mailbox;  // UTF-8; "" : the selected one
  std::optional<uint32_t> uid_validity;
  uint32_t uid = 0;
  std::optional<Section> section;
  std::optional<Partial> partial;
  // RFC 4467
  std::optional<Time> expire;
  std::string access;     // "anonymous", "authuser", "user+fred", "submit+fred"; "" for none
  std::string mechanism;  // "INTERNAL"; "" in a rump
  std::string token;      // hex; "" in a rump
  std::string rump;       // the text up to and without ":MECHANISM:TOKEN"
};

// nullopt: not an IMAP URL, or one that names no message.
std::optional<Url> parse_url(std::string_view text);

}  // namespace pabal::proto::imap
