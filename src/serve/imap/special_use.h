// What a mailbox is for, as the clients know it: "\Sent" (RFC 6154).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::serve::imap {

// As it is kept: the attributes in our spelling with blanks between them.
// unexpected: the first one that no mailbox has here.
std::expected<std::string, std::string> special_use_of(const std::vector<std::string_view>& attributes);

}  // namespace pabal::serve::imap
