#include "mail/encoding.h"

#include <gtest/gtest.h>
#include <random>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

std::string random_bytes(std::mt19937& random, size_t size) {
  std::string out;
  while (out.size() < size) out += static_cast<char>(random());
  return out;
}

size_t longest_line(std::string_view text) {
  size_t longest = 0;
  for (std::string_view line : split(text, '\n')) longest = std::max(longest, trim(line).size());
  return longest;
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode_strict(text), bytes);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, StrictRefusesWhatNoEncoderMakes) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\r\n", "=m9v", "Z===", "Zg==Zg==", "Zm-v"}) {
    EXPECT_FALSE(base64_decode_strict(text)) << text;
  }
}

TEST(Base64, LenientForgives) {
  EXPECT_EQ(base64_decode(" Zm\r\n9v!!Yg"), "foob");
  EXPECT_EQ(base64_decode("Zg==Zm8=Zm9v"), "ffofoo");
  EXPECT_EQ(base64_decode("Z"), "");
  EXPECT_EQ(base64_decode("===="), "");
}

TEST(Encodings, RoundTrips) {
  std::mt19937 random(7);
  for (size_t size = 0; size < 400; ++size) {
    std::string bytes = random_bytes(random, size);
    EXPECT_EQ(base64_decode_strict(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode_lines(bytes)), bytes);
    EXPECT_LE(longest_line(base64_encode_lines(bytes)), 76u);
    for (bool text : {true, false}) {
      std::string encoded = quoted_printable_encode(bytes, text);
      EXPECT_EQ(quoted_printable_decode(encoded), bytes);
      EXPECT_LE(longest_line(encoded), 76u);
      EXPECT_TRUE(is_ascii(encoded));
    }
  }
}

TEST(QuotedPrintable, KeepsTextReadable) {
  EXPECT_EQ(quoted_printable_encode("a = b \r\nc\t\r\nd"), "a =3D b=20\r\nc=09\r\nd");
  EXPECT_EQ(quoted_printable_encode("a\r\n", false), "a=0D=0A");
  EXPECT_EQ(quoted_printable_encode("a\nb\rc"), "a=0Ab=0Dc");
  EXPECT_EQ(quoted_printable_encode("파발"), "=ED=8C=8C=EB=B0=9C");
}

TEST(QuotedPrintable, DecodesWhatIsBroken) {
  EXPECT_EQ(quoted_printable_decode("a=3d=3D=XY=\r\nb=  \r\nc  \r\nd=4"), "a===XYbc\r\nd=4");
  EXPECT_EQ(quoted_printable_decode("x=\ny="), "xy");
}

}  // namespace
}  // namespace pabal::mail
