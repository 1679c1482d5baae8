// The proof in a URLAUTH URL (RFC 4467 §4): HMAC-SHA-256 by the mailbox's access key.
#pragma once

#include <string>
#include <string_view>

namespace pabal::serve::imap {

// Hex; the first octet says how it was made, so that another way may come later.
std::string url_token(std::string_view key, std::string_view rump);
// In a time that does not depend on how much of it is right.
bool is_url_token(std::string_view key, std::string_view rump, std::string_view token);

}  // namespace pabal::serve::imap
