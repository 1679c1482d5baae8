#include "mail/base_subject.h"

#include "base/bytes.h"

namespace pabal::mail {
namespace {

constexpr std::string_view forward_begin = "[fwd:", forward_end = "]", forward_trailer = "(fwd)";

// Tabs and runs of blanks become one blank (RFC 5256 §2.1 (1)).
std::string with_single_blanks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      out += c;
    } else if (!out.ends_with(' ')) {
      out += ' ';
    }
  }
  return out;
}

void skip_blanks(std::string_view& s) {
  while (s.starts_with(' ')) s.remove_prefix(1);
}

// subj-blob: "[...]" without brackets inside, and the blanks behind it.
bool skip_blob(std::string_view& s) {
  if (!s.starts_with('[')) return false;
  size_t end = s.find_first_of("[]", 1);
  if (end == std::string_view::npos || s[end] != ']') return false;
  s.remove_prefix(end + 1);
  skip_blanks(s);
  return true;
}

// subj-refwd: "Re:", "Fwd :", "Re [2]:".
bool skip_reply_mark(std::string_view& s) {
  std::string_view rest = s;
  size_t length = istarts_with(rest, "fwd")                              ? 3
                  : istarts_with(rest, "re") || istarts_with(rest, "fw") ? 2
                                                                         : 0;
  if (length == 0) return false;
  rest.remove_prefix(length);
  skip_blanks(rest);
  skip_blob(rest);
  if (!rest.starts_with(':')) return false;
  s = rest.substr(1);
  return true;
}

// Steps (3) to (5). A row of blobs is looked at once: either a reply mark stands
// behind it, or all of it goes, but for the last blob where nothing is behind.
bool skip_leaders(std::string_view& s) {
  bool reply = false;
  for (;;) {
    skip_blanks(s);
    std::string_view rest = s, last_blob = s;
    while (skip_blob(rest)) {
      if (rest.empty()) break;
      last_blob = rest;
    }
    if (!skip_reply_mark(rest)) {
      s = rest.empty() ? last_blob : rest;
      return reply;
    }
    reply = true;
    s = rest;
  }
}

// Step (2).
bool drop_trailers(std::string_view& s) {
  bool forwarded = false;
  for (;;) {
    while (s.ends_with(' ')) s.remove_suffix(1);
    bool trailer = s.size() >= forward_trailer.size() &&
                   iequals(s.substr(s.size() - forward_trailer.size()), forward_trailer);
    if (!trailer) return forwarded;
    s.remove_suffix(forward_trailer.size());
    forwarded = true;
  }
}

}  // namespace

BaseSubject base_subject(std::string_view subject) {
  std::string text = with_single_blanks(subject);
  std::string_view s = text;
  BaseSubject base;
  for (;;) {
    if (drop_trailers(s)) base.is_reply = true;
    if (skip_leaders(s)) base.is_reply = true;
    bool forward = istarts_with(s, forward_begin) && s.ends_with(forward_end);
    if (!forward) break;
    s = s.substr(forward_begin.size(), s.size() - forward_begin.size() - forward_end.size());
    base.is_reply = true;
  }
  base.text = s;
  return base;
}

}  // namespace pabal::mail
