// Names under which mail is sent, against the text that their writers meant.
#include "mail/charset_names.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/encoding.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

struct Row {
  const char* names;
  const char* bytes;
  const char* text;
};

// clang-format off
const Row rows[] = {
    {"euc-kr csEUCKR x-euc-kr ks_c_5601-1987 KS_C_5601-1989 csKSC56011987 ksc5601 KSC_5601 korean iso-ir-149 cp949 CP51949 ms949 uhc windows-949 x-windows-949 EUC_KR 'euc-kr' \"euc-kr\"", "\214c\271\346\260\242\307\317 \306\304\271\337", "똠방각하 파발"},
    {"johab JOHAB x-johab ms1361 cp1361", "\264e\221w \314a\244i", "안녕 파발"},
    {"gb2312 GB_2312-80 csGB2312 csISO58GB231280 x-gbk gbk cp936 ms936 windows-936 chinese GB18030 euc-cn", "\326\320\316\304 \351F \242\343", "中文 镕 €"},
    {"big5 cn-big5 csBig5 x-x-big5 Big5-HKSCS cp950 windows-950 big5-eten", "\264\372\270\325 \371\330 \371\326", "測試 裏 碁"},
    {"Shift_JIS shift-jis sjis x-sjis csShiftJIS MS_Kanji cp932 windows-31j csWindows31J ms932", "\223\372\226{ \207@\356\340 \303\275\304 \201`", "日本 ①髙 ﾃｽﾄ ～"},
    {"euc-jp x-euc-jp csEUCPkdFmtJapanese EUCJP-win cp51932", "\306\374\313\334\270\354 \216\266\216\305", "日本語 ｶﾅ"},
    {"iso-2022-jp csISO2022JP iso-2022-jp-1 iso-2022-jp-ms cp50220 cp50221 cp50222 windows-50221 ISO-2022-JP-3 JIS", "\033$B%F%9%H\033(B", "テスト"},
    {"iso-2022-kr csISO2022KR cp50225", "\033$)C\016GQ1[\017 and \016FD9_\017", "한글 and 파발"},
    {"hz-gb-2312 HZ hz-gb2312", "~{Dc:C~} hi", "你好 hi"},
    {"iso-8859-1 latin1 l1 ISO_8859-1:1987 iso-ir-100 cp819 IBM819 csISOLatin1 windows-1252 cp1252 iso8859-1 x-cp1252 ISO-8859-1-Windows-3.1-Latin-1 csWindows31Latin1 iso-latin-1", "\223\351\224 \200", "“é” €"},
    {"iso-8859-9 latin5 l5 ISO_8859-9:1989 csISOLatin5 iso-ir-148 windows-1254 cp1254 iso8859-9 ISO-8859-9-Windows-Latin-5 csWindows31Latin5", "\223\360\375\376\224", "“ğış”"},
    {"tis-620 TIS620 iso-8859-11 windows-874 cp874 dos-874 csTIS620", "\223\344\267\302\224", "“ไทย”"},
    {"iso-8859-2 latin2 csISOLatin2", "\263\363d\274", "łódź"},
    {"iso-8859-15 latin-9 l9 ISO8859-15", "\275 \244", "œ €"},
    {"iso-8859-16 latin10 ISO_8859-16:2001 iso-ir-226", "\252 \244", "Ș €"},
    {"windows-1251 cp1251 win-1251 x-cp1251 microsoft-cp1251 win1251 1251", "\317\360\350\342\345\362", "Привет"},
    {"windows-1250 win-1250 cp1250 ISO-8859-2-Windows-Latin-2 csWindows31Latin2", "\263\363d\237", "łódź"},
    {"koi8-r koi8 csKOI8R koi", "\360\322\311\327\305\324", "Привет"},
    {"koi8-u koi8-ru", "\267\326\301\313", "Їжак"},
    {"PTCP154 csPTCP154 CP154 Cyrillic-Asian", "\200\340", "Җа"},
    {"KZ-1048 csKZ1048 STRK1048-2002 RK1048", "\252\340", "Ға"},
    {"JIS_X0201 X0201 csHalfWidthKatakana", "\303\275\304", "ﾃｽﾄ"},
    {"ibm850 cp850 850 csPC850Multilingual DOS-850 OEM850", "\202\212", "éè"},
    {"ibm866 cp866 866 csIBM866 DOS-866", "\217\340\250\242\245\342", "Привет"},
    {"utf-8 UTF8 utf8mb4 unicode-1-1-utf-8 x-utf-8 cp65001 utf-8*en", "\354\225\210\353\205\225 \303\251", "안녕 é"},
    {"x-mac-cyrillic x-mac-ukrainian", "\217\360\350\342\345\362", "Привет"},
    {"macintosh mac x-mac-roman csMacintosh", "\216 \322x\323", "é “x”"},
};
// clang-format on

