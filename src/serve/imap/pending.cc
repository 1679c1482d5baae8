// Commands that have no file of their own yet.
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
Outcome absent() {
  return bad("this command is not there");
}
}  // namespace

void Session::account_changed(MailboxId) {}
rt::Task<void> Session::tell_notified() {
  co_return;
}
void Session::start_compression() {}
rt::Task<std::expected<std::string, Outcome>> Session::join_parts(std::vector<wire::CatenatePart>) {
  co_return std::unexpected(absent());
}
rt::Task<Outcome> Session::on(wire::Compress) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::List) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Namespace) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Status) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Replace) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Search) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Sort) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Thread) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::MultiSearch) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::CancelUpdate) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::GetQuota) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::GetQuotaRoot) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::SetQuota) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::GetAcl) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::SetAcl) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::DeleteAcl) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::ListRights) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::MyRights) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::GetMetadata) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::SetMetadata) {
  co_return absent();
}
rt::Task<Outcome> Session::on(wire::Notify) {
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
