#include "tls/context.h"

#include <openssl/pem.h>

#include "base/verify.h"
#include "tls/openssl.h"
#include "tls/server_certificates.h"

namespace pabal::tls {

namespace {

SslContextPtr make_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  if (!context) throw tls_error("TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // A connection holds its 16 KiB buffers only while bytes are in them.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read of the socket for header and body of a record.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

int choose_certificate(SSL* ssl, int*, void* argument) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* context = static_cast<const ServerContext::Certificates*>(argument)->find(name);
  if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, context);
  return SSL_TLSEXT_ERR_OK;
}

void trust(SSL_CTX* context, const std::string& pem) {
  BioPtr text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  for (;;) {
    CertificatePtr certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    ++count;
  }
  if (count == 0) throw tls_error("trusted certificates");
  take_reason();  // the end of the text counts as an error
}

}  // namespace

ServerContext::Certificates::Certificates(const std::vector<CertificateFiles>& files) {
  verify(!files.empty(), "a TLS server has a certificate");
  for (const CertificateFiles& file : files) {
    SslContextPtr context = make_context(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context.get(), file.certificate_path.c_str()) != 1) {
      throw tls_error("certificate " + file.certificate_path);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), file.key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
      throw tls_error("key " + file.key_path);
    }
    SSL_CTX_set_dh_auto(context.get(), 1);
    // Resumption by tickets alone (RFC 8446 §2.2): nothing is kept here.
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_tlsext_servername_callback(context.get(), choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(context.get(), this);
    contexts_.push_back(std::move(context));
  }
}

SSL_CTX* ServerContext::Certificates::find(const char* server_name) const {
  for (const SslContextPtr& context : contexts_) {
    X509* certificate = SSL_CTX_get0_certificate(context.get());
    if (X509_check_host(certificate, server_name, 0, 0, nullptr) == 1) return context.get();
  }
  return nullptr;
}

std::vector<Time> ServerContext::Certificates::ends() const {
  std::vector<Time> out;
  for (const SslContextPtr& context : contexts_)
    out.push_back(time_of(X509_get0_notAfter(SSL_CTX_get0_certificate(context.get()))));
  return out;
}

ServerContext::ServerContext(std::vector<CertificateFiles> certificates)
    : files_(std::move(certificates)), certificates_(std::make_shared<const Certificates>(files_)) {}

ServerContext::~ServerContext() = default;

void ServerContext::reload() {
  auto fresh = std::make_shared<const Certificates>(files_);
  std::lock_guard lock(mutex_);
  certificates_ = std::move(fresh);
}

std::shared_ptr<const ServerContext::Certificates> ServerContext::certificates() const {
  std::lock_guard lock(mutex_);
  return certificates_;
}

std::vector<ServerContext::InUse> ServerContext::in_use() const {
  std::vector<InUse> out;
  std::vector<Time> ends = certificates()->ends();
  for (size_t i = 0; i < ends.size(); ++i) out.push_back({files_[i].certificate_path, ends[i]});
  return out;
}

ClientContext::ClientContext(const ClientOptions& options) {
  SslContextPtr context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1) {
    throw tls_error("trusted certificates " + options.ca_file);
  }
  if (!options.ca_pem.empty()) trust(context.get(), options.ca_pem);
  context_ = context.release();
}

ClientContext::~ClientContext() {
  SSL_CTX_free(context_);
}

}  // namespace pabal::tls
