// Every text that our POP3 server says, in one table, in each language that
// LANG offers (RFC 6856 §3). English is ASCII, as RFC 1939 §3 wants it of a
// client that asked for nothing else.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::serve::pop3 {

enum class Lang : unsigned char { en, ko };

struct Language {
  Lang lang;
  std::string_view tag;   // RFC 5646
  std::string_view name;  // in the language itself
};
const std::vector<Language>& languages();
// By a basic language range (RFC 4647 §2.1): "ko", "ko-KR"; "*" is ours: English.
const Language* find_language(std::string_view range);

enum class Text : unsigned char {
  greeting,  // % hostname
  bye,
  bye_deleted,  // % messages
  password_next,
  maildrop,  // % messages, % octets
  login_refused,
  login_disabled,
  login_given_up,
  in_use,
  tls_first,
  apop_absent,
  user_first,
  bad_base64,
  auth_cancelled,
  auth_malformed,
  auth_no_initial_response,
  mechanism_unknown,
  mechanisms_follow,
  capabilities_follow,
  tls_begin,
  tls_active,
  tls_absent,
  tls_before_utf8,
  text_behind_stls,
  login_first,
  login_done,
  utf8_on,
  utf8_needed,
  languages_follow,
  language_set,
  language_unknown,
  ids_follow,
  octets_follow,  // % octets
  top_follows,
  no_such_message,  // % messages
  already_deleted,  // % number
  marked,           // % number
  gone,             // % number
  not_convertible,  // % number
  storage_trouble,
  not_deleted,
  takes_no_argument,        // % verb
  wants_number,             // % verb, % verb
  wants_number_or_nothing,  // % verb
  wants_number_and_lines,
  wants_mechanism,
  wants_language,
  wants_name,
  wants_password,
  unknown_command,
  bare_line_end,
  not_utf8,
  line_too_long,  // % octets
  too_many_errors,
  too_many_sessions,
  shutting_down,
  logged_out,
  noop,
};

// The text with each '%' replaced by the next of `values`.
std::string say(Text text, Lang lang, std::initializer_list<std::string_view> values = {});

}  // namespace pabal::serve::pop3
