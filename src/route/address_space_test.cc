#include "route/address_space.h"

#include <gtest/gtest.h>

namespace pabal::route {
namespace {

Space space(const char* text) {
  return space_of(io::IpAddress::parse(text).value());
}

TEST(AddressSpace, KnowsWhereNoMailServerIs) {
  for (const char* ip :
       {"127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::127.0.0.1", "2002:7f00:1::1"}) {
    EXPECT_EQ(space(ip), Space::inner) << ip;
  }
}

TEST(AddressSpace, KnowsPrivateNetworks) {
  for (const char* ip : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1",
                         "fec0::1", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1"}) {
    EXPECT_EQ(space(ip), Space::private_network) << ip;
  }
}

TEST(AddressSpace, TheRestIsTheInternet) {
  for (const char* ip : {"192.0.2.1", "128.0.0.1", "172.32.0.1", "100.128.0.1", "223.255.255.255",
                         "2001:db8::1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1"}) {
    EXPECT_EQ(space(ip), Space::internet) << ip;
  }
}

TEST(AddressSpace, Unmaps) {
  EXPECT_EQ(unmapped(*io::IpAddress::parse("::ffff:192.0.2.1")).to_string(), "192.0.2.1");
  EXPECT_EQ(unmapped(*io::IpAddress::parse("2001:db8::1")).to_string(), "2001:db8::1");
  EXPECT_EQ(unmapped(*io::IpAddress::parse("192.0.2.1")).to_string(), "192.0.2.1");
}

}  // namespace
}  // namespace pabal::route
