#include "proto/imap/parameters.h"

#include <map>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/content_type.h"
#include "proto/imap/header_text.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

// "filename*0*": a piece of "filename", percent-encoded.
struct Name {
  std::string_view base;
  std::optional<uint64_t> piece;
  bool encoded = false;
};

Name take_apart(std::string_view name) {
  Name out{name, std::nullopt, name.size() > 1 && name.ends_with('*')};
  if (out.encoded) out.base.remove_suffix(1);
  size_t star = out.base.find('*');
  if (star == std::string_view::npos || star == 0) return out;
  out.piece = parse_uint(out.base.substr(star + 1));
  if (out.piece) out.base = out.base.substr(0, star);
  return out;
}

// Everything but attribute-char (RFC 2231 §7); `but` stays as well.
std::string percent_encode(std::string_view text, std::string_view but) {
  constexpr std::string_view digits = "0123456789ABCDEF", others = "!#$&+-.^_`{|}~";
  std::string out;
  for (char c : text) {
    if (is_alnum(c) || others.find(c) != std::string_view::npos || but.find(c) != std::string_view::npos) {
      out += c;
    } else {
      auto octet = static_cast<unsigned char>(c);
      out += '%';
      out += digits[octet >> 4];
      out += digits[octet & 15];
    }
  }
  return out;
}

bool is_fit(std::string_view text) {
  for (unsigned char c : text) {
    if (c < 32 || c >= 127) return false;
  }
  return true;
}

class Writer {
 public:
  Writer(std::string& out, const mail::Parameters& parameters, std::string_view charset, TextForm form)
      : out_(out), parameters_(parameters), charset_(charset), form_(form) {
    for (const mail::Parameter& parameter : parameters) {
      Name name = take_apart(parameter.name);
      if (name.piece) pieces_[name.base].try_emplace(*name.piece, &parameter.value, name.encoded);
      if (name.encoded) encoded_.insert(name.base);
    }
  }

  void write(bool add_charset) {
    size_t begin = out_.size();
    for (const mail::Parameter& parameter : parameters_) one(parameter);
    if (add_charset && !has_charset_) put("charset", "us-ascii");
    if (out_.size() == begin) {
      out_ += "NIL";
    } else {
      out_[begin] = '(';  // where put() has set a blank
      out_ += ')';
    }
  }

 private:
  using Pieces = std::map<uint64_t, std::pair<const std::string*, bool>>;

  void one(const mail::Parameter& parameter) {
    Name name = take_apart(parameter.name);
    if (name.base == "charset") has_charset_ = true;
    if (name.piece) {
      const Pieces& pieces = pieces_.find(name.base)->second;
      if (*name.piece == 0 && pieces.at(0).first == &parameter.value) {
        joined(name.base, pieces);
      } else if (!pieces.contains(0)) {
        put(parameter.name, parameter.value);
      }
    } else if (name.encoded) {
      put(parameter.name, fit(parameter.value));
    } else if (!is_percent_encoded(parameter.value)) {
      put(parameter.name, parameter.value);
    } else if (!encoded_.contains(name.base)) {  // else that one says it better
      put_percent_encoded(name.base, parameter.value);
    }
  }

  void joined(std::string_view base, const Pieces& pieces) {
    bool encoded = encoded_.contains(base);
    std::string value;
    uint64_t expected = 0;
    for (const auto& [number, piece] : pieces) {
      if (number != expected++) break;
      if (number == 0 && encoded && !piece.second) value = "''";
      value += !encoded ? *piece.first : piece.second ? fit(*piece.first) : percent_encode(*piece.first, "");
    }
    if (!encoded && is_percent_encoded(value)) {
      put_percent_encoded(base, value);
    } else {
      put(std::string(base) + (encoded ? "*" : ""), value);
    }
  }

  // UTF-8 in a string that has to be 7-bit.
  bool is_percent_encoded(std::string_view value) const {
    return form_ == TextForm::seven_bit && !is_ascii(value) && mail::is_raw_utf8(value, charset_);
  }
  void put_percent_encoded(std::string_view base, std::string_view value) {
    put(std::string(base) + '*', "utf-8''" + percent_encode(value, ""));
  }

  static std::string fit(const std::string& text) {
    return is_fit(text) ? text : percent_encode(text, "%'* ");
  }

  void put(std::string_view name, std::string_view value) {
    out_ += ' ';
    put_header_text(out_, name, charset_, form_);
    out_ += ' ';
    if (is_fit(value)) {
      put_string(out_, value);
    } else {
      put_header_text(out_, value, charset_, form_);
    }
  }

  std::string& out_;
  const mail::Parameters& parameters_;
  const std::string_view charset_;
  const TextForm form_;
  std::map<std::string_view, Pieces> pieces_;
  std::set<std::string_view> encoded_;  // bases of which at least one piece is
  bool has_charset_ = false;
};

}  // namespace

void put_parameters(std::string& out, std::string_view raw_value, std::string_view charset, bool add_charset,
                    TextForm form) {
  std::string value(raw_value);
  if (form != TextForm::seven_bit) value = mail::raw_text_to_parse(std::move(value), charset);
  mail::Parameters parameters = mail::raw_parameters(value, charset);
  Writer(out, parameters, charset, form).write(add_charset);
}

}  // namespace pabal::proto::imap
