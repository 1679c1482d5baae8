#include "mail/content_type.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/visible.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/veiled.h"

namespace pabal::mail {
namespace {

constexpr size_t filename_octets_max = 200;                  // file systems take 255, " (2)" may be added
constexpr std::string_view tspecials = "()<>@,;:\\\"/[]?=";  // RFC 2045 §5.1

bool is_token_char(char c) {
  return c > 32 && c < 127 && tspecials.find(c) == std::string_view::npos;
}

void skip_blanks(std::string_view& s) {
  while (!s.empty() && (is_wsp(s[0]) || s[0] == '\r' || s[0] == '\n')) s.remove_prefix(1);
}

void skip_comments(std::string_view& s) {
  for (skip_blanks(s); s.starts_with('('); skip_blanks(s)) {
    int depth = 0;
    size_t i = 0;
    for (; i < s.size(); ++i) {
      if (s[i] == '\\')
        ++i;
      else if (s[i] == '(')
        ++depth;
      else if (s[i] == ')' && --depth == 0)
        break;
    }
    s.remove_prefix(std::min(i + 1, s.size()));
  }
}

std::string_view take_token(std::string_view& s) {
  skip_comments(s);
  size_t n = 0;
  while (n < s.size() && is_token_char(s[n])) ++n;
  std::string_view token = s.substr(0, n);
  s.remove_prefix(n);
  return token;
}

struct Value {
  std::string_view type, subtype, parameters;
};

// "text/plain; ..." or "attachment; ...". Of "filename=x", where a parameter stands at
// once, all is parameters.
Value take_value(std::string_view s) {
  Value out{.parameters = s};
  skip_comments(s);
  bool quoted = s.starts_with('"');  // by mistake
  if (quoted) s.remove_prefix(1);
  out.type = take_token(s);
  if (quoted && s.starts_with('"')) s.remove_prefix(1);
  skip_comments(s);
  if (s.starts_with('=')) return {.parameters = out.parameters};
  if (s.starts_with('/')) {
    s.remove_prefix(1);
    out.subtype = take_token(s);
  }
  out.parameters = s;
  return out;
}

class ParameterReader {
 public:
  explicit ParameterReader(std::string_view s) : s_(s) {}

  Parameters read() {
    Parameters out;
    while (!s_.empty() && out.size() < parameters_max) {
      skip_comments(s_);
      if (s_.starts_with(';') || s_.starts_with(',')) {
        s_.remove_prefix(1);
        continue;
      }
      size_t stop = s_.find_first_of(";=");
      if (stop == std::string_view::npos) break;
      std::string name = to_lower(trim(s_.substr(0, stop)));
      bool has_value = s_[stop] == '=';
      s_.remove_prefix(stop + 1);
      if (!has_value) continue;  // junk between two semicolons
      std::string value = read_value(name);
      if (!name.empty()) out.push_back({std::move(name), std::move(value)});
    }
    return out;
  }

 private:
  std::string read_value(std::string_view name) {
    skip_blanks(s_);
    if (s_.starts_with('"') && !quotes_broken_) {
      std::string value;
      for (size_t i = 1; i < s_.size(); ++i) {
        if (s_[i] == '"') {
          s_.remove_prefix(i + 1);
          skip_to_next();
          return value;
        }
        // A backslash before anything but \ and " is a Windows path, not a quoted-pair.
        if (s_[i] == '\\' && i + 1 < s_.size() && (s_[i + 1] == '"' || s_[i + 1] == '\\')) ++i;
        value += s_[i];
      }
      quotes_broken_ = true;
    }
    // Without quotes a value ends at a blank or comma (RFC 2045 §5.1), but many programs
    // forget the quotes of a file name with blanks, commas and parentheses in it.
    bool is_name = name.starts_with("filename") || name.starts_with("name");
    size_t end = 0;
    for (; end < s_.size() && s_[end] != ';'; ++end) {
      bool separates = is_wsp(s_[end]) || s_[end] == ',';
      if (separates && (!is_name || names_parameter(end))) break;
      if (!is_name && s_[end] == '(') break;
    }
    std::string_view value = trim(s_.substr(0, end));
    s_.remove_prefix(end);
    skip_to_next();
    if (value.starts_with('"')) value.remove_prefix(1);
    if (value.ends_with('"') && !is_name) value.remove_suffix(1);
    return std::string(value);
  }

  // "charset=utf-8, name=x" and "charset=utf-8 format=flowed": the semicolon was
  // forgotten. What else stands behind a value is junk.
  void skip_to_next() {
    size_t at = 0;
    while (at < s_.size() && s_[at] != ';') {
      bool separates = is_wsp(s_[at]) || s_[at] == ',';
      if (separates && names_parameter(at)) {
        ++at;
        break;
      }
      ++at;
    }
    s_.remove_prefix(at);
  }

