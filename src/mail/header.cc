#include "mail/header.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "mail/content_type.h"

namespace pabal::mail {
namespace {

constexpr size_t line_octets_preferred = 76;  // RFC 5322 §2.1.1 says 78, RFC 2047 §2 says 76
constexpr size_t line_octets_max = 998;

// Behind the LF that ends the line at `at`, or the end.
size_t next_line(std::string_view s, size_t at) {
  const void* lf = at < s.size() ? std::memchr(s.data() + at, '\n', s.size() - at) : nullptr;
  return lf == nullptr ? s.size() : static_cast<size_t>(static_cast<const char*>(lf) - s.data()) + 1;
}

bool is_empty_line(std::string_view s, size_t at) {
  return s[at] == '\n' || (s[at] == '\r' && at + 1 < s.size() && s[at + 1] == '\n');
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "From alice Sat Nov 21 ...", which mailboxes have in front of a message; "From : alice" is the field.
bool is_mbox_line(std::string_view line) {
  if (!line.starts_with("From ")) return false;
  return !line.substr(std::min(line.find_first_not_of(" \t", 4), line.size())).starts_with(':');
}

// Spaces between name and colon are the obsolete syntax of RFC 5322 §4.5.
Field make_field(std::string_view bytes, size_t begin, size_t end, bool first) {
  Field field{.begin = begin, .end = end};
  std::string_view text = without_line_end(bytes.substr(begin, end - begin));
  size_t colon = text.find(':');
  std::string_view name = text.substr(0, colon);
  while (!name.empty() && is_wsp(name.back())) name.remove_suffix(1);
  bool well_formed = colon != std::string_view::npos && !name.empty() &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
  if (first && is_mbox_line(text)) well_formed = false;
  if (well_formed) {
    field.name = name;
    field.raw_value = text.substr(colon + 1);
  } else {
    field.raw_value = text;
  }
  return field;
}

}  // namespace

std::string Field::value() const {
  return std::string(trim(unfold(raw_value)));
}

std::string Field::text(std::string_view fallback_charset) const {
  return decode_text(trim(raw_value), fallback_charset);
}

const Field* Header::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (iequals(field.name, name)) return &field;
  }
  return nullptr;
}

std::vector<const Field*> Header::find_all(std::string_view name) const {
  std::vector<const Field*> found;
  for (const Field& field : fields) {
    if (iequals(field.name, name)) found.push_back(&field);
  }
  return found;
}

std::string Header::value(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::string() : field->value();
}

std::string Header::text(std::string_view name) const {
  const Field* field = find(name);
  if (field == nullptr) return {};
  return is_ascii(field->raw_value) ? field->text() : field->text(declared_charset(*this));
}

std::string declared_charset(const Header& header) {
  const Field* type = header.find("content-type");
  return type == nullptr ? std::string() : parse_content_type(type->raw_value).parameter("charset");
}

Header parse_header(std::string_view bytes, const HeaderLimits& limits) {
  Header header;
  size_t at = 0;
  while (at < bytes.size() && !is_empty_line(bytes, at)) {
    size_t begin = at;
    do {
      at = next_line(bytes, at);
      ++header.lines;
    } while (at < bytes.size() && is_wsp(bytes[at]));
    if (header.fields.size() < limits.fields_max && at <= limits.octets_max) {
      header.fields.push_back(make_field(bytes, begin, at, begin == 0));
    } else {
      header.complete = false;
    }
  }
  header.octets = at;
  header.body_begin = next_line(bytes, at);
  if (at < bytes.size()) {
    ++header.lines;
  } else if (!bytes.ends_with('\n') && header.lines > 0) {
    --header.lines;  // the last line had no end
  }
  return header;
}

std::string unfold(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t lf = raw.find('\n'); lf != std::string_view::npos; lf = raw.find('\n')) {
    std::string_view line = raw.substr(0, lf);
    out += line.substr(0, line.size() - (line.ends_with('\r') ? 1 : 0));
    raw.remove_prefix(lf + 1);
  }
  return out += raw;
}

std::string fold(std::string_view text, size_t column) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    // One piece: blanks and the word behind them. A line of blanks only would be
    // obsolete syntax, so the blanks stay with their word.
    size_t word = std::min(text.find_first_not_of(" \t", at), text.size());
    size_t end = std::min(text.find_first_of(" \t", word), text.size());
    bool blank_before = word > at && word < text.size();
    if (blank_before && column > 0 && column + (end - at) > line_octets_preferred) {
      out += "\r\n";
      column = 0;
    }
    std::string_view piece = text.substr(at, end - at);
    while (column + piece.size() > line_octets_max) {
      size_t fits = line_octets_max - std::min(column, line_octets_max);
      while (fits > 0 && (static_cast<unsigned char>(piece[fits]) & 0xC0) == 0x80) --fits;
      out += piece.substr(0, fits);
      out += "\r\n ";
      piece.remove_prefix(fits);
      column = 1;
    }
    out += piece;
    column += piece.size();
    at = end;
  }
  return out;
}

}  // namespace pabal::mail
