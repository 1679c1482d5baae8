#include "tls/certificate.h"

#include <array>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "base/verify.h"
#include "io/endpoint.h"
#include "tls/openssl.h"

namespace pabal::tls {

namespace {

constexpr int64_t kDaySeconds = 24 * 60 * 60;
constexpr int64_t kOwnDays = 3650;
constexpr int64_t kIssuedDays = 365;
constexpr size_t kCommonNameMax = 64;  // RFC 5280, ub-common-name

void require(bool done, const char* what) {
  if (!done) throw tls_error(what);
}

std::string text_of(BIO* memory) {
  char* text = nullptr;
  long size = BIO_get_mem_data(memory, &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string to_pem(X509* certificate) {
  BioPtr out(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(out.get(), certificate) == 1, "certificate");
  return text_of(out.get());
}

std::string to_pem(EVP_PKEY* key) {
  BioPtr out(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "key");
  return text_of(out.get());
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

// A certificate that lacks its issuer, extensions and signature.
CertificatePtr begin(const std::string& common_name, EVP_PKEY* key, Time now, int64_t days) {
  CertificatePtr certificate(X509_new());
  require(certificate != nullptr, "certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::array<unsigned char, 16> serial;
  require(RAND_bytes(serial.data(), serial.size()) == 1, "random");
  serial[0] &= 0x7F;  // positive (RFC 5280 §4.1.2.2)
  std::unique_ptr<BIGNUM, Freed<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  int64_t seconds = now.ms / 1000;
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds - kDaySeconds);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds + days * kDaySeconds);
  X509_set_pubkey(certificate.get(), key);
  if (common_name.size() <= kCommonNameMax) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(common_name.size()), -1, 0);
  }
  return certificate;
}

void add_server_extensions(X509* certificate, X509* issuer, const std::vector<std::string>& names) {
  std::string alternative;
  for (const std::string& name : names) {
    // The value is a list in OpenSSL's own notation.
    verify(name.find_first_of(",;:= \n") == std::string::npos || io::IpAddress::parse(name),
           "a certificate is for host names and addresses");
    if (!alternative.empty()) alternative += ',';
    alternative += (io::IpAddress::parse(name) ? "IP:" : "DNS:") + name;
  }
  add_extension(certificate, issuer, NID_subject_alt_name, alternative);
  add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  if (issuer != certificate) add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "certificate signature");
}

KeyPtr make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  require(key != nullptr, "key");
  return key;
}

}  // namespace

Credentials make_self_signed(const std::vector<std::string>& names, Time now) {
  verify(!names.empty(), "a certificate has a name");
  KeyPtr key = make_key();
  CertificatePtr certificate = begin(names.front(), key.get(), now, kOwnDays);
  add_server_extensions(certificate.get(), certificate.get(), names);
  sign(certificate.get(), certificate.get(), key.get());
  return {to_pem(certificate.get()), to_pem(key.get())};
}

Credentials make_ca(const std::string& common_name, Time now) {
  KeyPtr key = make_key();
  CertificatePtr certificate = begin(common_name, key.get(), now, kOwnDays);
  add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(certificate.get(), certificate.get(), key.get());
  return {to_pem(certificate.get()), to_pem(key.get())};
}

Credentials issue(const Credentials& ca, const std::vector<std::string>& names, Time now) {
  verify(!names.empty(), "a certificate has a name");
  BioPtr text(BIO_new_mem_buf(ca.certificate_pem.data(), static_cast<int>(ca.certificate_pem.size())));
  CertificatePtr issuer(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  text.reset(BIO_new_mem_buf(ca.key_pem.data(), static_cast<int>(ca.key_pem.size())));
  KeyPtr issuer_key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  require(issuer && issuer_key, "authority");
  KeyPtr key = make_key();
  CertificatePtr certificate = begin(names.front(), key.get(), now, kIssuedDays);
  add_server_extensions(certificate.get(), issuer.get(), names);
  sign(certificate.get(), issuer.get(), issuer_key.get());
  return {to_pem(certificate.get()), to_pem(key.get())};
}

}  // namespace pabal::tls
