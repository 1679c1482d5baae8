#include <gtest/gtest.h>

#include "proto/dns/message.h"
#include "proto/dns/name.h"
#include "proto/dns/rdata.h"
#include "proto/dns/zone.h"

namespace pabal::proto::dns {
namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;

TEST(DnsName, Normalizes) {
  EXPECT_EQ(normalize_name("MX.Seoul.TEST."), "mx.seoul.test");
  EXPECT_EQ(normalize_name("."), "");
  EXPECT_EQ(normalize_name("a\\.b.c"), "a\\.b.c");
  EXPECT_EQ(normalize_name("a\\032b\\065"), "a\\032ba");
  EXPECT_EQ(normalize_name("\xed\x95\x9c.kr"), "\\237\\149\\156.kr");
  for (std::string bad : {std::string(".."), std::string("a..b"), std::string(".a"), std::string("a\\"),
                          std::string("a\\99"), std::string("a\\256"), std::string(64, 'x')})
    EXPECT_FALSE(normalize_name(bad)) << bad;
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_TRUE(normalize_name(longest));
  EXPECT_FALSE(normalize_name(longest + "a"));
}

TEST(DnsName, Relations) {
  EXPECT_EQ(parent("mx.seoul.test"), "seoul.test");
  EXPECT_EQ(parent("a\\.b.c"), "c");
  EXPECT_EQ(parent("test"), "");
  EXPECT_TRUE(is_within("mx.seoul.test", "seoul.test"));
  EXPECT_TRUE(is_within("seoul.test", "seoul.test"));
  EXPECT_TRUE(is_within("x", ""));
  EXPECT_FALSE(is_within("notseoul.test", "seoul.test"));
  EXPECT_FALSE(is_within("a\\.seoul.test", "seoul.test"));
}

TEST(DnsName, WireForm) {
  EXPECT_EQ(encode_name("a.bc"), "\1a\2bc\0"sv);
  EXPECT_EQ(encode_name(""), "\0"sv);
  size_t at = 6;
  EXPECT_EQ(decode_name("\1a\2bc\0\1x\xC0\2"sv, at), "x.bc");
  EXPECT_EQ(at, 10u);
  // Loops, forward pointers, truncation, reserved label types.
  for (std::string_view bad :
       {"\xC0\0"sv, "\xC0\2\xC0\0"sv, "\1a\xC0\0"sv, "\xC0"sv, "\3ab"sv, "\1a"sv, "\x40x\0"sv, ""sv}) {
    at = 0;
    EXPECT_FALSE(decode_name(bad, at));
    EXPECT_EQ(at, 0u);
  }
  at = 6;
  EXPECT_FALSE(decode_name("\1a\2bc\0\1x\xC0\2"sv, at, Compression::refused));
}

Message query(std::string_view name, Type type) {
  Message m;
  m.id = 4711;
  m.recursion_desired = true;
  m.questions.push_back({*normalize_name(name), type, kClassIn});
  return m;
}

TEST(DnsMessage, RoundTripWithCompression) {
  Message m = query("seoul.test", Type::mx);
  m.response = m.authoritative = true;
  m.edns = Edns{1232, true};
  m.answers.push_back({"seoul.test", Type::mx, kClassIn, 300, make_mx({10, "mx.seoul.test"})});
  m.answers.push_back(
      {"seoul.test", Type::txt, kClassIn, 300, make_txt({"v=spf1 -all", std::string(300, 'x')})});
  m.additional.push_back({"mx.seoul.test", Type::a, kClassIn, 300, make_a({192, 0, 2, 1})});
  std::string bytes = encode(m);
  auto back = decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, m);
  EXPECT_EQ(bytes.find("\5seoul"), bytes.rfind("\5seoul\4test\0\0\x0f"sv)) << "the owner name stands once";

  std::string cut = encode(m, 100);
  EXPECT_LE(cut.size(), 100u);
  auto truncated = decode(cut);
  ASSERT_TRUE(truncated);
  EXPECT_TRUE(truncated->truncated);
  EXPECT_TRUE(truncated->answers.empty());
  EXPECT_EQ(truncated->questions, m.questions);
}

TEST(DnsMessage, UncompressesRdata) {
  std::string bytes =
      "\0\1\x84\0\0\1\0\1\0\0\0\0"
      "\5SEOUL\4test\0\0\x0f\0\1"
      "\xC0\x0c\0\x0f\0\1\0\0\1\x2c\0\7\0\x0a\2mx\xC0\x0c"s;
  auto m = decode(bytes);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->answers.at(0).name, "seoul.test");
  EXPECT_EQ(parse_mx(m->answers[0].rdata), (Mx{10, "mx.seoul.test"}));
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode(bytes.substr(0, length))) << length;
  EXPECT_EQ(decode(bytes + "x").error(), DecodeError::trailing_bytes);
  bytes[5] = '\xff';
  bytes[4] = '\xff';
  EXPECT_EQ(decode(bytes).error(), DecodeError::too_many_records);
}

