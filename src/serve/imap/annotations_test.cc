#include "serve/imap/annotations.h"

#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

const std::vector<store::Annotation> kThere = {{"/private/comment", "mine"},
                                               {"/private/filters/values/a/deep", "x"},
                                               {"/private/filters/values/boss", "FROM \"boss@example.com\""},
                                               {"/private/filters/values/small", "SMALLER 5000"},
                                               {"/shared/comment", "for all of us"}};

// What stands between the parentheses, and the longest that was left out.
std::string choose(std::vector<std::string> entries, AnnotationChoice choice = {}) {
  ChosenAnnotations chosen = choose_annotations(kThere, entries, choice);
  std::string out;
  put_annotations(out, "INBOX", chosen.found, false);
  if (!out.empty()) out = out.substr(out.find('(') + 1, out.rfind(')') - out.find('(') - 1);
  return chosen.longest > 0 ? out + ">" + std::to_string(chosen.longest) : out;
}

// RFC 5464 §4.2.1, §4.2.2
TEST(Annotations, AreChosenByDepth) {
  EXPECT_EQ(
      choose({"/private/filters/values"}, {.depth = 1}),
      R"(/private/filters/values/boss "FROM \"boss@example.com\"" /private/filters/values/small "SMALLER 5000")");
  EXPECT_EQ(choose({"/private/filters/values/a"}, {.depth = -1}), "/private/filters/values/a/deep \"x\"");
  EXPECT_EQ(choose({"/private/filters/values"}), "/private/filters/values NIL");
  EXPECT_EQ(choose({"/PRIVATE/Comment"}), "/PRIVATE/Comment \"mine\"");
  EXPECT_EQ(choose({"/private/com"}, {.depth = -1}), "/private/com NIL");
  EXPECT_EQ(choose({"/private/comment", "/private"}, {.depth = 1}), "/private/comment \"mine\"");
}

TEST(Annotations, AreLeftOutIfTheyAreTooLong) {
  EXPECT_EQ(choose({"/shared/comment", "/private/comment"}, {.octets_max = 4}),
            "/private/comment \"mine\">13");
  EXPECT_EQ(choose({"/shared/comment"}, {.octets_max = 4}), ">13");
}

// RFC 5464 §3.2
TEST(Annotations, HaveWellFormedNames) {
  for (const char* entry :
       {"/private/comment", "/Shared/vendor/cmu/cyrus-imapd/color", "/private/vendor/a/b"})
    EXPECT_EQ(entry_fault(entry), "") << entry;
  for (const char* entry : {"/comment", "/private", "/private/vendor", "/shared/vendor/a"})
    EXPECT_NE(entry_fault(entry), "") << entry;
  EXPECT_NE(entry_fault("/private/" + std::string(kEntryOctetsMax, 'x')), "");
}

// RFC 5464 §3.3
TEST(Annotations, NeedRights) {
  EXPECT_TRUE(may_annotate(true, {}));
  EXPECT_TRUE(may_annotate(false, reading::Rights("lp")));
  EXPECT_FALSE(may_annotate(false, reading::Rights("l")));
  EXPECT_FALSE(may_annotate(false, reading::Rights("rswip")));
}

}  // namespace
}  // namespace pabal::serve::imap