  // Behind the blank or comma at `at` comes "token=" and something. Linear in all, since
  // a token has no blanks.
  bool names_parameter(size_t at) const {
    ++at;
    size_t begin = at;
    while (at < s_.size() && is_token_char(s_[at])) ++at;
    return at > begin && at + 1 < s_.size() && s_[at] == '=' && !is_wsp(s_[at + 1]) && s_[at + 1] != '=' &&
           is_alpha(s_[begin]);
  }

  std::string_view s_;
  bool quotes_broken_ = false;
};

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (auto octet = from_hex(text.substr(i + 1, 2))) {
        out += *octet;
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// What was sent for one name: RFC 2231 allows three ways, some send two of them.
struct Collected {
  const std::string* plain = nullptr;
  std::map<uint64_t, std::pair<const std::string*, bool>> segments;  // bool: percent-encoded
};

std::string assemble(const Collected& collected, std::string_view fallback_charset) {
  std::string bytes, charset;
  bool encoded = false;
  uint64_t first_number = collected.segments.begin()->first, expected = first_number;
  for (const auto& [number, segment] : collected.segments) {
    if (number != expected++) break;
    std::string_view text = *segment.first;
    if (segment.second && number == first_number) {
      size_t first = text.find('\''),
             second = first == std::string_view::npos ? first : text.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = text.substr(0, first);
        text.remove_prefix(second + 1);
      }
    }
    encoded = encoded || segment.second;
    bytes += segment.second ? percent_decode(text) : std::string(text);
  }
  // Some cut an encoded-word into segments: it is whole only now.
  if (!encoded) return decode_text(bytes, fallback_charset);
  bool known = !charset.empty() && is_known_charset(charset);
  std::string text = known ? to_utf8(bytes, charset) : raw_text_to_utf8(bytes, fallback_charset);
  // Others take the one form and then the other.
  return text.find("=?") == std::string::npos ? text : decode_text(text, fallback_charset);
}

Parameters decode_parameters(const Parameters& raw, std::string_view fallback_charset) {
  std::map<std::string, Collected> by_name;
  std::vector<std::string> order;
  for (const Parameter& parameter : raw) {
    std::string_view name = parameter.name;
    bool extended = name.size() > 1 && name.ends_with('*');
    if (extended) name.remove_suffix(1);
    std::optional<uint64_t> number;
    size_t star = name.find('*');
    if (star != std::string_view::npos && star > 0) number = parse_uint(name.substr(star + 1));
    if (number) name = name.substr(0, star);
    if (extended && !number) number = 0;
    auto [entry, is_new] = by_name.try_emplace(std::string(name));
    if (is_new) order.emplace_back(name);
    Collected& collected = entry->second;
    if (number) {
      collected.segments.try_emplace(*number, &parameter.value, extended);
    } else if (collected.plain == nullptr) {
      collected.plain = &parameter.value;
    }
  }
  Parameters out;
  for (std::string& name : order) {
    const Collected& collected = by_name.at(name);
    // Some count from 1.
    bool usable = !collected.segments.empty() && collected.segments.begin()->first <= 1;
    std::string value = usable                       ? assemble(collected, fallback_charset)
                        : collected.plain == nullptr ? std::string()
                                                     : decode_text(*collected.plain, fallback_charset);
    out.push_back({std::move(name), std::move(value)});
  }
  return out;
}

// "%ED%95%9C.txt" and "UTF-8''%ED%95%9C.txt" in a plain filename=, as web programs write it.
std::string percent_decoded_name(const std::string& name) {
  if (!is_ascii(name) || name.find('%') == std::string::npos) return name;
  size_t first = name.find('\''), second = first == std::string::npos ? first : name.find('\'', first + 1);
  if (second != std::string::npos && is_known_charset(name.substr(0, first)))
    return to_utf8(percent_decode(std::string_view(name).substr(second + 1)), name.substr(0, first));
  std::string decoded = percent_decode(name);
  return is_utf8(decoded) && !is_ascii(decoded) ? decoded : name;
}

// Cut at a character, with its ending kept: it says what the file is.
std::string shortened(std::string_view name) {
  constexpr size_t ending_octets_max = 16;
  if (name.size() <= filename_octets_max) return std::string(name);
  size_t dot = name.rfind('.');
  std::string_view ending = dot == std::string_view::npos ? std::string_view() : name.substr(dot);
  if (ending.size() > ending_octets_max) ending = {};
  size_t cut = filename_octets_max - ending.size();
  while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0) == 0x80) --cut;
  return std::string(name.substr(0, cut)).append(ending);
}

}  // namespace

