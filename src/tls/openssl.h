// OpenSSL's objects owned by unique_ptr, and its errors as ours. For this
// folder's .cc files only.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>

#include "base/time.h"
#include "io/error.h"

namespace pabal::tls {

template <auto free_function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

// The first reason on this thread's error queue, which is emptied.
std::string take_reason();
// {} if it is no time at all.
Time time_of(const ASN1_TIME* time);
// IoFault::tls, "what: reason".
io::IoError tls_error(const std::string& what);

}  // namespace pabal::tls
