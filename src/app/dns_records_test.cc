#include "app/dns_records.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace pabal::app {
namespace {

ListenerConfig listener(Protocol protocol, uint16_t port, TlsMode tls) {
  return {protocol, {*io::IpAddress::parse("0.0.0.0"), port, ""}, tls, false};
}

std::string value_of(const std::vector<DnsRecord>& records, const std::string& name) {
  auto found = std::find_if(records.begin(), records.end(), [&](const DnsRecord& r) {
    return r.type == "SRV" && r.name == name + "._tcp.seoul.test.";
  });
  return found == records.end() ? "no record" : found->value;
}

TEST(DnsRecords, TellWhatIsOfferedAndWhatIsNot) {
  auto records = records_to_publish(
      "seoul.test", "mail.seoul.test",
      {listener(Protocol::submission, 465, TlsMode::implicit),
       listener(Protocol::submission, 2525, TlsMode::none), listener(Protocol::imap, 993, TlsMode::implicit),
       listener(Protocol::imap, 143, TlsMode::starttls), listener(Protocol::pop3, 1995, TlsMode::implicit)});
  EXPECT_EQ(value_of(records, "_submissions"), "0 1 465 mail.seoul.test.");
  EXPECT_EQ(value_of(records, "_submission"), "0 0 0 .");
  EXPECT_EQ(value_of(records, "_imaps"), "0 1 993 mail.seoul.test.");
  EXPECT_EQ(value_of(records, "_imap"), "0 1 143 mail.seoul.test.");
  EXPECT_EQ(value_of(records, "_pop3s"), "10 1 1995 mail.seoul.test.") << "IMAP is to be preferred";
  EXPECT_EQ(value_of(records, "_pop3"), "0 0 0 .");
}

}  // namespace
}  // namespace pabal::app
