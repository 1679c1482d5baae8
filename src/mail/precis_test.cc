#include "mail/precis.h"

#include <gtest/gtest.h>

namespace pabal::mail {
namespace {

TEST(Precis, OnePersonIsOneName) {
  struct Case {
    const char *written, *name;
  };
  for (const Case& c :
       {Case{"Alice", "alice"},
        Case{"\u1112\u1161\u11AB\u1100\u1173\u11AF", "한글"},  // decomposed, as macOS writes
        Case{"Jose\u0301", "josé"}, Case{"ÉMILE", "émile"}, Case{"ＡＬＩＣＥ", "alice"},
        Case{"ﾃｽﾄ", "テスト"}, Case{"ИВАН", "иван"}, Case{"\u212Bngstrom", "ångstrom"},  // ANGSTROM SIGN
        Case{"ﬁ", "ﬁ"},            // compatibility is not width (RFC 8264 §5.2.1)
        Case{"straße", "straße"},  // lower case, not case folding
        Case{"\xFF", "\xFF"}, Case{"", ""}}) {
    EXPECT_EQ(fold_name(c.written), c.name);
    EXPECT_EQ(fold_name(c.name), c.name);
  }
  EXPECT_EQ(fold_address("ÉMILE@Exámple.ORG"), "émile@xn--exmple-qta.org");
  EXPECT_EQ(fold_address("Jose\u0301"), "josé");
}

TEST(Precis, Passwords) {
  EXPECT_EQ(prepare_password("Geheim Wort"), "Geheim Wort");
  EXPECT_EQ(prepare_password("\u1112\u1161\u11AB"), "한");
  EXPECT_EQ(prepare_password("a\u3000b\u00A0c"), "a b c");
  EXPECT_EQ(prepare_password("ＡÉ"), "ＡÉ");  // neither width nor case
  for (const char* bad : {"", "\xFF", "a\tb", "a\u0085b", "a\x7F"})
    EXPECT_EQ(prepare_password(bad), std::nullopt);
}

TEST(NewNames, HaveNothingInvisible) {
  for (const char* name :
       {"alice", "a.b+c_d!", "김철수", "straße", "σας", "café", "नमस्ते", "क्\u200Dष", "ナカ・ムラ", "٣"})
    EXPECT_EQ(unfit_for_name(name), std::nullopt) << name;
  for (auto [name, wrong] : std::vector<std::pair<std::string, std::string>>{{"a\u200Bb", "U+200B"},
                                                                             {"a\u00ADb", "U+00AD"},
                                                                             {"\u202Ealice", "U+202E"},
                                                                             {"ali\u200Dce", "U+200D"},
                                                                             {"\uFB01sh", "U+FB01"},
                                                                             {"x²", "U+00B2"},
                                                                             {"a\u3000b", "U+3000"},
                                                                             {"\u3164", "U+3164"},
                                                                             {"☺", "U+263A"},
                                                                             {"a\u2024b", "U+2024"}})
    EXPECT_EQ(unfit_for_name(name), wrong) << name;
}

}  // namespace
}  // namespace pabal::mail
