// Raw text that is going to be taken apart at quotes, commas and backslashes, and whose
// octets are wanted as they came. In Shift_JIS, Big5, GBK and Johab the second octet of a
// character, and in ISO-2022-JP every octet, can look like one of these; while the text
// is taken apart such octets wear a veil: a character of private use for each of them.
// For this module's own use.
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

class Veiled {
 public:
  // declared: the message's charset; where it says nothing, what the text looks like.
  Veiled(std::string octets, std::string_view declared);

  const std::string& text() const { return text_; }
  // The octets of a piece of text().
  std::string octets(std::string piece) const;

 private:
  std::string text_;
  bool veiled_ = false;
};

}  // namespace pabal::mail
