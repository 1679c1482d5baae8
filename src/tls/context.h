// What all TLS connections of one kind share: certificates on the server's
// side, trust on the client's. TLS 1.2 and later (RFC 8996).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

struct ssl_ctx_st;

namespace pabal::tls {

struct CertificateFiles {
  std::string certificate_path;  // PEM: the server's certificate, then those that issued it
  std::string key_path;          // PEM, without a password
};

// Shared by all loops.
class ServerContext {
 public:
  // At least one. The first is shown to clients that name no server (SNI, RFC
  // 6066 §3) or one that no certificate is for. Throws IoError (IoFault::tls)
  // that names the file.
  explicit ServerContext(std::vector<CertificateFiles> certificates);
  ~ServerContext();

  // Reads the files again, for the connections that come; when it throws, what
  // was read before stays in use. Any thread.
  void reload();

  // The certificates as they were read last, and when each ends. Any thread.
  struct InUse {
    std::string certificate_path;
    Time ends;
  };
  std::vector<InUse> in_use() const;

  // The certificates of one reading; a handshake holds on to it.
  class Certificates;
  std::shared_ptr<const Certificates> certificates() const;

 private:
  std::vector<CertificateFiles> files_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Certificates> certificates_;
};

struct ClientOptions {
  // false: opportunistic (RFC 3207 §4.1, RFC 7435): any certificate is taken,
  // and TlsStream::info() says whether it would have been trusted.
  bool verify = false;
  std::string ca_file;  // PEM; empty: the system's store
  std::string ca_pem;   // further trusted certificates as text
};

// Shared by all loops.
class ClientContext {
 public:
  // Throws IoError (IoFault::tls).
  explicit ClientContext(const ClientOptions& options);
  ~ClientContext();

  ssl_ctx_st* get() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

}  // namespace pabal::tls
