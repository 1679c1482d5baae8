// The subject without "Re:", "Fwd:", list tags and the like (RFC 5256 §2.1).
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

struct BaseSubject {
  std::string text;       // UTF-8, as written but for spaces
  bool is_reply = false;  // it was a reply or forward
};

// `subject`: UTF-8, encoded-words already decoded. Linear.
BaseSubject base_subject(std::string_view subject);

}  // namespace pabal::mail
