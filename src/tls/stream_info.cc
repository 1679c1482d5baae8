// What a finished handshake is asked for.
#include <array>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>

#include "tls/openssl.h"
#include "tls/stream.h"

namespace pabal::tls {

namespace {

std::string subject_text(const X509* certificate) {
  BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace

TlsInfo TlsStream::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_);
  info.cipher = SSL_get_cipher_name(ssl_);
  if (const X509* peer = SSL_get0_peer_certificate(ssl_)) {
    info.peer_subject = subject_text(peer);
    long verdict = SSL_get_verify_result(ssl_);
    info.verified = verdict == X509_V_OK;
    if (!info.verified) info.reason = X509_verify_cert_error_string(verdict);
  }
  return info;
}

std::string TlsStream::channel_binding_exporter() const {
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  std::array<unsigned char, 32> out;
  const unsigned char empty_context = 0;
  if (SSL_export_keying_material(ssl_, out.data(), out.size(), label.data(), label.size(), &empty_context, 0,
                                 1) != 1) {
    throw tls_error("TLS exporter");
  }
  return std::string(out.begin(), out.end());
}

std::string TlsStream::channel_binding_server_end_point() const {
  const X509* certificate = SSL_is_server(ssl_) ? SSL_get_certificate(ssl_) : SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  int digest = NID_undef;
  OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr);
  if (digest == NID_undef) return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_get_digestbynid(digest), out.data(), &size) != 1) {
    throw tls_error("certificate hash");
  }
  return std::string(out.begin(), out.begin() + size);
}

}  // namespace pabal::tls
