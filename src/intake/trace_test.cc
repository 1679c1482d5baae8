#include "intake/trace.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/header.h"

namespace pabal::intake {
namespace {

constexpr Time kNow{1'795'233'600'000};  // Sat, 21 Nov 2026 04:00:00 UTC

Incoming mail_from(std::string helo, std::string peer, std::vector<std::string> recipients) {
  Incoming mail;
  mail.origin = {.protocol = "ESMTPS",
                 .helo = std::move(helo),
                 .peer = std::move(peer),
                 .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384",
                 .account = {},
                 .submission = false};
  for (const std::string& text : recipients) {
    Recipient recipient;
    recipient.path = *mail::parse_address(text, true);
    mail.envelope.recipients.push_back(std::move(recipient));
  }
  return mail;
}

std::string received(const Incoming& mail) {
  return received_field(mail, "mx.busan.test", "0123456789abc", kNow);
}

// RFC 5321 §4.4.
TEST(ReceivedField, SaysFromWhereByWhomHowAndWhen) {
  EXPECT_EQ(received(mail_from("mx.seoul.test", "192.0.2.1", {"bob@busan.test"})),
            "Received: from mx.seoul.test ([192.0.2.1])\r\n"
            "\tby mx.busan.test (Pabal) with ESMTPS id 0123456789abc\r\n"
            "\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
            "\tfor <bob@busan.test>;\r\n"
            "\tSat, 21 Nov 2026 04:00:00 +0000\r\n");
}

TEST(ReceivedField, MarksIpv6) {
  EXPECT_NE(received(mail_from("x", "2001:db8::1", {"b@busan.test"})).find("from x ([IPv6:2001:db8::1])"),
            std::string::npos);
}

TEST(ReceivedField, NamesNoPeerThatHasNoAddress) {
  EXPECT_TRUE(received(mail_from("lists", "local", {"b@busan.test"}))
                  .starts_with("Received: from lists (local socket)\r\n\tby mx.busan.test"));
  EXPECT_TRUE(
      received(mail_from("", "", {"b@busan.test"})).starts_with("Received: by mx.busan.test (Pabal)"));
}

// RFC 5321 §7.2: several recipients may not know of each other.
TEST(ReceivedField, KeepsSeveralRecipientsSecret) {
  std::string field = received(mail_from("x", "192.0.2.1", {"b@busan.test", "c@busan.test"}));
  EXPECT_EQ(field.find("busan.test>"), std::string::npos);
  EXPECT_EQ(field.find("\tfor"), std::string::npos);
}

TEST(ReceivedField, TakesNoFieldFromTheClientsName) {
  std::string field =
      received(mail_from("x (really)\r\nBcc: eve@evil.test\r\n", "192.0.2.1", {"b@busan.test"}));
  mail::Header header = mail::parse_header(field);
  ASSERT_EQ(header.fields.size(), 1u);
  EXPECT_NE(field.find("from x??really???Bcc:?eve?evil.test??"), std::string::npos);
  std::string lengthy = received(mail_from(std::string(5000, 'x'), "192.0.2.1", {"b@busan.test"}));
  EXPECT_LT(lengthy.find("\r\n"), 400u);
}

// RFC 6531 §3.7.3: UTF-8 in the trace of an internationalised mail only.
TEST(ReceivedField, StaysAsciiInAMailThatIs) {
  Incoming mail = mail_from("\xEC\x84\x9C\xEC\x9A\xB8.test", "192.0.2.1", {"b@busan.test"});
  std::string field = received(mail);
  EXPECT_TRUE(std::ranges::all_of(field, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  mail.envelope.smtputf8 = true;
  EXPECT_NE(received(mail).find("from \xEC\x84\x9C\xEC\x9A\xB8.test ("), std::string::npos);
}

TEST(ReceivedField, CutsNoCharacterOfTheClientsNameInTwo) {
  std::string name = "x";
  while (name.size() < 300) name += "\xED\x95\x9C";
  for (const std::string& helo : {name, name + "\xFF"}) {
    Incoming mail = mail_from(helo, "192.0.2.1", {"b@busan.test"});
    mail.envelope.smtputf8 = true;
    EXPECT_TRUE(is_utf8(received(mail)));
  }
}

TEST(ReturnPathField, IsTheReversePathInBrackets) {
  EXPECT_EQ(return_path_field({}), "Return-Path: <>\r\n");
  EXPECT_EQ(return_path_field({mail::Address{"a b", "seoul.test"}}), "Return-Path: <\"a b\"@seoul.test>\r\n");
}

TEST(PrefixForRelay, LeavesOutTheReturnPathAlone) {
  EXPECT_EQ(prefix_for_relay("Return-Path: <a@b>\r\nReceived: x\r\n"), "Received: x\r\n");
  EXPECT_EQ(prefix_for_relay("Received: x\r\n"), "Received: x\r\n");
  EXPECT_EQ(prefix_for_relay("Return-Path: <>\r\n"), "");
  EXPECT_EQ(prefix_for_relay(""), "");
  std::string told = delivery_fields({{"shop", "b.test"}, {"a b", "b.test"}});
  EXPECT_EQ(told,
            "X-Original-To: shop@b.test\r\nDelivered-To: shop@b.test\r\n"
            "X-Original-To: \"a b\"@b.test\r\nDelivered-To: \"a b\"@b.test\r\n");
  EXPECT_EQ(prefix_for_relay("Return-Path: <a@b>\r\n" + told + "Received: x\r\n"), "Received: x\r\n");
  EXPECT_TRUE(has_delivery_fields("Return-Path: <a@b>\r\n" + told + "Received: x\r\n"));
  EXPECT_FALSE(has_delivery_fields("Return-Path: <a@b>\r\nReceived: x\r\n"));
}

TEST(ReceivedCount, CountsFieldsOfTheHeadOnly) {
  EXPECT_EQ(received_count("Received: a\r\n\tReceived: folded\r\nreceived: b\r\nX-Received: no\r\n"
                           "\r\nReceived: body\r\n"),
            2);
  // RFC 5322 §4.5.8
  EXPECT_EQ(received_count("Received : a\r\nRECEIVED \t: b\r\nReceived-SPF: none\r\nReceived\r\n\r\n"), 2);
  EXPECT_EQ(received_count("\r\nReceived: body\r\n"), 0);
  EXPECT_EQ(received_count("Received: a"), 1);
  EXPECT_EQ(received_count(""), 0);
}

}  // namespace
}  // namespace pabal::intake
