// Commands that have no file of their own yet.
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
Outcome absent() {
  return bad("this command is not there");
}
}  // namespace

void Session::start_compression() {}
rt::Task<std::expected<std::string, Outcome>> Session::join_parts(std::vector<wire::CatenatePart>) {
  co_return std::unexpected(absent());
}
rt::Task<Outcome> Session::on(wire::Compress) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Replace) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::GenUrlAuth) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::ResetKey) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::UrlFetch) {
  co_return absent();
}

}  // namespace pabal::serve::imap
