// What was said in one attempt, with its timing, for the journey of the mail.
// Commands and replies only: never message text, never credentials.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "proto/smtp/reply.h"

namespace pabal::deliver {

constexpr size_t kDialogueOctetsMax = 16 * 1024;

class Dialogue {
 public:
  void sent(std::string_view line);  // "> MAIL FROM:<a@b>"
  // "< 250 2.1.0 ok (12 ms)"; the time since the command it answers.
  void received(const proto::smtp::Reply& reply, std::chrono::microseconds took);
  void note(std::string_view text);  // "* TLSv1.3 TLS_AES_256_GCM_SHA384"

  const std::string& text() const { return text_; }

 private:
  void add(std::string_view mark, std::string_view line);
  std::string text_;
};

}  // namespace pabal::deliver
