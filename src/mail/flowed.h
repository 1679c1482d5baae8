// format=flowed (RFC 3676): paragraphs that the reader's side may wrap.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::mail {

// Wire text (CRLF or LF) to lines ended by LF, one per paragraph; quoted ones get
// "> " per level in front. delsp: the space before a soft break goes (§4.2).
std::string flowed_decode(std::string_view text, bool delsp);

// The reverse, with CRLF: lines beginning with '>' are taken as quotes ("> > "
// counts two), longer ones get soft breaks at spaces so that they fit into `width`.
std::string flowed_encode(std::string_view text, size_t width = 72);

}  // namespace pabal::mail
