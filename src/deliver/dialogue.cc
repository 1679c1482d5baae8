#include "deliver/dialogue.h"

#include "base/bytes.h"

namespace pabal::deliver {

void Dialogue::add(std::string_view mark, std::string_view line) {
  if (text_.size() >= kDialogueOctetsMax) return;
  text_ += mark;
  text_ += printable(line);
  text_ += '\n';
  if (text_.size() >= kDialogueOctetsMax) text_ += "* the rest is left out\n";
}

void Dialogue::sent(std::string_view line) {
  add("> ", line);
}

void Dialogue::received(const proto::smtp::Reply& reply, std::chrono::microseconds took) {
  std::string text = std::to_string(reply.code);
  if (!reply.enhanced.empty()) text += ' ' + reply.enhanced;
  std::string words = reply.text();
  if (!words.empty()) text += ' ' + words;
  add("< ", text + " (" + std::to_string(took.count() / 1000) + " ms)");
}

void Dialogue::note(std::string_view text) {
  add("* ", text);
}

}  // namespace pabal::deliver
