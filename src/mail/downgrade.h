// What a message asks of its way, and making it ask less (RFC 6152 §3, RFC 3030 §3).
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pabal::mail {

struct Needs {
  bool eightbit = false;      // octets above 127 in the body: 8BITMIME
  bool binary = false;        // NUL, bare CR or LF, or a line longer than 998: BINARYMIME
  bool utf8_headers = false;  // octets above 127 in a header, of a part too: SMTPUTF8

  bool operator==(const Needs&) const = default;
};
Needs scan_needs(std::string_view message);

// The same message in lines of 7-bit octets. Leaf parts are re-encoded in
// quoted-printable or base64, the Content-Transfer-Encoding of all that contain
// them corrected; message/rfc822 is converted within (RFC 2046 §5.2.1); raw 8-bit
// in header text becomes encoded-words. A message that is 7-bit comes back as it is.
// Signatures over what had to be changed do not survive (RFC 1847 §2.1 asks signers
// for 7-bit); parts of a multipart/signed that are 7-bit are left octet for octet.
// The error says why it cannot be done: an address with a local part that has no ASCII form.
std::expected<std::string, std::string> to_7bit(std::string_view message);

// The same for the heads of the message and its parts alone: bodies, enclosed messages
// among them, stay octet for octet. What asked for SMTPUTF8 by its fields then does not.
// An identifier in UTF-8 (Message-ID, References ...) has no ASCII form here: to_7bit, the
// last way to get a message through, makes an encoded-word of it.
std::expected<std::string, std::string> to_ascii_headers(std::string_view message);

}  // namespace pabal::mail
