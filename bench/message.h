// The mails that the benches send: distinct headers, text below 8 KiB, else a
// multipart with a base64 attachment, as real mail of that size mostly is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pabal::bench {

// About `octets` long, CRLF line ends, no line begins with a dot.
inline std::string make_message(size_t octets, uint64_t number, const std::string& to) {
  std::string id = std::to_string(number);
  std::string out = "From: Load Generator <load@client.test>\r\nTo: <" + to + ">\r\nSubject: message " + id +
                    " of the bench\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nMessage-ID: <" + id +
                    ".bench@client.test>\r\nMIME-Version: 1.0\r\n";
  bool attachment = octets >= 8192;
  if (attachment) {
    out += "Content-Type: multipart/mixed; boundary=\"=_bench\"\r\n\r\n--=_bench\r\n";
  }
  out += "Content-Type: text/plain; charset=utf-8\r\n\r\n";
  auto fill = [&](size_t until, const char* signs, size_t count, size_t line) {
    uint64_t x = number * 0x9E3779B97F4A7C15 + 1;
    size_t column = 0;
    while (out.size() < until) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      out += signs[x % count];
      if (++column == line) {
        out += "\r\n";
        column = 0;
      }
    }
    if (column != 0) out += "\r\n";
  };
  constexpr char letters[] = "etaoin shrdlu cmfwyp vbgkqjxz ";
  fill(attachment ? 1024 : octets, letters, sizeof letters - 1, 72);
  if (attachment) {
    constexpr char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out +=
        "--=_bench\r\nContent-Type: application/octet-stream; name=\"data.bin\"\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"data.bin\"\r\n\r\n";
    fill(octets, base64, 64, 76);
    out += "--=_bench--\r\n";
  }
  return out;
}

}  // namespace pabal::bench