const std::string* find_parameter(const Parameters& parameters, std::string_view name) {
  for (const Parameter& parameter : parameters) {
    if (iequals(parameter.name, name)) return &parameter.value;
  }
  return nullptr;
}

std::string ContentType::parameter(std::string_view name) const {
  const std::string* value = find_parameter(parameters, name);
  return value == nullptr ? std::string() : *value;
}

std::string ContentDisposition::parameter(std::string_view name) const {
  const std::string* value = find_parameter(parameters, name);
  return value == nullptr ? std::string() : *value;
}

ContentType parse_content_type(std::string_view value, std::string_view fallback_charset) {
  std::string unfolded = raw_text_to_parse(unfold(value), fallback_charset);
  Value taken = take_value(unfolded);
  ContentType out;
  if (!taken.type.empty() && !taken.subtype.empty()) {
    out.type = to_lower(taken.type);
    out.subtype = to_lower(taken.subtype);
  }
  out.parameters = decode_parameters(ParameterReader(taken.parameters).read(), fallback_charset);
  return out;
}

ContentDisposition parse_content_disposition(std::string_view value, std::string_view fallback_charset) {
  std::string unfolded = raw_text_to_parse(unfold(value), fallback_charset);
  Value taken = take_value(unfolded);
  ContentDisposition out{to_lower(taken.type),
                         decode_parameters(ParameterReader(taken.parameters).read(), fallback_charset)};
  // What has a file name and no disposition is to be saved (RFC 2183 §2.8).
  if (out.disposition.empty() && !out.parameters.empty()) out.disposition = "attachment";
  return out;
}

Parameters raw_parameters(std::string_view value, std::string_view declared) {
  Veiled veiled(unfold(value), declared);
  Parameters parameters = ParameterReader(take_value(veiled.text()).parameters).read();
  for (Parameter& parameter : parameters) parameter.value = veiled.octets(std::move(parameter.value));
  return parameters;
}

std::string filename(const ContentDisposition& disposition, const ContentType& type) {
  std::string raw = disposition.parameter("filename");
  if (raw.empty()) raw = type.parameter("name");
  raw = percent_decoded_name(raw);
  std::string_view s = raw;
  size_t folder = s.find_last_of("/\\");
  if (folder != std::string_view::npos) s.remove_prefix(folder + 1);
  std::string out;
  while (!s.empty()) {
    Character c = first_character(s);
    // A tab is a blank at which the field was folded.
    if (c.value == '\t') {
      out += ' ';
    } else if (c.well_formed && !steers_display(c.value)) {
      out += s.substr(0, c.octets);
    }
    s.remove_prefix(c.octets);
  }
  std::string_view name = trim(out);
  while (name.starts_with('.')) name.remove_prefix(1);
  return shortened(name);
}

std::string format_parameter(std::string_view name, std::string_view utf8_value) {
  constexpr size_t segment_octets_max = 60;
  std::string value = is_utf8(utf8_value) ? std::string(utf8_value) : to_utf8(utf8_value, "");
  std::string quoted, encoded;
  bool plain = value.size() + name.size() <= segment_octets_max + 10;
  for (size_t i = 0; i < value.size(); ++i) {
    auto c = static_cast<unsigned char>(value[i]);
    bool lead = (c & 0xC0) != 0x80;
    if (c < 32 || c >= 127) {
      plain = false;
      if (lead) quoted += '_';
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += value[i];
    }
    if (is_alnum(value[i]) || c == '.' || c == '-' || c == '_') {
      encoded += value[i];
    } else {
      encoded += '%' + to_upper(to_hex(value.substr(i, 1)));
    }
  }
  std::string lead = ";\r\n ";
  for (char c : name.substr(0, segment_octets_max)) lead += is_alnum(c) || c == '-' || c == '_' ? c : '_';
  if (plain) return lead + "=\"" + quoted + '"';
  std::string out;
  if (quoted.size() <= 200) out = lead + "=\"" + quoted + '"';  // readers before RFC 2231
  encoded.insert(0, "utf-8''");
  if (encoded.size() <= segment_octets_max) return out + lead + "*=" + encoded;
  std::string_view rest = encoded;
  for (size_t number = 0; !rest.empty(); ++number) {
    size_t n = std::min(segment_octets_max, rest.size());
    // An escape stays in one piece.
    if (n < rest.size() && rest[n - 1] == '%')
      n -= 1;
    else if (n < rest.size() && rest[n - 2] == '%')
      n -= 2;
    out.append(lead).append("*").append(std::to_string(number)).append("*=").append(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  return out;
}

}  // namespace pabal::mail
