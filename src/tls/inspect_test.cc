#include "tls/inspect.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "tls/certificate.h"

namespace pabal::tls {
namespace {

constexpr Time kNow{1'795'253'400'000};

class InspectTest : public testing::Test {
 protected:
  InspectTest() {
    std::string name = testing::TempDir() + "pabal-inspect-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~InspectTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + '/' + name, std::ios::binary) << text;
    return directory_ + '/' + name;
  }
  std::string error_of(const CertificateFiles& files) {
    auto facts = inspect(files, "mail.seoul.test");
    return facts ? "no error" : facts.error();
  }

  std::string directory_;
};

TEST_F(InspectTest, TellsNamesAndTimes) {
  Credentials own = make_self_signed({"mail.seoul.test", "192.0.2.1"}, kNow);
  CertificateFiles files{file("c.pem", own.certificate_pem), file("k.pem", own.key_pem)};
  auto facts = inspect(files, "mail.seoul.test");
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_EQ(facts->names, (std::vector<std::string>{"mail.seoul.test", "192.0.2.1"}));
  EXPECT_TRUE(facts->is_for_host);
  EXPECT_TRUE(facts->self_signed);
  EXPECT_LT(facts->not_before, kNow);
  EXPECT_GT(facts->not_after, kNow + std::chrono::hours(24 * 3600));
  EXPECT_FALSE(inspect(files, "mail.busan.test")->is_for_host);

  Credentials issued = issue(make_ca("an authority", kNow), {"mail.seoul.test"}, kNow);
  facts = inspect({file("c.pem", issued.certificate_pem), file("k.pem", issued.key_pem)}, "mail.seoul.test");
  ASSERT_TRUE(facts) << facts.error();
  EXPECT_FALSE(facts->self_signed);
}

TEST_F(InspectTest, NamesTheFileThatIsWrong) {
  Credentials one = make_self_signed({"mail.seoul.test"}, kNow), two = make_self_signed({"other.test"}, kNow);
  std::string certificate = file("c.pem", one.certificate_pem), key = file("k.pem", one.key_pem);
  std::string other_key = file("k2.pem", two.key_pem), nowhere = directory_ + "/nowhere.pem";
  EXPECT_EQ(error_of({nowhere, key}),
            "the certificate " + nowhere + " cannot be read: No such file or directory");
  EXPECT_EQ(error_of({certificate, nowhere}),
            "the key " + nowhere + " cannot be read: No such file or directory");
  EXPECT_EQ(error_of({directory_, key}), "the certificate " + directory_ + " is no file");
  EXPECT_TRUE(error_of({certificate, other_key}).contains("does not belong to the certificate"));
  EXPECT_TRUE(error_of({key, key}).contains("holds no certificate in PEM"));
  EXPECT_TRUE(error_of({certificate, certificate}).contains("holds no private key in PEM"));
  EXPECT_TRUE(error_of({file("empty.pem", ""), key}).contains("holds no certificate"));
  // What OpenSSL would refuse when serving begins: a chain that ends in rubbish.
  std::string chain = one.certificate_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_NE(error_of({file("chain.pem", chain), key}), "");
}

}  // namespace
}  // namespace pabal::tls
