#include "mail/address.h"

#include <gtest/gtest.h>

#include "mail/address_list.h"

namespace pabal::mail {
namespace {

TEST(Address, Parses) {
  auto address = parse_address("Alice.Kim+tag@Seoul.TEST", false);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->local, "Alice.Kim+tag");
  EXPECT_EQ(address->domain, "seoul.test");
  EXPECT_EQ(to_string(*address), "Alice.Kim+tag@seoul.test");
  EXPECT_EQ(parse_address(R"("john \"d\" doe"@x.test)", false)->local, R"(john "d" doe)");
  EXPECT_EQ(to_string(*parse_address(R"("john \"d\" doe"@x.test)", false)), R"("john \"d\" doe"@x.test)");
  EXPECT_EQ(to_string(*parse_address(R"("plain"@x.test)", false)), "plain@x.test");
  EXPECT_EQ(parse_address("a@[192.0.2.1]", false)->domain, "[192.0.2.1]");
  EXPECT_TRUE(parse_address("a@[IPv6:2001:db8::1]", false));
  EXPECT_TRUE(parse_address("root@localhost", false));
}

TEST(Address, Refuses) {
  for (const char* text : {"",
                           "a",
                           "@x.test",
                           "a@",
                           "a@@x.test",
                           "a b@x.test",
                           "<a@x.test>",
                           "a@x..test",
                           "a@.x",
                           "a@x.test..",
                           "a@.",
                           "a.b",
                           "a@-x.test",
                           "a@x-.test",
                           "a@x y",
                           "a@[1.2.3]",
                           "a@[IPv6:zz]",
                           "a@[192.0.2.1",
                           "\"a@x.test",
                           "\"a\"b@x.test",
                           "a@b@c",
                           "a@x.test\r\n",
                           "파발@x.test",
                           "a@파발.test"}) {
    EXPECT_FALSE(parse_address(text, false)) << text;
  }
  EXPECT_FALSE(parse_address("a@" + std::string(64, 'x') + ".test", false));
  EXPECT_FALSE(parse_address(std::string("a\0b@x.test", 10), false));
}

// What SRS, VERP and the forwarding of Gmail make is longer than the 64 octets that
// everybody has to take (RFC 5321 §4.5.3.1.1).
TEST(Address, LongLocalPartsStayWhole) {
  std::string_view forwarded =
      "somebody+caf_=office_8b506e99-b5c5-4e14-8294-f5ebd6083faa=mail.seoul.test@gmail.test";
  EXPECT_EQ(to_string(parse_address(forwarded, false).value()), forwarded);
  std::string longest = std::string(address_octets_max - 7, 'a') + "@x.test";
  EXPECT_EQ(to_string(parse_address(longest, false).value()), longest);
  EXPECT_FALSE(parse_address("a" + longest, false));
  // As it is written, with its quotes, it must fit too.
  std::string dots = std::string(address_octets_max - 8, 'a') + ".@x.test";
  EXPECT_EQ(dots.size(), address_octets_max);
  EXPECT_FALSE(parse_address(dots, false));
  EXPECT_FALSE(parse_address(std::string(1'000'000, 'a') + "@x.test", false));
}

// Read as people have them, written as RFC 5321 §4.1.2 wants them.
TEST(Address, OddDotsAreQuotedWhenWritten) {
  auto written = [](std::string_view text) {
    auto address = parse_address(text, false);
    return address ? to_string(*address) : address.error();
  };
  EXPECT_EQ(written("a..b@docomo.test"), R"("a..b"@docomo.test)");
  EXPECT_EQ(written(".a@ezweb.test"), R"(".a"@ezweb.test)");
  EXPECT_EQ(written("a.@ezweb.test"), R"("a."@ezweb.test)");
  EXPECT_EQ(written("...@ezweb.test"), R"("..."@ezweb.test)");
  EXPECT_EQ(written(R"("a..b"@docomo.test)"), R"("a..b"@docomo.test)");
  EXPECT_EQ(written("a@x.test."), "a@x.test");
  EXPECT_EQ(written("\"\"@x.test"), "\"\"@x.test");
  EXPECT_EQ(written(R"(a."b c".d@x.test)"), R"("a.b c.d"@x.test)");
  EXPECT_EQ(written(R"("a"."b"@x.test)"), "a.b@x.test");
  EXPECT_EQ(*parse_address("a..b@x.test", false), *parse_address(R"("a..b"@x.test)", false));
}

// RFC 5321 §4.1.3.
TEST(Address, Literals) {
  for (const char* right :
       {"[192.0.2.1]", "[0.0.0.0]", "[255.255.255.255]", "[010.0.0.001]", "[IPv6:2001:db8::1]", "[ipv6:::1]",
        "[IPv6:::]", "[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:1:2:3:4:5:6::]", "[IPv6:1::2:3:4:5:6]",
        "[IPv6:::ffff:192.0.2.1]", "[IPv6:1:2:3:4:5:6:192.0.2.1]", "[IPv6:1::2:3:4:192.0.2.1]",
        "[IPv6:ABCD:ef01:2345:6789:abcd:EF01:2345:6789]"}) {
    EXPECT_TRUE(is_address_literal(right)) << right;
  }
  for (const char* wrong :
       {"192.0.2.1", "[192.0.2.1", "[]", "[192.0.2]", "[192.0.2.256]", "[192.0.2.1.1]", "[192.0.2.0001]",
        "[192.0.2.-1]", "[192.0.2.1 ]", "[::1]", "[IPv6:]", "[IPv6::1]", "[IPv6:192.0.2.1]",
        // "::" stands for two groups at least
        "[IPv6:1::2:3:4:5:6:7]", "[IPv6:1:2:3:4:5:6:7::]", "[IPv6:1:2:3:4:5::192.0.2.1]",
        "[IPv6:1:2:3:4:5:6:7]", "[IPv6:1:2:3:4:5:6:7:8:9]", "[IPv6:1::2::3]", "[IPv6::::]", "[IPv6:12345::]",
        "[IPv6:fe80::1%eth0]", "[IPv6:192.0.2.1::]", "[IPv7:x]", "[tag:content]"}) {
    EXPECT_FALSE(is_address_literal(wrong)) << wrong;
  }
  EXPECT_EQ(parse_address("a@[010.0.0.01]", false)->domain, "[10.0.0.1]");
  EXPECT_EQ(parse_address("a@[IPv6:::FFFF:010.0.0.0]", false)->domain, "[IPv6:::FFFF:10.0.0.0]");
}

TEST(Address, Internationalized) {
  auto address = parse_address("파발@메일.한국", true);
  ASSERT_TRUE(address);
  EXPECT_EQ(to_string(*address), "파발@메일.한국");
  EXPECT_EQ(to_ascii_domain("메일.한국"), "xn--h32bq4v.xn--3e0b707e");
  EXPECT_EQ(to_unicode_domain("xn--3e0b707e"), "한국");
  EXPECT_EQ(to_ascii_domain("Seoul.Test"), "seoul.test");
  EXPECT_FALSE(parse_address("\xFF@x.test", true));
  EXPECT_TRUE(same_mailbox({"A", "한국"}, {"a", "XN--3E0B707E"}));
  EXPECT_FALSE(same_mailbox({"a", "x.test"}, {"b", "x.test"}));
}

std::string show(std::string_view header) {
  std::string out;
  for (const HeaderAddress& entry : parse_address_list(header)) {
    if (!out.empty()) out += " | ";
    if (!entry.group.empty()) out += "{" + entry.group + "} ";
    out += entry.empty_group ? "(empty)" : entry.display_name + " <" + entry.address + ">";
  }
  return out;
}

TEST(AddressList, CommonForms) {
  EXPECT_EQ(show("a@x.test, B <b@x.test>,\r\n \"C, D\" <c@x.test>"),
            " <a@x.test> | B <b@x.test> | C, D <c@x.test>");
  EXPECT_EQ(show("a@x.test (Alice (the) first)"), "Alice (the) first <a@x.test>");
  EXPECT_EQ(show("=?euc-kr?B?scfH0bHb?= <k@x.test>"), "권한글 <k@x.test>");
  EXPECT_EQ(show("\"=?utf-8?B?7YyM67Cc?=\" <k@x.test>"), "파발 <k@x.test>");
  EXPECT_EQ(show("=?utf-8?Q?Kim,_Chul?= <k@x.test>"), "Kim, Chul <k@x.test>");
  EXPECT_EQ(show("\xC6\xC4 <k@x.test>").find("<k@x.test>") != std::string::npos, true);
  EXPECT_EQ(show(""), "");
  EXPECT_EQ(show("<>"), "");
}

TEST(AddressList, Groups) {
  EXPECT_EQ(show("A Group:Ed <e@x.test>,j@y.test;, z@z.test"),
            "{A Group} Ed <e@x.test> | {A Group}  <j@y.test> |  <z@z.test>");
  EXPECT_EQ(show("undisclosed-recipients:;"), "{undisclosed-recipients} (empty)");
  EXPECT_TRUE(addresses_of("Undisclosed:;").empty());
}

TEST(AddressList, ObsoleteAndBroken) {
  EXPECT_EQ(show("Joe <@hop1,@hop2:joe@x.test>, mary @ example . net"),
            "Joe <joe@x.test> |  <mary@example.net>");
  EXPECT_EQ(show("\"a b\"@x.test"), " <\"a b\"@x.test>");
  EXPECT_EQ(show(",,a@x.test,,"), " <a@x.test>");
  EXPECT_EQ(show("Foo :-( <a@x.test>, b@x.test").find("b@x.test") != std::string::npos, true);
  EXPECT_EQ(show("Jane Doe jane@x.test"), "Jane Doe <jane@x.test>");
  EXPECT_EQ(show("a@x.test; b@x.test"), " <a@x.test> |  <b@x.test>");
  EXPECT_EQ(show("Joe <joe@x.test, b@x.test"), "Joe <joe@x.test> |  <b@x.test>");
  EXPECT_EQ(show("\"Joe <joe@x.test>"), "\"Joe <joe@x.test>");
  EXPECT_EQ(show("a@[IPv6:2001:db8::1]"), " <a@[IPv6:2001:db8::1]>");
  EXPECT_EQ(show("root"), " <root>");
  EXPECT_EQ(show("홍길동"), "홍길동 <>");
}

// The second octet of a character can be a backslash, in ISO-2022-JP any octet a quote,
// a comma or an angle bracket; raw names keep them all.
TEST(AddressList, OctetsWithinCharactersAreNoSyntax) {
  struct Row {
    const char* declared;
    std::string name;  // the octets
    const char* text;
  };
  const Row rows[] = {{"shift_jis",
                       "\x8eR\x93"
                       "c\x95\\\x8eq",
                       "山田表子"},
                      {"shift_jis", "\x95\\", "表"},
                      {"", "\x8e\x91\x97\xbf\x95\\", "資料表"},
                      {"big5", "\xb3\\\xa5\\\xbb\\", "許功蓋"},
                      {"gbk", "\x95\\\xd5\xc5", "昞张"},
                      {"johab", "\xb4\x65\x91\x77", "안녕"},
                      {"iso-2022-jp", "\x1B$B$\"!\"<\\(,@>\x1B(B", "あ、尺━西"},
                      {"", "\x1B$B;3ED<C;>\x1B(B", "山田室仕"},
                      {"euc-kr", "\xc8\xab\xb1\xe6\xb5\xbf", "홍길동"}};
  for (const Row& row : rows) {
    const std::string forms[] = {"\"" + row.name + "\" <a@x.test>, b@x.test",
                                 row.name + " <a@x.test>, b@x.test", "a@x.test (" + row.name + "), b@x.test"};
    for (const std::string& form : forms) {
      auto raw = parse_raw_address_list(form, row.declared);
      ASSERT_EQ(raw.size(), 2u) << form;
      EXPECT_EQ(raw[0].display_name, row.name) << form;
      EXPECT_EQ(raw[0].address, "a@x.test") << form;
      EXPECT_EQ(raw[1].address, "b@x.test") << form;
    }
    auto shown = parse_address_list(forms[0], row.declared);
    if (*row.declared != '\0') EXPECT_EQ(shown.at(0).display_name, row.text);
  }
  // What looks like a veil is text like any other.
  EXPECT_EQ(parse_raw_address_list("\"\xF3\xB0\x80\xA2\" <a@x.test>").at(0).display_name, "\xF3\xB0\x80\xA2");
  EXPECT_EQ(parse_raw_address_list("\"\xF3\xB0\x81\x9C\x95\\\" <a@x.test>", "shift_jis").at(0).display_name,
            "\xF3\xB0\x81\x9C\x95\\");
}

TEST(AddressList, HostileInputIsLinear) {
  for (const char* piece : {"(", "\"", "<", "=?", "=?a?q?", "a:", "((a)", ",", "[", "@", "\\"}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    parse_address_list(text);
  }
}

TEST(AddressList, HeaderText) {
  EXPECT_EQ(to_header_text({.display_name = "Kim", .address = "k@x.test"}, false), "Kim <k@x.test>");
  EXPECT_EQ(to_header_text({.display_name = "Kim, \"C\"", .address = "k@x.test"}, false),
            R"("Kim, \"C\"" <k@x.test>)");
  EXPECT_EQ(to_header_text({.display_name = "파발", .address = "k@x.test"}, false),
            "=?utf-8?B?7YyM67Cc?= <k@x.test>");
  EXPECT_EQ(to_header_text({.display_name = "파발", .address = "k@x.test"}, true), "\"파발\" <k@x.test>");
  EXPECT_EQ(to_header_text({.address = "k@x.test"}, false), "k@x.test");
}

}  // namespace
}  // namespace pabal::mail
