#include "mail/charset.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

TEST(Charset, KoreanUnderAllItsNames) {
  for (const char* name : {"euc-kr", "EUC-KR", "ks_c_5601-1987", "KS_C_5601-1989", "ksc5601", "cp949", "uhc",
                           "x-windows-949", "windows-949"}) {
    EXPECT_TRUE(is_known_charset(name)) << name;
    EXPECT_EQ(to_utf8("\xC7\xD1\xB1\xDB \xC6\xC4\xB9\xDF", name), "한글 파발") << name;
    // 똠방각하 펲시콜라: syllables that KS X 1001 lacks.
    EXPECT_EQ(to_utf8("\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF \xBC\x84\xBD\xC3\xC4\xDD\xB6\xF3", name),
              "똠방각하 펲시콜라")
        << name;
  }
}

TEST(Charset, Iso2022Kr) {
  EXPECT_EQ(to_utf8("\x1B$)C\x0EGQ1[\x0F and \x0E\x46\x44\x39\x5F\x0F", "iso-2022-kr"), "한글 and 파발");
  EXPECT_EQ(to_utf8("\x1B$)C\x0EGQ1[\x0F", "ISO-2022-KR"), "한글");
}

TEST(Charset, OthersOfOldMail) {
  EXPECT_EQ(to_utf8("\x1B$BF|K\\8l\x1B(B", "iso-2022-jp"), "日本語");
  EXPECT_EQ(to_utf8("\x93\xFA\x96\x7B", "shift_jis"), "日本");
  EXPECT_EQ(to_utf8("\xD6\xD0\xCE\xC4", "gb2312"), "中文");
  EXPECT_EQ(to_utf8("\xA4\xA4\xA4\xE5", "big5"), "中文");
  EXPECT_EQ(to_utf8("\xF0\xD2\xC9\xD7\xC5\xD4", "koi8-r"), "Привет");
  EXPECT_EQ(to_utf8("Hi Mom -+Jjo--+ACE-", "utf-7"), "Hi Mom -☺-!");
  EXPECT_EQ(to_utf8("\x93quoted\x94 \x80", "iso-8859-1"), "“quoted” €");
  EXPECT_EQ(to_utf8(std::string_view("\xFE\xFF\x00"
                                     "A",
                                     4),
                    "utf-16"),
            "A");
}

TEST(Charset, UnknownIsUtf8OrWestern) {
  EXPECT_FALSE(is_known_charset("x-no-such"));
  EXPECT_FALSE(is_known_charset("utf-8,version=1"));
  EXPECT_EQ(to_utf8("파발", "x-no-such"), "파발");
  EXPECT_EQ(to_utf8("caf\xE9", ""), "café");
  EXPECT_EQ(to_utf8("caf\xE9", "us-ascii"), "café");
}

TEST(Charset, ResultIsAlwaysUtf8) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (const char* name :
       {"utf-8", "euc-kr", "iso-2022-kr", "iso-2022-jp", "utf-7", "utf-16", "gb18030", "big5", "nonsense"}) {
    EXPECT_TRUE(is_utf8(to_utf8(bytes, name))) << name;
  }
  EXPECT_EQ(to_utf8("a\xFFz", "utf-8"), "a\uFFFDz");
}

TEST(Charset, LongTextCrossesThePieces) {
  std::string euc, utf8;
  for (int i = 0; i < 100'000; ++i) {
    euc += i % 7 == 0 ? "x\xC7\xD1" : "\xB1\xDB";
    utf8 += i % 7 == 0 ? "x한" : "글";
  }
  EXPECT_EQ(to_utf8(euc, "euc-kr"), utf8);
}

}  // namespace
}  // namespace pabal::mail