TEST(DnsRdata, TypesReadBack) {
  EXPECT_EQ(parse_mx(make_mx({0, ""})), (Mx{0, ""}));
  EXPECT_EQ(parse_srv(make_srv({1, 2, 465, "mx.test"})), (Srv{1, 2, 465, "mx.test"}));
  Soa soa{"ns.test", "hostmaster.test", 1, 2, 3, 4, 5};
  EXPECT_EQ(parse_soa(make_soa(soa)), soa);
  EXPECT_EQ(parse_name_rdata(make_name_rdata("a.b")), "a.b");
  EXPECT_EQ(parse_txt(make_txt({"", "x"})), (std::vector<std::string>{"", "x"}));
  EXPECT_EQ(parse_txt(make_txt({std::string(256, 'x')}))->size(), 2u);
  EXPECT_EQ(to_text(*parse_ipv6("2001:DB8:0:0::1")), "2001:db8::1");
  EXPECT_EQ(to_text(*parse_ipv4("192.0.2.1")), "192.0.2.1");
  EXPECT_FALSE(parse_ipv4("192.0.2"));
  EXPECT_FALSE(parse_ipv6("192.0.2.1"));
  EXPECT_EQ(reverse_name(*parse_ipv4("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_TRUE(reverse_name(*parse_ipv6("2001:db8::1")).starts_with("1.0.0.0."));
  EXPECT_EQ(rdata_text(Type::mx, make_mx({10, "mx.test"})), "10 mx.test.");
  EXPECT_EQ(rdata_text(Type::txt, make_txt({"a\"b"})), "\"a\\\"b\"");
  EXPECT_EQ(rdata_text(Type::mx, "\0"sv), "\\# 1 00");

  EXPECT_FALSE(parse_mx("\0\x0a"sv));
  EXPECT_FALSE(parse_mx("\0\x0a\1a\0x"sv));
  EXPECT_FALSE(parse_mx("\0\x0a\1a\xC0\2"sv)) << "no pointers outside a message";
  EXPECT_FALSE(parse_a("abc"));
  EXPECT_FALSE(parse_txt(""));
  EXPECT_FALSE(parse_txt("\5abc"));
}

TEST(DnsRecordText, Lines) {
  auto record = parse_record("Seoul.test. 600 IN MX 10 mx.seoul.test.");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name, "seoul.test");
  EXPECT_EQ(record->ttl, 600u);
  EXPECT_EQ(parse_mx(record->rdata), (Mx{10, "mx.seoul.test"}));
  EXPECT_EQ(parse_txt(parse_record("_dmarc.a.test TXT \"v=DMARC1; p=none\" \"x\" ; note")->rdata),
            (std::vector<std::string>{"v=DMARC1; p=none", "x"}));
  EXPECT_EQ(parse_record("a.test IN A 192.0.2.1")->ttl, 300u);
  EXPECT_EQ(parse_mx(parse_record("a.test MX 0 .")->rdata), (Mx{0, ""}));
  EXPECT_EQ(parse_record("_25._tcp.a.test TLSA 3 1 1 AB cd")->rdata, "\3\1\1\xab\xcd");
  EXPECT_EQ(parse_record("a.test TYPE65 \\# 2 abcd")->rdata, "\xab\xcd");
  for (auto bad : {"", "a.test", "a.test A", "a.test A 1.2.3", "a.test MX mx", "a.test MX 70000 mx",
                   "a..b A 192.0.2.1", "a.test FROB x", "a.test TXT \"x", "a.test TXT",
                   "a.test SOA a b 1 2 3 4", "a.test ANY x", "a.test MX \\# 1 00"}) {
    auto parsed = parse_record(bad);
    EXPECT_FALSE(parsed) << bad;
  }
}

class DnsZones : public testing::Test {
 protected:
  DnsZones() {
    zones.zone("seoul.test");
    zones.zone("busan.test");
    for (auto line : {"seoul.test. 300 IN MX 10 mx.seoul.test.", "mx.seoul.test. A 127.0.0.2",
                      "www.seoul.test CNAME web.busan.test", "web.busan.test CNAME host.busan.test",
                      "host.busan.test A 127.0.0.3", "out.seoul.test CNAME elsewhere.example",
                      "loop.seoul.test CNAME pool.seoul.test", "pool.seoul.test CNAME loop.seoul.test",
                      "a.b.c.seoul.test TXT deep", "gone.seoul.test CNAME nothing.busan.test"}) {
      auto added = zones.add(line);
      EXPECT_TRUE(added) << (added ? "" : added.error());
    }
  }
  Message ask(std::string_view name, Type type) { return zones.answer(query(name, type)); }

  Zones zones;
};

TEST_F(DnsZones, Answers) {
  Message mx = ask("SEOUL.test", Type::mx);
  EXPECT_EQ(mx.id, 4711);
  EXPECT_TRUE(mx.authoritative);
  ASSERT_EQ(mx.answers.size(), 1u);
  EXPECT_EQ(parse_mx(mx.answers[0].rdata), (Mx{10, "mx.seoul.test"}));
}

TEST_F(DnsZones, NoDataNxDomainRefused) {
  Message none = ask("mx.seoul.test", Type::aaaa);
  EXPECT_EQ(none.rcode, Rcode::no_error);
  EXPECT_TRUE(none.answers.empty());
  ASSERT_EQ(none.authority.size(), 1u);
  EXPECT_EQ(none.authority[0].type, Type::soa);
  EXPECT_EQ(none.authority[0].ttl, 60u);
  EXPECT_EQ(ask("nobody.seoul.test", Type::a).rcode, Rcode::nx_domain);
  EXPECT_EQ(ask("c.seoul.test", Type::a).rcode, Rcode::no_error) << "an empty non-terminal exists";
  EXPECT_EQ(ask("example.org", Type::a).rcode, Rcode::refused);
}

TEST_F(DnsZones, FollowsAliases) {
  Message m = ask("www.seoul.test", Type::a);
  EXPECT_EQ(m.answers.size(), 3u);
  EXPECT_EQ(ask("gone.seoul.test", Type::a).rcode, Rcode::nx_domain);
  Message outside = ask("out.seoul.test", Type::a);
  EXPECT_EQ(outside.rcode, Rcode::no_error);
  EXPECT_EQ(outside.answers.size(), 1u);
  EXPECT_EQ(ask("loop.seoul.test", Type::a).answers.size(), 2u);
  EXPECT_EQ(ask("www.seoul.test", Type::cname).answers.size(), 1u);
}

TEST_F(DnsZones, RecordsChange) {
  Zone& seoul = zones.zone("seoul.test");
  seoul.remove("mx.seoul.test", Type::a);
  EXPECT_EQ(ask("mx.seoul.test", Type::a).rcode, Rcode::nx_domain);
  EXPECT_TRUE(seoul.add("mx.seoul.test A 127.0.0.9"));
  EXPECT_EQ(ask("mx.seoul.test", Type::a).answers.size(), 1u);
  EXPECT_FALSE(seoul.add("www.seoul.test A 127.0.0.9")) << "beside a CNAME";
  EXPECT_FALSE(seoul.add("mx.seoul.test CNAME x.test"));
  EXPECT_FALSE(seoul.add("busan.test A 127.0.0.9"));
  EXPECT_FALSE(zones.add("example.org A 127.0.0.9"));
  EXPECT_TRUE(seoul.add("seoul.test SOA ns.x hm.x 7 1 1 1 1"));
  EXPECT_EQ(parse_soa(seoul.soa().rdata)->serial, 7u);
  EXPECT_EQ(ask("seoul.test", Type::soa).answers.size(), 1u);
}

TEST_F(DnsZones, Bytes) {
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(zones.add("big.seoul.test TXT " + std::to_string(i) + std::string(60, 'x')));
  Message q = query("big.seoul.test", Type::txt);
  auto udp = zones.answer(encode(q), true);
  ASSERT_TRUE(udp);
  EXPECT_LE(udp->size(), kUdpMax);
  EXPECT_TRUE(decode(*udp)->truncated);
  EXPECT_EQ(decode(*zones.answer(encode(q), false))->answers.size(), 30u);
  q = query("seoul.test", Type::mx);
  q.edns = Edns{4096, false};
  auto edns = decode(*zones.answer(encode(q), true));
  ASSERT_TRUE(edns && edns->edns);
  EXPECT_EQ(edns->answers.size(), 1u);

  EXPECT_FALSE(zones.answer("short", true));
  EXPECT_FALSE(zones.answer(encode(ask("seoul.test", Type::mx)), true)) << "a response is not answered";
  std::string broken = encode(q);
  broken.pop_back();
  EXPECT_EQ(decode(*zones.answer(broken, true))->rcode, Rcode::form_err);
}

}  // namespace
}  // namespace pabal::proto::dns
