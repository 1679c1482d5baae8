// What a command handler hands back: the tagged response (RFC 9051 §7.1). What
// is untagged it has written itself, in the order in which it came up.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace pabal::serve::imap {

struct Outcome {
  enum Kind { ok, no, bad } kind = ok;
  std::string code;  // response code without brackets, "" for none: "TRYCREATE" (RFC 9051 §7.1, RFC 5530)
  std::string text;
  enum class Then { go_on, start_tls, compress, close } then = Then::go_on;
  bool said = false;            // the tagged response has been written already
  bool highest_modseq = false;  // the client may know the mailbox as of the MODSEQ that it was told
};

inline Outcome ok(std::string text, std::string code = {}) {
  return {.kind = Outcome::ok, .code = std::move(code), .text = std::move(text)};
}
inline Outcome no(std::string code, std::string text) {
  return {.kind = Outcome::no, .code = std::move(code), .text = std::move(text)};
}
inline Outcome bad(std::string text, std::string code = {}) {
  return {.kind = Outcome::bad, .code = std::move(code), .text = std::move(text)};
}

}  // namespace pabal::serve::imap
