// ServerContext::Certificates for this folder's .cc files.
#pragma once

#include "tls/context.h"
#include "tls/openssl.h"

namespace pabal::tls {

class ServerContext::Certificates {
 public:
  explicit Certificates(const std::vector<CertificateFiles>& files);
  Certificates(const Certificates&) = delete;

  SSL_CTX* initial() const { return contexts_.front().get(); }
  // The first whose certificate is for `server_name`, or nullptr.
  SSL_CTX* find(const char* server_name) const;
  // In the order of the files.
  std::vector<Time> ends() const;

 private:
  std::vector<SslContextPtr> contexts_;
};

}  // namespace pabal::tls
