#include "proto/smtp/xtext.h"

#include <gtest/gtest.h>

namespace pabal::proto::smtp {
namespace {

TEST(Xtext, RoundTripsEveryOctet) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(xtext_decode(xtext_encode(all)), all);
  EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
}

TEST(Xtext, RefusesWhatIsNotXtext) {
  EXPECT_FALSE(xtext_decode("a b"));
  EXPECT_FALSE(xtext_decode("a=b"));
  EXPECT_FALSE(xtext_decode("a+"));
  EXPECT_FALSE(xtext_decode("a+4"));
  EXPECT_FALSE(xtext_decode("a+4G"));
  EXPECT_FALSE(xtext_decode("\xed\x95\x9c"));
  EXPECT_EQ(xtext_decode(""), "");
}

TEST(Utf8AddrXtext, RoundTrips) {
  EXPECT_EQ(utf8_addr_xtext_encode("\xed\x95\x9c@b"), "\\x{D55C}@b");
  std::string hard = "a\\b+c=d e\xf0\x9f\x93\xae\xc3\xa9\x01";
  EXPECT_EQ(utf8_addr_xtext_decode(utf8_addr_xtext_encode(hard)), hard);
  EXPECT_EQ(utf8_addr_xtext_decode("\xed\x95\x9c@b"), "\xed\x95\x9c@b");
}

TEST(Utf8AddrXtext, RefusesWhatIsMalformed) {
  EXPECT_FALSE(utf8_addr_xtext_decode("\\x{}"));
  EXPECT_FALSE(utf8_addr_xtext_decode("\\x{D800}"));
  EXPECT_FALSE(utf8_addr_xtext_decode("\\x{110000}"));
  EXPECT_FALSE(utf8_addr_xtext_decode("\\x{41"));
  EXPECT_FALSE(utf8_addr_xtext_decode("\\y"));
  EXPECT_FALSE(utf8_addr_xtext_decode("\xff"));
}

}  // namespace
}  // namespace pabal::proto::smtp
