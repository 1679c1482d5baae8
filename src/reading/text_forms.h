// Text forms: what a protocol shows in lists of mails, in a form of its own. They are
// made once and kept beside the message, so that a list reads no message; what they say
// is the protocol's affair, who keeps them does not look inside.
#pragma once

#include <string>
#include <string_view>

#include "base/portable.h"
#include "mail/message.h"

namespace pabal::reading {

// Of the message as its reader gets it (prefix and bytes). Any thread.
struct TextForms {
  using Make = std::string (*)(const mail::Part& root, std::string_view message);
  static std::string none(const mail::Part&, std::string_view) { return {}; }

  Make envelope = none;        // of the head
  Make body_structure = none;  // of its parts
};

}  // namespace pabal::reading

template <>
inline constexpr bool pabal::kPortable<pabal::reading::TextForms> = true;
