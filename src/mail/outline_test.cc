#include "mail/outline.h"

#include <gtest/gtest.h>
#include <random>

#include "mail/encoding.h"

namespace pabal::mail {
namespace {

const std::string kBytes = [] {
  std::string out;
  std::mt19937 random(7);
  for (int i = 0; i < 10'000; ++i) out += static_cast<char>(random());
  return out;
}();

std::string attachment(const std::string& encoded) {
  return "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n--b\r\n\r\nhi\r\n"
         "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         encoded + "--b--\r\nbehind\r\n";
}

Outline measured(const std::string& message) {
  Outline outline = outline_of(parse_message(message));
  measure_base64(outline, message);
  return outline;
}

bool same(const Outline& a, const Outline& b) {
  return a.header_begin == b.header_begin && a.body_begin == b.body_begin && a.body_end == b.body_end &&
         a.kind == b.kind && a.encoding == b.encoding && a.line_octets == b.line_octets &&
         a.decoded_octets == b.decoded_octets && a.children_unknown == b.children_unknown &&
         std::ranges::equal(a.children, b.children, same);
}

TEST(Outline, ComesBackAsItWasPacked) {
  const Outline outline = measured(attachment(base64_encode_lines(kBytes)));
  ASSERT_EQ(outline.children.size(), 2u);
  EXPECT_EQ(outline.children[1].line_octets, 76u);
  const std::string packed = pack(outline);
  EXPECT_LT(packed.size(), 40u);
  std::optional<Outline> back = unpack_outline(packed);
  ASSERT_TRUE(back);
  EXPECT_TRUE(same(*back, outline));
}

TEST(Outline, WhatIsNoOutlineIsNotUnpacked) {
  const std::string packed = pack(measured(attachment(base64_encode_lines(kBytes))));
  EXPECT_FALSE(unpack_outline(""));
  EXPECT_FALSE(unpack_outline(packed + '\0'));
  for (size_t octets = 0; octets < packed.size(); ++octets)
    EXPECT_FALSE(unpack_outline(packed.substr(0, octets))) << octets;
  // Parts within parts without end.
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += std::string("\1\0\0\0\1", 5);
  EXPECT_FALSE(unpack_outline(deep));
}

// What lies in an encoded message is known to nobody who has not decoded it.
TEST(Outline, PartsInEncodedMessagesAreLeftOut) {
  const std::string inner = "Subject: inner\r\n\r\nhi\r\n";
  const std::string message = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                              base64_encode_lines(inner);
  const Outline outline = measured(message);
  ASSERT_EQ(outline.children.size(), 1u);
  EXPECT_FALSE(outline.children_unknown);
  std::optional<Outline> back = unpack_outline(pack(outline));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->children.empty());
  EXPECT_TRUE(back->children_unknown);
  EXPECT_FALSE(back->is_leaf());
}

TEST(Outline, MovesWithALongerFront) {
  const std::string message = attachment(base64_encode_lines(kBytes)), front = "Delivered-To: a@x.test\r\n";
  Outline outline = measured(message);
  const Outline before = outline;
  ASSERT_TRUE(lengthen_front(outline, static_cast<int64_t>(front.size())));
  EXPECT_TRUE(same(outline, measured(front + message)));
  ASSERT_TRUE(lengthen_front(outline, -static_cast<int64_t>(front.size())));
  EXPECT_TRUE(same(outline, before));
  EXPECT_FALSE(lengthen_front(outline, -static_cast<int64_t>(before.body_begin) - 1));
  EXPECT_FALSE(lengthen_front(outline, INT64_MIN));
  EXPECT_TRUE(same(outline, before));
}

TEST(Outline, AnyRangeOfBase64InEvenLinesIsDecodedByItself) {
  for (size_t octets : {0u, 1u, 2u, 3u, 56u, 57u, 58u, 114u, 5000u, 10'000u}) {
    const std::string bytes = kBytes.substr(0, octets);
    const std::string message = attachment(base64_encode_lines(bytes));
    const Outline outline = measured(message), &part = outline.children.at(1);
    if (octets == 0) continue;  // nothing is encoded as nothing
    ASSERT_GT(part.line_octets, 0u) << octets;
    EXPECT_EQ(part.decoded_octets, octets);
    for (uint64_t begin : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{56}, uint64_t{57}, uint64_t{58},
                           octets - 1, uint64_t{octets}, octets + 7, UINT64_MAX}) {
      for (uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{57}, uint64_t{200},
                             uint64_t{octets}, UINT64_MAX}) {
        const EncodedRange range = encoded_range(part, begin, count);
        ASSERT_LE(range.begin, range.end);
        ASSERT_LE(part.body_begin + range.end, part.body_end);
        std::string decoded = base64_decode(
            std::string_view(message).substr(part.body_begin + range.begin, range.end - range.begin));
        decoded = decoded.substr(std::min<uint64_t>(range.skip, decoded.size()), count);
        EXPECT_EQ(decoded, bytes.substr(std::min<uint64_t>(begin, octets), count)) << begin << ' ' << count;
      }
    }
  }
}

TEST(Outline, OtherLinesAreNotEven) {
  const std::string even = base64_encode_lines(kBytes);
  for (std::string lines :
       {std::string("QUJD QUJD\r\n"), std::string("QUJ\r\nQUJD\r\n"),
        std::string("QUJDQUJD\r\nQUJD\r\nQUJD\r\n"), std::string("QQ==\r\nQUJD\r\n"),
        std::string("QUJD\nQUJD\n"), std::string("QUJD\r\nQUJDQUJD\r\n"), std::string("QUJD\r\nQU=D\r\n"),
        std::string("QUJD\r\n====\r\n"), even + "!\r\n"}) {
    EXPECT_EQ(measured(attachment(lines)).children.at(1).line_octets, 0u) << lines;
  }
}

TEST(Outline, OfAHeadAlone) {
  const Outline outline = outline_of_head("A: b\r\n\r\nbody", 5000);
  EXPECT_EQ(outline.body_begin, 8u);
  EXPECT_EQ(outline.body_end, 5000u);
}

}  // namespace
}  // namespace pabal::mail
