// What holds where the operator says nothing else: his configuration documents these
// values, and the stations start from them.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace pabal::defaults {

inline constexpr uint64_t message_octets_max = 50 << 20;
inline constexpr int recipients_max = 1000;
inline constexpr int sessions_max = 20'000;
inline constexpr int sessions_per_ip_max = 1000;
inline constexpr uint64_t receiving_octets_max = 1 << 30;
inline constexpr uint64_t command_octets_max = 2048;
inline constexpr int errors_max = 10;
inline constexpr int auth_failures_max = 5;
inline constexpr int received_max = 100;                              // RFC 5321 §6.3
inline constexpr Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 §4.5.3.2.7
inline constexpr Duration data_timeout = std::chrono::minutes(10);    // RFC 5321 §4.5.3.2.5 asks for 3
inline constexpr Duration pop3_timeout = std::chrono::minutes(10);    // RFC 1939 §3
inline constexpr Duration imap_timeout = std::chrono::minutes(30);    // RFC 9051 §5.4
inline constexpr Duration imap_progress_interval = std::chrono::seconds(10);
inline constexpr uint64_t feed_rows_max = 50'000;
inline constexpr uint64_t imap_view_octets_max = 64 << 20;
inline constexpr uint64_t imap_text_octets_max = 32 << 20;
inline constexpr uint64_t imap_read_ahead_octets_max = 8 << 20;

}  // namespace pabal::defaults
