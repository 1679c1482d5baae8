// TlsStream: TLS over any stream, itself a stream. Everything happens inside
// try_read and try_write; an idle connection holds no record buffers.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "io/stream.h"

struct ssl_st;
struct ssl_ctx_st;

namespace pabal::tls {

class ServerContext;
class ClientContext;

// For the log, the trace header and the journey.
struct TlsInfo {
  std::string version;       // "TLSv1.3"
  std::string cipher;        // "TLS_AES_256_GCM_SHA384"
  bool verified = false;     // the peer's certificate is trusted and for the host that we asked for
  std::string reason;        // why not, when the peer showed one
  std::string peer_subject;  // "CN=mx.busan.test"; empty when the peer showed none
};

class TlsStream final : public io::Stream {
 public:
  ~TlsStream() override;

  // Both throw IoError: what the stream below throws; `tls` when the peer breaks
  // the protocol; `closed` when it ended without close_notify, so that what was
  // read may be cut short (RFC 8446 §6.1).
  io::TryResult try_read(std::span<char> into) override;
  io::TryResult try_write(std::string_view bytes) override;
  io::Interest read_interest() const override { return read_interest_; }
  io::Interest write_interest() const override { return write_interest_; }
  void finish() override;
  io::Endpoint local() const override { return below_->local(); }
  io::Endpoint peer() const override { return below_->peer(); }

  TlsInfo info() const;
  // tls-exporter, 32 octets (RFC 9266 §4.2).
  std::string channel_binding_exporter() const;
  // tls-server-end-point: the hash of the server's certificate (RFC 5929 §4);
  // empty when its signature algorithm defines none.
  std::string channel_binding_server_end_point() const;

 private:
  friend rt::Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<io::Stream>, ServerContext&, Instant);
  friend rt::Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<io::Stream>, ClientContext&,
                                                      std::string, Instant);
  struct Bio;

  TlsStream(std::unique_ptr<io::Stream> below, ssl_ctx_st* context);
  bool try_handshake();
  rt::Task<void> handshake(Instant deadline);
  void expect_host(const std::string& hostname);
  // After an operation that did not succeed; throws, or says eof or what to wait for.
  io::TryResult not_done(int result, io::Interest& interest);
  [[noreturn]] void fail();

  void arm(io::Interest interest) override;
  void disarm() override { disarm_below(*below_); }

  std::unique_ptr<io::Stream> below_;
  ssl_st* ssl_ = nullptr;
  std::exception_ptr thrown_below_;  // no exception goes through OpenSSL's frames
  io::Interest read_interest_ = io::Interest::read;
  io::Interest write_interest_ = io::Interest::write;
  bool more_ = false;  // the last read succeeded: OpenSSL may hold more
  bool eof_below_ = false;
  bool established_ = false;  // OpenSSL forgets it at the first failure
  bool broken_ = false;
};

// The handshake, as server and as client. Throw IoError: `tls` with a reason for
// people, timeout at the deadline, and what the stream below throws.
rt::Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<io::Stream> below, ServerContext& context,
                                            Instant deadline);
// hostname: sent as SNI and looked for in the certificate (RFC 7817 §3); an IP
// address is looked for only; empty: neither.
rt::Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<io::Stream> below, ClientContext& context,
                                             std::string hostname, Instant deadline);

}  // namespace pabal::tls
