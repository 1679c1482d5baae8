// The mails that the benches send: distinct headers, text below 8 KiB, else a
// multipart with a base64 attachment, as real mail of that size mostly is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pabal::bench {

// Makes mails of about `octets`, with CRLF line ends, where no line begins with
// a dot. Some bodies are made beforehand and used in turns: what the sender
// computes per mail is taken from the server's share of the machine.
class MessageMaker {
 public:
  explicit MessageMaker(size_t octets) {
    constexpr uint64_t bodies = 16;
    for (uint64_t n = 0; n < bodies; ++n) bodies_.push_back(make_body(octets, n + 1));
  }

  std::string make(uint64_t number, const std::string& to) const {
    const std::string& body = bodies_[number % bodies_.size()];
    std::string id = std::to_string(number);
    std::string out;
    out.reserve(body.size() + kHeaderOctets + 64);
    out += "From: Load Generator <load@client.test>\r\nTo: <" + to + ">\r\nSubject: message " + id +
           " of the bench\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\nMessage-ID: <" + id +
           ".bench@client.test>\r\nMIME-Version: 1.0\r\n";
    return out += body;
  }

 private:
  static constexpr size_t kHeaderOctets = 220;

  // Appends lines of `width` of the letters until there are `octets`.
  static void fill(std::string& out, size_t octets, const std::string& letters, size_t width, uint64_t seed) {
    uint64_t x = seed * 0x9E3779B97F4A7C15;
    size_t column = 0;
    while (out.size() < octets) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      out += letters[x % letters.size()];
      if (++column == width) {
        out += "\r\n";
        column = 0;
      }
    }
    if (column != 0) out += "\r\n";
  }

  // The header fields about the content, and the content.
  static std::string make_body(size_t octets, uint64_t seed) {
    const std::string text = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    const std::string words = "etaoin shrdlu cmfwyp vbgkqjxz ";
    octets = octets > kHeaderOctets ? octets - kHeaderOctets : 0;
    std::string out;
    if (octets < 8192 - kHeaderOctets) {
      out += text;
      fill(out, octets, words, 72, seed);
      return out;
    }
    out += "Content-Type: multipart/mixed; boundary=\"=_bench\"\r\n\r\n--=_bench\r\n" + text;
    fill(out, 1024, words, 72, seed);
    out +=
        "--=_bench\r\nContent-Type: application/octet-stream; name=\"data.bin\"\r\n"
        "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"data.bin\"\r\n\r\n";
    fill(out, octets, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 76, seed);
    return out += "--=_bench--\r\n";
  }

  std::vector<std::string> bodies_;
};

}  // namespace pabal::bench
