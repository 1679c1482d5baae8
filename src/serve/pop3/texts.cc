#include "serve/pop3/texts.h"

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::serve::pop3 {

namespace {

struct Row {
  Text text;
  std::string_view en;
  std::string_view ko;
};

constexpr Row kTexts[] = {
    {Text::greeting, "% Pabal POP3 server ready", "% 파발 POP3 서버입니다"},
    {Text::bye, "good-bye", "안녕히 가세요"},
    {Text::bye_deleted, "good-bye, % messages deleted", "안녕히 가세요, 메일 %통을 지웠습니다"},
    {Text::password_next, "PASS next", "이제 PASS를 보내세요"},
    {Text::maildrop, "% messages (% octets)", "메일 %통 (%바이트)"},
    {Text::login_refused, "wrong user name or password", "사용자 이름이나 비밀번호가 틀립니다"},
    {Text::login_disabled, "this account is disabled", "사용이 정지된 계정입니다"},
    {Text::login_given_up, "too many failed logins", "로그인에 너무 여러 번 실패했습니다"},
    {Text::in_use, "another session has this maildrop open", "다른 세션이 이 메일함을 쓰고 있습니다"},
    {Text::tls_first, "encryption is required: use STLS or the TLS port first",
     "먼저 암호화해야 합니다: STLS나 TLS 포트를 쓰세요"},
    {Text::apop_absent, "APOP is not offered: use AUTH SCRAM-SHA-256, or USER over TLS",
     "APOP는 쓰지 않습니다: AUTH SCRAM-SHA-256이나 TLS에서 USER를 쓰세요"},
    {Text::user_first, "USER first", "먼저 USER를 보내세요"},
    {Text::bad_base64, "that is not base64", "base64가 아닙니다"},
    {Text::auth_cancelled, "authentication cancelled", "인증을 취소했습니다"},
    {Text::auth_malformed, "that is not a response of this mechanism", "이 인증 방식에 맞지 않는 응답입니다"},
    {Text::auth_no_initial_response, "this mechanism takes no initial response",
     "이 인증 방식은 첫 응답을 받지 않습니다"},
    {Text::mechanism_unknown, "no such mechanism here: CAPA lists them",
     "없는 인증 방식입니다: CAPA로 볼 수 있습니다"},
    {Text::mechanisms_follow, "mechanisms follow", "인증 방식 목록입니다"},
    {Text::capabilities_follow, "capabilities follow", "기능 목록입니다"},
    {Text::tls_begin, "begin TLS", "TLS를 시작하세요"},
    {Text::tls_active, "TLS is active already", "이미 TLS를 쓰고 있습니다"},
    {Text::tls_absent, "TLS is not set up here", "TLS가 설정되지 않았습니다"},
    {Text::tls_before_utf8, "STLS goes before UTF8", "STLS는 UTF8보다 먼저 보내야 합니다"},
    {Text::text_behind_stls, "nothing may follow STLS before TLS begins",
     "TLS가 시작되기 전에는 STLS 뒤에 아무것도 보낼 수 없습니다"},
    {Text::login_first, "log in first", "먼저 로그인하세요"},
    {Text::login_done, "you are logged in already", "이미 로그인했습니다"},
    {Text::utf8_on, "UTF-8 from now on", "이제부터 UTF-8입니다"},
    {Text::utf8_needed, "this message cannot be shown without the UTF8 command",
     "UTF8 명령 없이는 보여 줄 수 없는 메일입니다"},
    {Text::languages_follow, "languages follow", "언어 목록입니다"},
    {Text::language_set, "English from now on", "이제부터 한국어입니다"},
    {Text::language_unknown, "no such language: LANG alone lists them",
     "없는 언어입니다: LANG만 보내면 목록이 나옵니다"},
    {Text::ids_follow, "unique ids follow", "고유 번호 목록입니다"},
    {Text::octets_follow, "% octets", "%바이트"},
    {Text::top_follows, "the top of the message follows", "메일의 앞부분입니다"},
    {Text::no_such_message, "no such message, there are %", "없는 메일입니다, 모두 %통입니다"},
    {Text::already_deleted, "message % is deleted", "%번 메일은 지워졌습니다"},
    {Text::marked, "message % goes at QUIT", "%번 메일을 QUIT 때 지웁니다"},
    {Text::gone, "message % was removed by another program", "%번 메일은 다른 프로그램이 지웠습니다"},
    {Text::not_convertible, "message % is binary and cannot be sent by POP3",
     "%번 메일은 이진 형식이라 POP3로 보낼 수 없습니다"},
    {Text::storage_trouble, "the mail store has a problem, try again later",
     "메일 저장소에 문제가 있습니다, 나중에 다시 시도하세요"},
    {Text::not_deleted, "nothing was deleted: the mail store has a problem",
     "메일을 지우지 못했습니다: 저장소에 문제가 있습니다"},
    {Text::takes_no_argument, "% takes no argument", "% 명령에는 인수가 없습니다"},
    {Text::wants_number, "% wants a message number: % 1", "% 명령에는 메일 번호가 필요합니다: % 1"},
    {Text::wants_number_or_nothing, "% wants a message number, or nothing",
     "% 명령에는 메일 번호를 쓰거나 아무것도 쓰지 않습니다"},
    {Text::wants_number_and_lines, "TOP wants a message number and a number of lines: TOP 1 10",
     "TOP 명령에는 메일 번호와 줄 수가 필요합니다: TOP 1 10"},
    {Text::wants_mechanism, "AUTH takes a mechanism and one base64 response, no more",
     "AUTH 명령에는 인증 방식과 base64 응답 하나만 쓸 수 있습니다"},
    {Text::wants_language, "LANG wants a language tag: LANG ko",
     "LANG 명령에는 언어 태그가 필요합니다: LANG ko"},
    {Text::wants_name, "USER wants a name", "USER 명령에는 사용자 이름이 필요합니다"},
    {Text::wants_password, "PASS wants a password", "PASS 명령에는 비밀번호가 필요합니다"},
    {Text::unknown_command, "command not known: CAPA lists what there is",
     "없는 명령입니다: CAPA로 볼 수 있습니다"},
    {Text::bare_line_end, "bare CR, LF or NUL: a line ends in CR LF",
     "CR, LF 또는 NUL이 홀로 있습니다: 줄은 CR LF로 끝나야 합니다"},
    {Text::not_utf8, "the line is not well-formed UTF-8", "올바른 UTF-8이 아닙니다"},
    {Text::line_too_long, "a line has at most % octets", "한 줄은 최대 %바이트입니다"},
    {Text::too_many_errors, "too many errors", "오류가 너무 많습니다"},
    {Text::too_many_sessions, "too many sessions, try again later",
     "접속이 너무 많습니다, 나중에 다시 시도하세요"},
    {Text::shutting_down, "the server is going down, try again later",
     "서버를 끄는 중입니다, 나중에 다시 시도하세요"},
    {Text::logged_out, "your account is disabled, or its password has changed: log in again",
     "계정이 사용 중지되었거나 비밀번호가 바뀌었습니다: 다시 로그인하세요"},
    {Text::noop, "ok", "네"},
};

}  // namespace

const std::vector<Language>& languages() {
  static const std::vector<Language> all = {{Lang::en, "en", "English"}, {Lang::ko, "ko", "한국어"}};
  return all;
}

const Language* find_language(std::string_view range) {
  if (range == "*") return &languages().front();
  std::string_view primary = range.substr(0, range.find('-'));
  for (const Language& language : languages()) {
    if (iequals(language.tag, primary)) return &language;
  }
  return nullptr;
}

std::string say(Text text, Lang lang, std::initializer_list<std::string_view> values) {
  const Row& row = kTexts[static_cast<size_t>(text)];
  verify(row.text == text, "the table of texts is in the order of its enum");
  std::string out;
  auto value = values.begin();
  for (char c : lang == Lang::ko ? row.ko : row.en) {
    if (c == '%' && value != values.end()) {
      out += *value++;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace pabal::serve::pop3
