#include "base/verify.h"
#include "proto/dns/message.h"
#include "proto/dns/rdata.h"
#include "proto/dns/zone.h"

namespace dns = pabal::proto::dns;

namespace {

dns::Zones make_zones() {
  dns::Zones zones;
  dns::Zone& zone = zones.zone("seoul.test");
  for (auto line : {"seoul.test MX 10 mx.seoul.test", "mx.seoul.test A 127.0.0.2",
                    "www.seoul.test CNAME mx.seoul.test", "seoul.test TXT \"v=spf1 mx -all\""})
    verify(zone.add(line), "the zone is well-formed");
  return zones;
}

void look_at(const dns::Record& record) {
  dns::rdata_text(record.type, record.rdata);
  dns::parse_mx(record.rdata);
  dns::parse_srv(record.rdata);
  dns::parse_soa(record.rdata);
  dns::parse_txt(record.rdata);
  dns::parse_name_rdata(record.rdata);
  verify(dns::normalize_name(record.name) == record.name, "decoded names are canonical");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const dns::Zones zones = make_zones();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto answer = zones.answer(bytes, true)) {
    auto decoded = dns::decode(*answer);
    verify(decoded && decoded->response, "our answer is well-formed");
    verify(answer->size() <= dns::kUdpEdnsMax || decoded->truncated, "our answer fits");
  }
  auto message = dns::decode(bytes);
  if (!message) return 0;
  for (const auto* section : {&message->answers, &message->authority, &message->additional})
    for (const dns::Record& record : *section) look_at(record);
  auto again = dns::decode(dns::encode(*message, SIZE_MAX));
  // Names that came compressed may not fit a message without it.
  verify(again ? *again == *message : dns::encode(*message, SIZE_MAX).size() > dns::kTcpMax, "round trip");
  return 0;
}
