// CAPA (RFC 2449), UTF8 and LANG (RFC 6856).
#include "serve/pop3/session.h"

namespace pabal::serve::pop3 {

rt::Task<Reply> Session::on(proto::pop3::Capa) {
  Reply reply = ok(Text::capabilities_follow);
  std::string& lines = reply.lines;
  lines = "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
  if (may_log_in()) {
    lines += "USER\r\nSASL";
    for (const std::string& name : directory::Gate::mechanisms(visitor_)) lines.append(" ").append(name);
    lines += "\r\n";
  }
  if (offers_stls() && state_ == State::authorization) lines += "STLS\r\n";
  lines += "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Pabal\r\n.\r\n";
  co_return reply;
}

rt::Task<Reply> Session::on(proto::pop3::Utf8) {
  utf8_ = true;
  co_return ok(Text::utf8_on);
}

rt::Task<Reply> Session::on(proto::pop3::Lang command) {
  if (!command.tag) {
    Reply reply = ok(Text::languages_follow);
    for (const Language& language : languages())
      reply.lines.append(language.tag).append(" ").append(language.name).append("\r\n");
    reply.lines += ".\r\n";
    co_return reply;
  }
  const Language* language = find_language(*command.tag);
  if (language == nullptr) co_return err("", Text::language_unknown);
  lang_ = language->lang;
  co_return Reply{.status = "+OK " + std::string(language->tag) + " " + say(Text::language_set, lang_)};
}

}  // namespace pabal::serve::pop3
