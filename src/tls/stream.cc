#include "tls/stream.h"

#include <array>
#include <openssl/err.h>

#include "tls/openssl.h"
#include "tls/server_certificates.h"

namespace pabal::tls {

using io::Interest;
using io::IoError;
using io::IoFault;
using io::TryResult;

// The stream below as OpenSSL wants to see it.
struct TlsStream::Bio {
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pabal stream");
      BIO_meth_set_read_ex(m, read);
      BIO_meth_set_write_ex(m, write);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }

  static int read(BIO* bio, char* into, size_t size, size_t* got) {
    BIO_clear_retry_flags(bio);
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    try {
      TryResult result = stream.below_->try_read(std::span(into, size));
      if (result.kind == TryResult::would_block) BIO_set_retry_read(bio);
      if (result.kind == TryResult::eof) stream.eof_below_ = true;
      *got = result.octets;
      return result.kind == TryResult::done;
    } catch (...) {
      stream.thrown_below_ = std::current_exception();
      return 0;
    }
  }

  static int write(BIO* bio, const char* bytes, size_t size, size_t* sent) {
    BIO_clear_retry_flags(bio);
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    try {
      TryResult result = stream.below_->try_write(std::string_view(bytes, size));
      if (result.kind == TryResult::would_block) BIO_set_retry_write(bio);
      *sent = result.octets;
      return result.kind == TryResult::done;
    } catch (...) {
      stream.thrown_below_ = std::current_exception();
      return 0;
    }
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->eof_below_;
    return 0;
  }
};

TlsStream::TlsStream(std::unique_ptr<io::Stream> below, SSL_CTX* context) : below_(std::move(below)) {
  ssl_ = SSL_new(context);
  BIO* bio = BIO_new(Bio::method());
  if (ssl_ == nullptr || bio == nullptr) {
    SSL_free(ssl_);
    BIO_free(bio);
    throw tls_error("TLS");
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

TryResult TlsStream::try_read(std::span<char> into) {
  ERR_clear_error();
  size_t got = 0;
  int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
  more_ = result == 1;
  if (more_) {
    read_interest_ = Interest::read;
    return {TryResult::done, got};
  }
  return not_done(result, read_interest_);
}

TryResult TlsStream::try_write(std::string_view bytes) {
  verify(!bytes.empty(), "there is something to write");
  ERR_clear_error();
  size_t sent = 0;
  int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent);
  if (result == 1) {
    write_interest_ = Interest::write;
    return {TryResult::done, sent};
  }
  return not_done(result, write_interest_);
}

TryResult TlsStream::not_done(int result, Interest& interest) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      interest = Interest::read;
      return {TryResult::would_block};
    case SSL_ERROR_WANT_WRITE:
      interest = Interest::write;
      return {TryResult::would_block};
    case SSL_ERROR_ZERO_RETURN:
      return {TryResult::eof};
    default:
      fail();
  }
}

void TlsStream::fail() {
  broken_ = true;
  std::string reason = take_reason();
  const std::string peer = below_->peer().to_string();
  // First, because the alert that answers a cut may itself fail.
  if (eof_below_) {
    throw IoError(IoFault::closed, peer + (established_ ? " closed the connection without ending TLS"
                                                        : " closed the connection during the TLS handshake"));
  }
  if (thrown_below_) std::rethrow_exception(thrown_below_);
  long verdict = SSL_get_verify_result(ssl_);
  if (!established_ && verdict != X509_V_OK) {
    reason += std::string(": ") + X509_verify_cert_error_string(verdict);
  }
  throw IoError(IoFault::tls, "TLS with " + peer + ": " + reason);
}

void TlsStream::finish() {
  if (!broken_ && SSL_is_init_finished(ssl_)) {
    ERR_clear_error();
    // Once: we do not wait for the peer's close_notify (RFC 8446 §6.1).
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  below_->finish();
}

void TlsStream::arm(Interest interest) {
  if (interest == Interest::read && more_ && SSL_has_pending(ssl_)) {
    signal();
  } else {
    arm_below(*below_, interest);
  }
}

bool TlsStream::try_handshake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    established_ = true;
    return true;
  }
  if (not_done(result, read_interest_).kind == TryResult::eof) {
    throw IoError(IoFault::closed, below_->peer().to_string() + " ended TLS during the handshake");
  }
  return false;
}

rt::Task<void> TlsStream::handshake(Instant deadline) {
  bool woken = false;
  while (!try_handshake()) {
    rt::Wake why = co_await readable(deadline);
    if (why == rt::Wake::deadline) {
      throw IoError(IoFault::timeout, "TLS handshake with " + below_->peer().to_string() + ": time limit");
    }
    woken = woken || why == rt::Wake::woken;
  }
  read_interest_ = Interest::read;
  // What came behind the handshake may already be inside OpenSSL.
  more_ = true;
  if (woken) wake();
}

void TlsStream::expect_host(const std::string& hostname) {
  if (hostname.empty()) return;
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl_);
  if (io::IpAddress::parse(hostname)) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, hostname.c_str());
    return;
  }
  // DNS-IDs only, a wildcard only as the whole leftmost label (RFC 6125 §6.4.3).
  X509_VERIFY_PARAM_set_hostflags(expected,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  X509_VERIFY_PARAM_set1_host(expected, hostname.data(), hostname.size());
  SSL_set_tlsext_host_name(ssl_, hostname.c_str());
}

rt::Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<io::Stream> below, ServerContext& context,
                                            Instant deadline) {
  // Held until the end of the handshake: a reload may come meanwhile.
  std::shared_ptr<const ServerContext::Certificates> certificates = context.certificates();
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(below), certificates->initial()));
  SSL_set_accept_state(stream->ssl_);
  co_await stream->handshake(deadline);
  co_return stream;
}

rt::Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<io::Stream> below, ClientContext& context,
                                             std::string hostname, Instant deadline) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(below), context.get()));
  stream->expect_host(hostname);
  SSL_set_connect_state(stream->ssl_);
  co_await stream->handshake(deadline);
  co_return stream;
}

}  // namespace pabal::tls
