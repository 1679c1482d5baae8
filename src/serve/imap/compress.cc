// COMPRESS=DEFLATE (RFC 4978).
#include "serve/imap/deflate_stream.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Compress command) {
  if (command.algorithm != "DEFLATE") co_return bad("the only algorithm is DEFLATE");
  if (compressed_) co_return no("COMPRESSIONACTIVE", "it is compressed already");
  if (!conn_.buffered().empty()) co_return bad("wait for the answer before you send compressed octets");
  Outcome outcome = ok("compressed from here on");
  outcome.then = Outcome::Then::compress;
  co_return outcome;
}

void Session::start_compression() {
  conn_.attach(std::make_unique<DeflateStream>(conn_.release()));
  compressed_ = true;
}

}  // namespace pabal::serve::imap
