// The mails of a mailbox as people have it: short texts, text with HTML beside,
// small attachments, Korean, threads of replies; 3.8 KiB each on average. Mail
// number n is the same in every run and for every server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pabal::bench {

class Mailbag {
 public:
  Mailbag();

  // With CRLF line ends. n from 0.
  std::string mail(uint64_t n) const;
  // A text/plain mail of `octets` (at least its header), for what is sent one by one.
  std::string plain(uint64_t n, size_t octets) const;
  // With an attachment in base64, so that it has about `octets`.
  std::string large(uint64_t n, size_t octets) const;
  // As APPEND wants it: "\"21-Nov-2026 09:00:00 +0000\"".
  static std::string internal_date(uint64_t n);

  // Words that stand in a few mails only, to look for: in one body of 64, in one
  // Korean body of 8, in one subject of 50.
  static constexpr const char* kRareWord = "zebrafish";
  static constexpr const char* kRareKorean = "무궁화";
  static constexpr const char* kRareSubject = "quarterly";

 private:
  std::string text(uint64_t seed, size_t octets) const;
  std::string korean(uint64_t seed, size_t octets) const;
  std::string subject(uint64_t n) const;
  std::string header(uint64_t n) const;
  std::string body(uint64_t n) const;

  std::vector<std::string> words_;
};

}  // namespace pabal::bench
