#include "mail/iso_2022.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/encoding.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

std::string word(std::string_view charset, std::string_view bytes) {
  return "=?" + std::string(charset) + "?B?" + base64_encode(bytes) + "?=";
}

// RFC 2047 §6.2: neighbours are shown as if they were one; each has to end in ASCII.
TEST(Iso2022, NeighbouringWords) {
  struct Case {
    const char *charset, *first, *second, *text;
  };
  for (const Case& c :
       {Case{"iso-2022-jp", "\x1B$B2q5D\x1B(B", "\x1B$B5DO?\x1B(B", "会議議録"},
        Case{"ISO-2022-JP", "\x1B$@2q5D\x1B(J", "\x1B(J\x1B$B5DO?\x1B(B", "会議議録"},
        Case{"iso-2022-jp-2", "\x1B$A0!\x1B(B", "\x1B$(C0!\x1B(B", "啊가"},
        Case{"cp50221", "\x1B(I6E\x1B(B", "\x1B(I6E\x1B(B", "ｶﾅｶﾅ"},
        Case{"iso-2022-kr", "\x1B$)C\x0EGQ\x0F",
             "\x1B$)C\016"
             "1[\x0F",
             "한글"},
        Case{"iso-2022-kr", "\x1B$)C\x0EGQ\x0F",
             "\016"
             "1[\x0F",
             "한글"},
        Case{"iso-2022-cn", "\x1B$)A\x0EVP\x0F", "\x1B$)A\x0E\x4E\x44\x0F", "中文"},
        Case{"hz-gb-2312", "~{Dc~}", "~{:C~}", "你好"}, Case{"utf-7", "+xUg-", "+sVU-", "안녕"},
        Case{"utf-8", "\xEC\x95", "\x88", "안"}, Case{"euc-kr", "\xBE", "\xC8", "안"},
        Case{"gb18030", "\x81", "\x30\x81\x31", "\xC2\x81"}, Case{"big5", "\xB4", "\xFA", "測"}}) {
    std::string header = word(c.charset, c.first) + "\r\n " + word(c.charset, c.second);
    EXPECT_EQ(decode_text(header), c.text) << c.charset;
    EXPECT_EQ(to_utf8(std::string(c.first) + c.second, c.charset), c.text) << c.charset;
  }
  // Two names of one charset, and a language.
  EXPECT_EQ(decode_text(word("utf-8", "\xEC\x95") + " " + word("UTF8*ko", "\x88")), "안");
  // The base64 itself is cut.
  EXPECT_EQ(decode_text("=?utf-8?B?7ZW?= =?utf-8?B?c6riA?="), "한글");
}

TEST(Iso2022, EmptyStretchesInText) {
  EXPECT_EQ(to_utf8("\x1B$B2q\x1B(B\x1B$B5D\x1B(B\x1B(B\x1B(J\x1B(B x", "iso-2022-jp"), "会議 x");
  EXPECT_EQ(to_utf8("~{~}a~{Dc~}~{:C~}~~b~\nc~\r\nd", "hz"), "a你好~bcd");
  EXPECT_EQ(to_utf8("\x0E\x0F"
                    "a\x0E\x0F\x0E"
                    "GQ\x0F",
                    "iso-2022-kr"),
            "a한");
}

TEST(Iso2022, SetsOfTheFamily) {
  EXPECT_EQ(to_utf8("\x1B$(D0!\x1B(B", "iso-2022-jp-1"), "丂");  // JIS X 0212
  EXPECT_EQ(to_utf8("\x1B.A\x1BNi \x1B.F\x1BNa", "iso-2022-jp-2"), "é α");
  EXPECT_EQ(to_utf8("\x1B(J\\~\x1B(B\\~", "iso-2022-jp"), "¥‾\\~");
  EXPECT_EQ(to_utf8("\x1B$B-!|b\x1B(B", "iso-2022-jp-ms"), "①髙");                  // NEC's and IBM's rows
  EXPECT_EQ(to_utf8("\x0E\x36\x45\x0F \xB6\xC5 \x1B(B", "iso-2022-jp"), "ｶﾅ ｶﾅ ");  // 7 and 8 bits
  EXPECT_EQ(to_utf8("\x1B$)G\x0E"
                    "D6\x0F\x1B$*H\x1BN!!",
                    "iso-2022-cn"),
            "下乂");
}

TEST(Iso2022, BrokenText) {
  EXPECT_EQ(to_utf8("\x1B$B2", "iso-2022-jp"), "\uFFFD");
  EXPECT_EQ(to_utf8("\x1B$B2\n5D", "iso-2022-jp"), "\uFFFD\n議");
  EXPECT_EQ(to_utf8("\x1B%x\x1B", "iso-2022-jp"), "\x1B%x\x1B");
  EXPECT_EQ(to_utf8("~{D\n~}x", "hz"), "D\nx");
  // Under the wrong name: no escape sequence, but 8-bit.
  EXPECT_EQ(to_utf8("\x93\xFA\x96\x7B\x8C\xEA\x82\xCC", "iso-2022-jp"), "日本語の");
  std::string all;
  for (int i = 0; i < 70'000; ++i) all += static_cast<char>(i * 7 % 256);
  for (const char* name : {"iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz"})
    EXPECT_TRUE(is_utf8(to_utf8("\x1B$B" + all, name))) << name;
}

}  // namespace
}  // namespace pabal::mail
