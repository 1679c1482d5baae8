// Reads the parenthesized lists of responses back, as strictly as a client may.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "proto/imap/response.h"

// The forms of what a client has enabled.
inline constexpr pabal::proto::imap::TextForm kTextForms[] = {pabal::proto::imap::TextForm::seven_bit,
                                                              pabal::proto::imap::TextForm::utf8,
                                                              pabal::proto::imap::TextForm::rev2};

namespace pabal::proto::imap {

struct ListValue {
  enum Kind { nil, number, string, list } kind = nil;
  std::string text;  // of number and string
  std::vector<ListValue> items;

  bool is_list() const { return kind == list; }
  bool is_nstring() const { return kind == string || kind == nil; }
};

class ListReader {
 public:
  explicit ListReader(std::string_view text, bool utf8 = false) : s_(text), utf8_(utf8) {}

  // nullopt unless the text is exactly one list without NUL; what is 8-bit stands in
  // literals, with `utf8` also in quotes as UTF-8.
  std::optional<ListValue> read() {
    if (s_.find('\0') != std::string_view::npos) return std::nullopt;
    ListValue value;
    if (!s_.starts_with('(') || !read_value(value) || !s_.empty()) return std::nullopt;
    return value;
  }

 private:
  bool read_value(ListValue& value) {
    if (s_.starts_with('(')) return read_list(value);
    if (s_.starts_with('"')) return read_quoted(value);
    if (s_.starts_with('{')) return read_literal(value);
    if (s_.starts_with("NIL")) {
      s_.remove_prefix(3);
      return true;
    }
    value.kind = ListValue::number;
    while (!s_.empty() && is_digit(s_[0])) take(value.text);
    return !value.text.empty();
  }

  // Blanks stand between values, but not between lists ("1*body", "1*address").
  bool read_list(ListValue& value) {
    value.kind = ListValue::list;
    s_.remove_prefix(1);
    while (!s_.starts_with(')')) {
      bool first = value.items.empty();
      bool after_list = !first && value.items.back().is_list();
      bool blank = s_.starts_with(' ');
      if (blank) s_.remove_prefix(1);
      if (first ? blank : !blank && !(after_list && s_.starts_with('('))) return false;
      if (s_.empty() || !read_value(value.items.emplace_back())) return false;
    }
    s_.remove_prefix(1);
    return !value.items.empty();
  }

  bool read_quoted(ListValue& value) {
    value.kind = ListValue::string;
    s_.remove_prefix(1);
    while (!s_.empty() && s_[0] != '"') {
      if (s_[0] == '\r' || s_[0] == '\n') return false;
      if (s_[0] == '\\') {
        s_.remove_prefix(1);
        if (!s_.starts_with('"') && !s_.starts_with('\\')) return false;
      }
      take(value.text);
    }
    if (s_.empty() || !(utf8_ ? is_utf8(value.text) : is_ascii(value.text))) return false;
    s_.remove_prefix(1);
    return true;
  }

  bool read_literal(ListValue& value) {
    value.kind = ListValue::string;
    size_t end = s_.find("}\r\n");
    if (end == std::string_view::npos) return false;
    auto size = parse_uint(s_.substr(1, end - 1));
    if (!size || *size > s_.size() - end - 3) return false;
    value.text = s_.substr(end + 3, *size);
    s_.remove_prefix(end + 3 + *size);
    return true;
  }

  void take(std::string& into) {
    into += s_[0];
    s_.remove_prefix(1);
  }

  std::string_view s_;
  bool utf8_;
};

// What RFC 9051 §9 says of an envelope: its ten members and their addresses.
inline bool is_envelope(const ListValue& value) {
  if (!value.is_list() || value.items.size() != 10) return false;
  for (size_t i = 0; i < 10; ++i) {
    const ListValue& member = value.items[i];
    if (i < 2 || i > 7) {
      if (!member.is_nstring()) return false;
      continue;
    }
    if (member.kind == ListValue::nil) continue;
    if (!member.is_list()) return false;
    int open_groups = 0;
    for (const ListValue& address : member.items) {
      if (!address.is_list() || address.items.size() != 4) return false;
      for (const ListValue& part : address.items) {
        if (!part.is_nstring()) return false;
      }
      if (address.items[3].kind == ListValue::nil) {
        open_groups += address.items[2].kind == ListValue::nil ? -1 : 1;
      }
      if (open_groups < 0 || open_groups > 1) return false;
    }
    if (open_groups != 0) return false;
  }
  return true;
}

inline bool is_body_parameters(const ListValue& value) {
  if (value.kind == ListValue::nil) return true;
  if (!value.is_list() || value.items.size() % 2 != 0) return false;
  for (const ListValue& item : value.items) {
    if (item.kind != ListValue::string) return false;
  }
  return true;
}

// From `at` on: disposition, language, location, and nothing behind.
inline bool is_body_extension(const std::vector<ListValue>& items, size_t at) {
  if (items.size() != at + 3 || !items[at + 2].is_nstring()) return false;
  const ListValue& disposition = items[at];
  if (disposition.kind != ListValue::nil &&
      (!disposition.is_list() || disposition.items.size() != 2 ||
       disposition.items[0].kind != ListValue::string || !is_body_parameters(disposition.items[1]))) {
    return false;
  }
  return items[at + 1].is_list() || items[at + 1].is_nstring();
}

// RFC 9051 §9 body; extended: BODYSTRUCTURE.
inline bool is_body(const ListValue& value, bool extended, TextForm form = TextForm::rev2) {
  if (!value.is_list()) return false;
  const auto& items = value.items;
  if (items[0].is_list()) {
    size_t i = 0;
    while (i < items.size() && items[i].is_list()) {
      if (!is_body(items[i++], extended, form)) return false;
    }
    if (i == items.size() || items[i++].kind != ListValue::string) return false;
    if (!extended) return i == items.size();
    return i < items.size() && is_body_parameters(items[i]) && is_body_extension(items, i + 1);
  }
  if (items.size() < 7 || items[0].kind != ListValue::string || items[1].kind != ListValue::string)
    return false;
  if (!is_body_parameters(items[2]) || !items[3].is_nstring() || !items[4].is_nstring()) return false;
  if (items[5].kind != ListValue::string || items[6].kind != ListValue::number) return false;
  size_t i = 7;
  bool is_message =
      iequals(items[0].text, "message") &&
      (iequals(items[1].text, "rfc822") || (iequals(items[1].text, "global") && form == TextForm::rev2));
  if (is_message) {
    if (items.size() < 10 || !is_envelope(items[7]) || !is_body(items[8], extended, form)) return false;
    i = 9;
  }
  if (is_message || iequals(items[0].text, "text")) {
    if (i >= items.size() || items[i++].kind != ListValue::number) return false;
  }
  if (!extended) return i == items.size();
  return i < items.size() && items[i].is_nstring() && is_body_extension(items, i + 1);
}

inline bool is_envelope_text(std::string_view text, TextForm form) {
  auto value = ListReader(text, form != TextForm::seven_bit).read();
  return value && is_envelope(*value);
}

inline bool is_body_text(std::string_view text, bool extended, TextForm form) {
  auto value = ListReader(text, form != TextForm::seven_bit).read();
  return value && is_body(*value, extended, form);
}

}  // namespace pabal::proto::imap