TEST(CharsetNames, MeanWhatWritersMean) {
  for (const Row& row : rows) {
    for (std::string_view name : split(row.names, ' ')) {
      EXPECT_TRUE(is_known_charset(name)) << name;
      EXPECT_EQ(to_utf8(row.bytes, name), row.text) << name;
      EXPECT_TRUE(same_charset(name, split(row.names, ' ')[0])) << name;
      bool no_token = name.find_first_of("\"*") != std::string_view::npos;
      if (no_token) continue;
      std::string word = "=?" + std::string(name) + "?B?" + base64_encode(row.bytes) + "?=";
      EXPECT_EQ(decode_text(word), row.text) << word;
    }
  }
}

// Whatever stands in the table has its converter here.
TEST(CharsetNames, AllConvertersAreThere) {
  for (const char* name :
       {"iso-8859-3",   "iso-8859-4",     "iso-8859-5",   "iso-8859-6",  "iso-8859-6-i",  "iso-8859-7",
        "iso-8859-8-i", "iso-8859-10",    "iso-8859-13",  "iso-8859-14", "windows-1253",  "windows-1255",
        "windows-1256", "windows-1257",   "windows-1258", "x-mac-greek", "x-mac-turkish", "x-mac-ce",
        "utf-7",        "utf-16",         "utf-16le",     "utf-16be",    "euc-tw",        "viscii",
        "armscii-8",    "ibm850",         "cp437",        "csUTF32",     "utf-32be",      "UNICODE-1-1",
        "csUnicode11",  "ISO-10646-UCS-4"}) {
    EXPECT_TRUE(is_known_charset(name)) << name;
    EXPECT_TRUE(is_utf8(to_utf8("abc \xE1\xE2", name))) << name;
  }
}

TEST(CharsetNames, NothingIsPassedOn) {
  for (const char* name : {"", " ", "x-no-such", "utf-8,version=1", "ISO-8859-1//TRANSLIT", "../x",
                           "unknown-8bit", "x-unknown", "8bit", "binary"}) {
    EXPECT_FALSE(is_known_charset(name)) << name;
  }
}

TEST(CharsetNames, UnknownButUtf8) {
  EXPECT_EQ(decode_text("=?unknown-8bit?B?7JWI64WV?="), "안녕");
  EXPECT_EQ(decode_text("=?x-from-nowhere?Q?=EC=95=88?= =?x-from-nowhere?Q?=EB=85=95?="), "안녕");
  EXPECT_EQ(decode_text("=?x-from-nowhere?B?7JU=?= =?x-from-nowhere?B?iA==?= x"), "안 x");
  EXPECT_EQ(decode_text("a =?x-from-nowhere?Q?=B0=A1?= b"), "a =?x-from-nowhere?Q?=B0=A1?= b");
  // RFC 1428 §3: the octets are those of the message's own text.
  EXPECT_EQ(decode_text("=?unknown-8bit?Q?=BE=C8=B3=E7?=", "ks_c_5601-1987"), "안녕");
}

}  // namespace
}  // namespace pabal::mail
