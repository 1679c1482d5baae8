#include "mail/summary_keys.h"

#include <gtest/gtest.h>

#include "mail/search_text.h"

namespace pabal::mail {
namespace {

constexpr Time received_at{1'000'000'000'000};  // 2001-09-09T01:46:40Z

SummaryKeys keys_of(const std::string& head) {
  std::string message = head + "\r\nbody\r\n";
  return summary_keys(parse_message(message), message, received_at);
}

// RFC 5256 §2.2.
TEST(SummaryKeys, SentDate) {
  SummaryKeys keys = keys_of("Date: Sun, 31 Dec 2000 16:01:33 -0800\r\n");
  EXPECT_EQ(keys.sent_at, Time{978'307'293'000});
  EXPECT_EQ(keys.sent_day, 11322);  // 2000-12-31, the next day in UTC
  EXPECT_EQ(keys_of("Date: 1 Jan 2001 00:30:00 +0900\r\n").sent_day, 11323);
  EXPECT_EQ(keys_of("Date: 31 Dec 1969 23:00:00 +0000\r\n").sent_day, -1);
  EXPECT_EQ(keys_of("Date: never\r\n").sent_at, received_at);
  EXPECT_EQ(keys_of("").sent_at, received_at);
  EXPECT_EQ(keys_of("").sent_day, 11574);
}

TEST(SummaryKeys, Subject) {
  SummaryKeys keys = keys_of("Subject: =?utf-8?B?UmU6IO2MjOuwnA==?= NEWS\r\n");
  EXPECT_EQ(keys.base_subject, sort_key("파발") + " NEWS");
  EXPECT_TRUE(keys.subject_is_reply);
  EXPECT_EQ(keys_of("").base_subject, "");
  EXPECT_FALSE(keys_of("").subject_is_reply);
}

TEST(SummaryKeys, Addresses) {
  SummaryKeys keys = keys_of(
      "From: =?utf-8?q?J=C3=96RG?= <Jorg@X.test>, b@x.test\r\nTo: \"Kim L.\"@X.test\r\n"
      "Cc: The Team: a@x.test, b@x.test;\r\n");
  EXPECT_EQ(keys.from_key, "JORG");
  EXPECT_EQ(keys.from_display, "JO\u0308RG");
  EXPECT_EQ(keys.to_key, "KIM L.");
  EXPECT_EQ(keys.to_display, "\"KIM L.\"@X.TEST");
  EXPECT_EQ(keys.cc_key, "THE TEAM");
  keys = keys_of("To: undisclosed-recipients:;\r\nFrom: root\r\nCc:\r\n");
  EXPECT_EQ(keys.to_key, "UNDISCLOSED-RECIPIENTS");
  EXPECT_EQ(keys.to_display, "UNDISCLOSED-RECIPIENTS");
  EXPECT_EQ(keys.from_key, "ROOT");
  EXPECT_EQ(keys.cc_key, "");
}

TEST(SummaryKeys, MessageIds) {
  SummaryKeys keys = keys_of(
      "Message-ID: <\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>\r\n"
      "References: <a@x> junk <b@x>\r\n <c\r\n @x><>\r\nIn-Reply-To: <z@x>\r\n");
  EXPECT_EQ(keys.message_id, "01KF8JCEOCBS0045PS@xxx.yyy.com");
  EXPECT_EQ(keys.references, (std::vector<std::string>{"a@x", "b@x", "c@x"}));
  keys = keys_of("References: none\r\nIn-Reply-To: Your message of \"Monday\" <z@x> <y@x>\r\n");
  EXPECT_EQ(keys.references, std::vector<std::string>{"z@x"});
  EXPECT_EQ(keys.message_id, "");
  EXPECT_TRUE(keys_of("In-Reply-To: what you said\r\n").references.empty());
}

TEST(SummaryKeys, AreShortWhateverTheFields) {
  const std::string large(1'000'000, 'x');
  SummaryKeys keys = keys_of("Subject: " + large + "\r\nFrom: " + large + " <a@x.test>\r\nTo: " + large +
                             "@x.test\r\nCc: " + large + ": a@x.test;\r\n");
  for (const std::string* key :
       {&keys.base_subject, &keys.from_key, &keys.from_display, &keys.to_key, &keys.to_display, &keys.cc_key})
    EXPECT_LE(key->size(), sort_key_octets_max);
}

TEST(SummaryKeys, ReferencesAreBoundedToTheLastOnes) {
  std::string head = "References:";
  for (size_t i = 0; i < references_max + 5; ++i) head += "\r\n <" + std::to_string(i) + "@x>";
  SummaryKeys keys = keys_of(head + "\r\n");
  EXPECT_EQ(keys.references.size(), references_max);
  EXPECT_EQ(keys.references.front(), "5@x");
}

TEST(SummaryKeys, HostileIdsAreReadOnce) {
  EXPECT_TRUE(message_ids(std::string(1'000'000, '<')).empty());
  EXPECT_EQ(message_ids("<<a@x>>"), std::vector<std::string>{"a@x"});
  EXPECT_EQ(first_message_id("<\xFF@x>"), "ÿ@x");
  EXPECT_EQ(first_message_id("<" + std::string(5000, 'a') + "@x> <b@x>"), "b@x");
}

}  // namespace
}  // namespace pabal::mail
