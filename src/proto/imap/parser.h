// Parser: a cursor over one command as the Receiver hands it over. Each take…
// function reads one thing of RFC 9051 §9 at the cursor and moves past it; if it
// is not there, the first error is kept and false goes up to parse_request().
// `what` says in words what should stand there: "a mailbox name like INBOX".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "proto/imap/command.h"

namespace pabal::proto::imap {

class Parser {
 public:
  Parser(std::string text, const ParseOptions& options)
      : own_(std::move(text)), text_(own_), options_(options) {}
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // The command's name, upper-case, for errors and for parsers of two commands.
  void set_command(std::string name, bool uid) {
    name_ = std::move(name);
    uid_ = uid;
  }
  const std::string& name() const { return name_; }  // without UID
  bool uid() const { return uid_; }

  bool at_end() const { return at_ == text_.size(); }
  // The next octet; NUL at the end.
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  // A space and something behind it but ")": one more argument comes.
  bool has_argument() const;
  // It is in parentheses, and `first` (if given) the first word in them.
  bool has_list(std::string_view first = "") const;

  // "FETCH needs <what>, got \"...\"". Returns false; the first error stays.
  bool fail(std::string_view what);
  // "FETCH: <text>", when `fail` would say it wrongly.
  bool reject(std::string_view text, std::string_view code = "", bool no = false);
  SyntaxError take_error() { return std::move(error_); }
  // Whether `count` things more than `max` of them are too many: then it rejects.
  bool within(size_t count, size_t max, std::string_view things);

  // Optional: false, without an error, if it is not next.
  bool skip(char c);
  void skip_spaces();
  bool skip_word(std::string_view word);  // a whole atom, in any case
  // Letters, digits, ".", "-", "_", as far as they go, upper-case: "BODY.PEEK" of "body.peek[1]".
  std::string take_label();

  // Needed.
  bool space(std::string_view what);  // one; more are overlooked
  bool expect(char c, std::string_view what);
  bool end();  // nothing but spaces left

  bool take_atom(std::string& out, std::string_view what);
  bool take_upper_atom(std::string& out, std::string_view what);
  // ASTRING-CHARs: an atom in which "]" may stand.
  bool take_astring(std::string& out, std::string_view what);
  bool take_string(std::string& out, std::string_view what);
  bool take_nstring(std::optional<std::string>& out, std::string_view what);  // and literal8
  bool take_literal(std::string& out, bool& literal8, std::string_view what);
  bool take_tag(std::string& out);

  bool take_number(uint32_t& out, std::string_view what);
  bool take_nz_number(uint32_t& out, std::string_view what);
  bool take_number64(uint64_t& out, std::string_view what);  // 63 bits
  bool take_sequence_set(SequenceSet& out, std::string_view what);
  bool take_date(Day& out);
  bool take_date_time(Time& out);

  bool take_flag(std::string& out);
  bool take_flag_list(std::vector<std::string>& out);  // "(" … ")"
  // UTF-8; "inbox" becomes "INBOX".
  bool take_mailbox(std::string& out, std::string_view what = "a mailbox name like INBOX");
  bool take_pattern(std::string& out);  // with % and *

  // A space, then as the function without argument_.
  bool argument_astring(std::string& out, std::string_view what);
  bool argument_mailbox(std::string& out, std::string_view what = "a mailbox name like INBOX");

  // "(" [item *(SP item)] ")", each taken by `item`, which says false on an error.
  template <class Item>
  bool take_list(size_t max, std::string_view what, std::string_view things, Item item) {
    if (!expect('(', what)) return false;
    skip_spaces();
    for (size_t count = 1; !skip(')'); ++count) {
      if (!within(count, max, things) || !item()) return false;
      if (peek() != ')' && !space("a space or \")\"")) return false;
    }
    return true;
  }

 private:
  std::string_view take_while(bool (*allowed)(char));
  bool take_quoted(std::string& out, std::string_view what);
  bool decode_mailbox(std::string& name);
  void move_literal(std::string& out, size_t octets);
  std::string found() const;  // what stands at the cursor, for an error

  std::string own_;
  std::string_view text_;  // of it
  size_t at_ = 0;
  ParseOptions options_;
  std::string name_;
  bool uid_ = false;
  bool failed_ = false;
  SyntaxError error_;
};

// The tag at the beginning of `text`, up to its space or the end; "" if there is none.
std::string_view leading_tag(std::string_view text);

// Days since 1970-01-01; nullopt if there is no such day. Months count from 1.
std::optional<int32_t> days_of(unsigned year, unsigned month, unsigned day);

}  // namespace pabal::proto::imap
