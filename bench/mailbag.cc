#include "bench/mailbag.h"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

namespace pabal::bench {
namespace {

// splitmix64: the n-th number of stream `seed`.
uint64_t draw(uint64_t seed, uint64_t n) {
  uint64_t x = seed * 0x9E3779B97F4A7C15 + n * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

enum Stream : uint64_t { kKind = 1, kParent, kSubject, kSender, kSize, kWords };

constexpr std::array kSyllables = {"ba", "co", "di", "fe", "go", "hu", "ja", "ki", "lo", "mu",
                                   "na", "pe", "ri", "so", "tu", "ve", "wi", "xa", "yo", "ze"};
constexpr std::array kKorean = {
    "회의",   "자료", "내일", "오후에",     "감사합니다", "일정을", "확인", "부탁드립니다", "첨부", "파일",
    "보고서", "서울", "부산", "안녕하세요", "프로젝트",   "검토",   "의견", "다음",         "주",   "월요일"};
constexpr std::array kNames = {"Alice Kim", "Bob Lee",    "Carol Park", "Dan Choi",
                               "Eve Jung",  "Frank Moon", "Grace Han"};
constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array kDays = {"Thu", "Fri", "Sat", "Sun",
                              "Mon", "Tue", "Wed"};  // 1 January 2026 is a Thursday
constexpr size_t kReferencesMax = 8;

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string base64_lines(const std::string& bytes) {
  std::string flat = base64(bytes), out;
  for (size_t at = 0; at < flat.size(); at += 76) out += flat.substr(at, 76) + "\r\n";
  return out;
}

enum class Kind { plain, alternative, attachment, korean };

Kind kind_of(uint64_t n) {
  uint64_t of_20 = draw(kKind, n) % 20;
  if (of_20 < 9) return Kind::plain;
  if (of_20 < 14) return Kind::alternative;
  if (of_20 < 17) return Kind::attachment;
  return Kind::korean;
}

bool is_reply(uint64_t n) {
  return n > 0 && draw(kParent, n) % 10 < 5;
}
uint64_t parent(uint64_t n) {
  return n - 1 - draw(kParent, n + (uint64_t{1} << 40)) % std::min<uint64_t>(n, 50);
}
uint64_t root(uint64_t n) {
  while (is_reply(n)) n = parent(n);
  return n;
}

std::string message_id(uint64_t n) {
  return "<" + std::to_string(n) + "." + std::to_string(draw(9, n)) + "@client.test>";
}

// Five minutes from one mail to the next, from 1 January 2026 on.
struct Moment {
  uint64_t weekday, day, month, year, hour, minute;
};
Moment moment(uint64_t n) {
  uint64_t minutes = n * 5, days = minutes / 1440;
  Moment m{.weekday = days % 7,
           .day = 0,
           .month = 0,
           .year = 2026,
           .hour = minutes / 60 % 24,
           .minute = minutes % 60};
  constexpr std::array<uint64_t, 12> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (; days >= 365; days -= 365) ++m.year;  // leap days are of no interest here
  for (; days >= lengths[m.month]; ++m.month) days -= lengths[m.month];
  m.day = days + 1;
  return m;
}

std::string two(uint64_t n) {
  return (n < 10 ? "0" : "") + std::to_string(n);
}
std::string clock(const Moment& m) {
  return two(m.hour) + ":" + two(m.minute) + ":00 +0000";
}

}  // namespace

Mailbag::Mailbag() {
  for (uint64_t i = 0; i < 4000; ++i) {
    std::string word;
    for (uint64_t k = 0; k <= draw(kWords, i) % 4; ++k)
      word += kSyllables[draw(kWords, i * 4 + k) % kSyllables.size()];
    words_.push_back(word);
  }
}

std::string Mailbag::text(uint64_t seed, size_t octets) const {
  std::string out;
  size_t column = 0;
  for (uint64_t i = 0; out.size() < octets; ++i) {
    // Few words are frequent and many are rare, as in any language.
    double u = static_cast<double>(draw(seed, i) >> 11) / 9007199254740992.0;
    const std::string& word = words_[static_cast<size_t>(u * u * u * static_cast<double>(words_.size()))];
    out += word;
    column += word.size() + 1;
    out += column > 68 ? "\r\n" : " ";
    if (column > 68) column = 0;
  }
  return out + "\r\n";
}

std::string Mailbag::korean(uint64_t seed, size_t octets) const {
  std::string out;
  for (uint64_t i = 0; out.size() < octets; ++i) {
    out += kKorean[draw(seed, i) % kKorean.size()];
    out += i % 8 == 7 ? "\r\n" : " ";
  }
  return out + "\r\n";
}

std::string Mailbag::subject(uint64_t n) const {
  uint64_t first = root(n);
  std::string prefix = first == n ? "" : "Re: ";
  if (kind_of(first) == Kind::korean) {
    std::string words = std::string(kKorean[draw(kSubject, first) % kKorean.size()]) + " " +
                        kKorean[draw(kSubject, first + 1) % kKorean.size()] + " " + std::to_string(first);
    return prefix + "=?UTF-8?B?" + base64(words) + "?=";
  }
  return prefix + words_[draw(kSubject, first) % 3000] +
         (first % 50 == 7 ? std::string(" ") + kRareSubject : "") + " " +
         words_[draw(kSubject, first + 1) % 3000] + " " + std::to_string(first);
}

std::string Mailbag::header(uint64_t n) const {
  uint64_t sender = draw(kSender, n);
  Moment m = moment(n);
  std::string from =
      std::string(kNames[sender % kNames.size()]) + " <p" + std::to_string(sender % 97) + "@client.test>";
  std::string out =
      "Return-Path: <p" + std::to_string(sender % 97) +
      "@client.test>\r\nReceived: from mail.client.test (mail.client.test [192.0.2.7])\r\n\tby mx.test.local "
      "with ESMTPS id " +
      std::to_string(draw(8, n)) + "\r\n\tfor <u0@test.local>; " + kDays[m.weekday] + ", " + two(m.day) +
      " " + kMonths[m.month] + " " + std::to_string(m.year) + " " + clock(m) + "\r\n";
  out += "Date: " + std::string(kDays[m.weekday]) + ", " + two(m.day) + " " + kMonths[m.month] + " " +
         std::to_string(m.year) + " " + clock(m) + "\r\nFrom: " + from +
         "\r\nTo: User Zero <u0@test.local>\r\n";
  if (sender % 5 == 0) out += "Cc: Somebody Else <else@client.test>, team@client.test\r\n";
  out += "Subject: " + subject(n) + "\r\nMessage-ID: " + message_id(n) + "\r\n";
  if (is_reply(n)) {
    std::string references;
    size_t count = 0;
    for (uint64_t at = n; is_reply(at) && count < kReferencesMax; ++count) {
      at = parent(at);
      references = message_id(at) + (references.empty() ? "" : "\r\n " + references);
    }
    out += "In-Reply-To: " + message_id(parent(n)) + "\r\nReferences: " + references + "\r\n";
  }
  return out + "MIME-Version: 1.0\r\n";
}

std::string Mailbag::body(uint64_t n) const {
  const std::string plain = "Content-Type: text/plain; charset=utf-8\r\n";
  size_t octets = 600 + draw(kSize, n) % 4600;
  uint64_t seed = draw(kWords, n) | 1;
  std::string rare = n % 64 == 7 ? std::string(kRareWord) + " needle\r\n" : "";
  std::string boundary = "=_" + std::to_string(draw(7, n));
  std::string begin = "--" + boundary + "\r\n", end = "--" + boundary + "--\r\n";
  switch (kind_of(n)) {
    case Kind::plain:
      return plain + "Content-Transfer-Encoding: 7bit\r\n\r\n" + text(seed, octets) + rare;
    case Kind::alternative:
      return "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n" + begin + plain +
             "\r\n" + text(seed, octets / 2) + rare + begin +
             "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>" + text(seed, octets / 2) +
             "</p></body></html>\r\n" + end;
    case Kind::attachment: {
      std::string data;
      for (uint64_t i = 0; i < 256; ++i) {
        uint64_t bits = draw(seed + 1, i);
        data.append(reinterpret_cast<const char*>(&bits), sizeof bits);
      }
      return "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n" + begin + plain + "\r\n" +
             text(seed, octets / 2) + rare + begin +
             "Content-Type: application/pdf; name=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"
             "Content-Disposition: attachment; filename=\"report.pdf\"\r\n\r\n" +
             base64_lines(data) + end;
    }
    case Kind::korean:
      rare = n % 8 == 3 ? std::string(kRareKorean) + "\r\n" : "";
      return plain + "Content-Transfer-Encoding: base64\r\n\r\n" +
             base64_lines(korean(seed, octets * 3 / 4) + rare);
  }
  return {};
}

std::string Mailbag::mail(uint64_t n) const {
  return header(n) + body(n);
}

std::string Mailbag::plain(uint64_t n, size_t octets) const {
  std::string out = header(n) + "Content-Type: text/plain; charset=utf-8\r\n\r\n";
  return out + text(n + 1, octets > out.size() ? octets - out.size() : 1);
}

std::string Mailbag::large(uint64_t n, size_t octets) const {
  std::string out = header(n) + "Content-Type: multipart/mixed; boundary=\"parts\"\r\n\r\n--parts\r\n\r\n" +
                    text(n + 1, 400) +
                    "\r\n--parts\r\nContent-Type: application/pdf\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n";
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr size_t kLine = 76;
  out.reserve(octets + 200);
  uint64_t state = n + 1;
  while (out.size() < octets) {
    for (size_t i = 0; i < kLine; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      out += kDigits[state >> 58];
    }
    out += "\r\n";
  }
  return out + "--parts--\r\n";
}

std::string Mailbag::internal_date(uint64_t n) {
  Moment m = moment(n);
  return "\"" + two(m.day) + "-" + kMonths[m.month] + "-" + std::to_string(m.year) + " " + clock(m) + "\"";
}

}  // namespace pabal::bench
