#include "mail/charset_guess.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/charset.h"

namespace pabal::mail {
namespace {

struct Row {
  const char *bytes, *text;
};

// clang-format off
const Row rows[] = {
    {"\276\310\263\347", "안녕"},
    {"\276\310\263\347\307\317\274\274\277\344", "안녕하세요"},
    {"\310\270\300\307 \300\332\267\341 \272\270\263\273\265\345\270\263\264\317\264\331", "회의 자료 보내드립니다"},
    {"\260\337\300\373\274\255.pdf", "견적서.pdf"},
    {"\301\326\271\256\300\314 \301\242\274\366\265\307\276\372\275\300\264\317\264\331", "주문이 접수되었습니다"},
    {"[\260\370\301\366] \275\303\275\272\305\333 \301\241\260\313 \276\310\263\273", "[공지] 시스템 점검 안내"},
    {"\310\253\261\346\265\277", "홍길동"},
    {"\261\350\303\266\274\366 \260\372\300\345\264\324", "김철수 과장님"},
    {"2024\263\342 \260\341\273\352 \272\270\260\355\274\255", "2024년 결산 보고서"},
    {"\273\347\301\370", "사진"},
    {"\214c\271\346\260\242\307\317 \274\204\275\303\304\335\266\363\300\324\264\317\264\331", "똠방각하 펲시콜라입니다"},
    {"\262\361\265\304\244\316\244\252\303\316\244\351\244\273", "会議のお知らせ"},
    {"\244\263\244\363\244\313\244\301\244\317", "こんにちは"},
    {"\306\374\313\334\270\354\244\316\245\306\245\271\245\310", "日本語のテスト"},
    {"\244\242\244\352\244\254\244\310\244\246\244\264\244\266\244\244\244\336\244\271", "ありがとうございます"},
    {"\211\357\213c\202\314\202\250\222m\202\347\202\271", "会議のお知らせ"},
    {"\202\261\202\361\202\311\202\277\202\315", "こんにちは"},
    {"\223\372\226{\214\352", "日本語"},
    {"\214\251\220\317\217\221.pdf", "見積書.pdf"},
    {"\202\240\202\350\202\252\202\306\202\244\202\262\202\264\202\242\202\334\202\267", "ありがとうございます"},
    {"\326\320\316\304", "中文"},
    {"\273\341\322\351\315\250\326\252", "会议通知"},
    {"\304\372\272\303\243\254\307\353\262\351\312\325\270\275\274\376", "您好，请查收附件"},
    {"\262\342\312\324\323\312\274\376", "测试邮件"},
    {"\261\250\274\333\265\245", "报价单"},
    {"\316\322\303\307\271\253\313\276\265\304\262\372\306\267", "我们公司的产品"},
    {"\264\372\270\325", "測試"},
    {"\267|\304\263\263q\252\276", "會議通知"},
    {"\261z\246n\241A\275\320\254d\246\254\252\376\245\363", "您好，請查收附件"},
    {"\244\244\244\345\266l\245\363", "中文郵件"},
    {"\245x\306W", "台灣"},
    {"\317\360\350\342\345\362", "Привет"},
    {"\316\362\367\270\362 \347\340 \354\345\361\377\366", "Отчёт за месяц"},
    {"\307\344\360\340\342\361\362\342\363\351\362\345, \310\342\340\355!", "Здравствуйте, Иван!"},
    {"\321\327\305\322", "СЧЕТ"},
    {"\360\322\311\327\305\324", "Привет"},
    {"\357\324\336\243\324 \332\301 \315\305\323\321\303", "Отчёт за месяц"},
    {"\372\304\322\301\327\323\324\327\325\312\324\305, \351\327\301\316!", "Здравствуйте, Иван!"},
    {"caf\351", "café"},
    {"Gr\366\337e", "Größe"},
    {"Se\361or", "Señor"},
    {"\334ber uns", "Über uns"},
    {"\223quoted\224", "“quoted”"},
    {"Fa\347ade d\351j\340 vu", "Façade déjà vu"},
    {"Rendez-vous \340 midi", "Rendez-vous à midi"},
    {"\223\351\224", "“é”"},
    {"na\357ve r\351sum\351", "naïve résumé"},
    {"1 \200 \374ber \304rger", "1 € über Ärger"},
};
// clang-format on

TEST(CharsetGuess, ByWhatDecodes) {
  for (const Row& row : rows) EXPECT_EQ(to_utf8(row.bytes, ""), row.text) << guess_charset(row.bytes);
}

TEST(CharsetGuess, LongText) {
  std::string bytes, text;
  for (int i = 0; i < 3'000; ++i) {
    bytes += "\276\310\263\347 x ";
    text += "안녕 x ";
  }
  EXPECT_EQ(to_utf8(bytes, ""), text);
  EXPECT_TRUE(is_utf8(to_utf8(std::string(100'000, '\xFF'), "")));
  EXPECT_EQ(guess_charset("\x1B$B2q5D\x1B(B"), "iso-2022-jp");
}

TEST(RawText, DeclaredThenUtf8) {
  // 안녕 in EUC-KR is what the message says; in UTF-8 it is that whatever it says.
  EXPECT_EQ(charset_of_raw_text("\276\310\263\347", "euc-kr"), "euc-kr");
  EXPECT_EQ(charset_of_raw_text("안녕", "euc-kr"), "utf-8");
  EXPECT_EQ(charset_of_raw_text("你好", "gb2312"), "utf-8");
  EXPECT_EQ(charset_of_raw_text("안녕", "iso-8859-1"), "utf-8");
  EXPECT_EQ(charset_of_raw_text("é", "iso-8859-1"), "utf-8");
  // What is written with escapes is that whatever the message says, in 7 bits.
  for (const char* declared : {"", "us-ascii", "utf-8", "iso-2022-jp", "windows-1252"}) {
    EXPECT_EQ(charset_of_raw_text("\x1B$B2q5D\x1B(B", declared), "iso-2022-jp") << declared;
    EXPECT_EQ(raw_text_to_utf8("\x1B$B2q5D\x1B(B", declared), "会議") << declared;
  }
  EXPECT_EQ(raw_text_to_utf8("\x1B$)C\x0EGQ1[\x0F", ""), "한글");
  for (const char* body_in : {"", "us-ascii", "utf-8", "unknown-8bit"})
    EXPECT_EQ(to_utf8("\x1B$B2q5D\x1B(B x", body_in), "会議 x") << body_in;
  EXPECT_EQ(to_utf8("\x1B[1mbold\x1B[0m $B", "us-ascii"), "\x1B[1mbold\x1B[0m $B");
  EXPECT_EQ(raw_text_to_parse("\"\x1B$B2q5D\x1B(B\" <a@b>", ""), "\"会議\" <a@b>");
  // 一只: valid UTF-8 of two characters of two octets by chance.
  EXPECT_EQ(raw_text_to_utf8("\322\273\326\273", "gb2312"), "一只");
  EXPECT_EQ(charset_of_raw_text("caf\351", "iso-8859-1"), "iso-8859-1");
  EXPECT_EQ(raw_text_to_utf8("\317\360\350", "windows-1251"), "При");
  for (const char* unfit : {"", "us-ascii", "utf-8", "unknown-8bit", "no-such", "utf-16", "iso-2022-jp"}) {
    EXPECT_EQ(charset_of_raw_text("\276\310\263\347", unfit), "") << unfit;
    EXPECT_EQ(raw_text_to_utf8("\276\310\263\347", unfit), "안녕") << unfit;
  }
}

}  // namespace
}  // namespace pabal::mail
