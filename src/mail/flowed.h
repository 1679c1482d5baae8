// format=flowed (RFC 3676): paragraphs that the reader's side may wrap.
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

// Wire text (CRLF or LF) to lines ended by LF, one per paragraph; quoted ones get
// "> " per level in front. delsp: the space before a soft break goes (§4.2).
std::string flowed_decode(std::string_view text, bool delsp);

}  // namespace pabal::mail
