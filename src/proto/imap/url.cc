#include "proto/imap/url.h"

#include <algorithm>

#include "base/bytes.h"
#include "proto/imap/grammar.h"
#include "proto/imap/parser.h"

namespace pabal::proto::imap {
namespace {

constexpr size_t token_digits_min = 32;  // RFC 5092 §11 enc-urlauth

// nullopt: a broken escape, or octets that no URL has.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c <= 32 || c == 127) return std::nullopt;
    if (c != '%') {
      out += text[i];
      continue;
    }
    auto octet = from_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    out += *octet;
    i += 2;
  }
  return out;
}

std::optional<uint32_t> parse_nz_number(std::string_view text) {
  auto number = parse_uint(text);
  if (!number || *number == 0 || *number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

// "2026-11-21T09:30:00.5+09:00" (RFC 3339 §5.6).
class DateTimeReader {
 public:
  explicit DateTimeReader(std::string_view text) : s_(text) {}

  std::optional<Time> read() {
    unsigned year = digits(4, '-'), month = digits(2, '-'), day = digits(2, 'T');
    unsigned hour = digits(2, ':'), minute = digits(2, ':'), second = digits(2, 0);
    if (s_.starts_with('.')) {
      s_.remove_prefix(1);
      if (s_.empty() || !is_digit(s_[0])) return std::nullopt;
      while (!s_.empty() && is_digit(s_[0])) s_.remove_prefix(1);
    }
    int64_t offset = zone();
    auto days = days_of(year, month, day);
    if (!ok_ || !s_.empty() || !days || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    int64_t minutes = (int64_t{*days} * 24 + hour) * 60 + minute - offset;
    return Time{(minutes * 60 + second) * 1000};
  }

 private:
  unsigned digits(size_t count, char behind) {
    auto number = parse_uint(s_.substr(0, count));
    bool right = s_.size() >= count && number;
    s_.remove_prefix(std::min(count, s_.size()));
    if (right && behind != 0) {
      right = !s_.empty() && to_upper(s_[0]) == behind;
      if (right) s_.remove_prefix(1);
    }
    if (!right) ok_ = false;
    return right ? static_cast<unsigned>(*number) : 0;
  }

  // Minutes east of UTC.
  int64_t zone() {
    if (s_.empty()) ok_ = false;
    char sign = s_.empty() ? '\0' : s_[0];
    s_.remove_prefix(std::min<size_t>(1, s_.size()));
    if (sign == 'Z' || sign == 'z') return 0;
    if (sign != '+' && sign != '-') ok_ = false;
    unsigned hours = digits(2, ':'), minutes = digits(2, 0);
    if (hours > 23 || minutes > 59) ok_ = false;
    int64_t offset = int64_t{hours} * 60 + minutes;
    return sign == '-' ? -offset : offset;
  }

  std::string_view s_;
  bool ok_ = true;
};

// A section as it stands in BODY[...].
std::optional<Section> parse_section(const std::string& text) {
  std::string item = "BODY[" + text + "]";
  Parser parser(std::string(item), {});
  std::vector<FetchItem> items;
  bool good = grammar::take_fetch_item(parser, items) && parser.at_end() && items.size() == 1 &&
              items[0].kind == FetchItem::body_section && !items[0].partial;
  return good ? std::optional(std::move(items[0].section)) : std::nullopt;
}

// "0.1024"; without its second number all that is behind the first.
std::optional<Partial> parse_partial(std::string_view text) {
  size_t dot = text.find('.');
  auto offset = parse_uint(text.substr(0, dot));
  if (!offset) return std::nullopt;
  if (dot == std::string_view::npos) return Partial{*offset, UINT64_MAX};
  auto octets = parse_nz_number(text.substr(dot + 1));
  return octets ? std::optional(Partial{*offset, *octets}) : std::nullopt;
}

class UrlReader {
 public:
  explicit UrlReader(std::string_view text) : text_(text), s_(text) {}

  std::optional<Url> read() {
    if (!server() || !mailbox() || !parameters() || url_.uid == 0) return std::nullopt;
    return std::move(url_);
  }

 private:
  // "imap://user;AUTH=x@host:143" and "//host"; nothing in front of "/mailbox" and ";UID=1".
  bool server() {
    bool absolute = istarts_with(s_, "imap://");
    if (absolute) s_.remove_prefix(5);
    if (!s_.starts_with("//")) return s_.starts_with('/') || s_.starts_with(';');
    s_.remove_prefix(2);
    std::string_view authority = s_.substr(0, s_.find('/'));
    s_.remove_prefix(authority.size());
    size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
      std::string_view info = authority.substr(0, at);
      auto user = percent_decode(info.substr(0, info.find(';')));
      if (!user || !is_utf8(*user)) return false;
      url_.user = *user;
      authority.remove_prefix(at + 1);
    }
    return host(authority) && s_.starts_with('/');
  }

  bool host(std::string_view authority) {
    size_t colon = authority.rfind(':'), bracket = authority.rfind(']');
    bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    if (has_port && colon + 1 < authority.size()) {
      auto port = parse_nz_number(authority.substr(colon + 1));
      if (!port || *port > UINT16_MAX) return false;
      url_.port = static_cast<uint16_t>(*port);
    }
    auto host = percent_decode(authority.substr(0, has_port ? colon : std::string_view::npos));
    if (!host || host->empty() || !is_utf8(*host)) return false;
    url_.host = *host;
    return true;
  }

  // Up to the first ";": one in its name is encoded. Its last "/" belongs to "/;UID=".
  bool mailbox() {
    std::string_view name = s_.substr(0, s_.find(';'));
    s_.remove_prefix(name.size());
    bool selected = name.empty();
    if (!selected) name.remove_prefix(1);
    slash_before_ = name.ends_with('/');
    if (slash_before_) name.remove_suffix(1);
    auto decoded = percent_decode(name);
    if (!decoded || !is_utf8(*decoded) || decoded->empty() != selected) return false;
    if (name.find('?') != std::string_view::npos) return false;  // a search: many messages
    slash_before_ = slash_before_ || selected;
    url_.mailbox = iequals(*decoded, "INBOX") ? "INBOX" : *decoded;
    return true;
  }

  // Each once, in this order. "/" stands before those that name a part of the path.
  enum Order : unsigned char { start, uid_validity, uid, section, partial, expire, urlauth };

  bool parameters() {
    Order last = start;
    while (!s_.empty()) {
      s_.remove_prefix(1);
      std::string_view name = s_.substr(0, s_.find('='));
      if (name.size() == s_.size()) return false;
      Order order = iequals(name, "UIDVALIDITY") ? uid_validity
                    : iequals(name, "UID")       ? uid
                    : iequals(name, "SECTION")   ? section
                    : iequals(name, "PARTIAL")   ? partial
                    : iequals(name, "EXPIRE")    ? expire
                    : iequals(name, "URLAUTH")   ? urlauth
                                                 : start;
      bool path = order == uid || order == section || order == partial;
      if (order <= last || path != slash_before_) return false;
      last = order;
      s_.remove_prefix(name.size() + 1);
      std::string_view value = s_.substr(0, s_.find(';'));
      s_.remove_prefix(value.size());
      slash_before_ = !s_.empty() && value.ends_with('/');
      if (slash_before_) value.remove_suffix(1);
      if (!parameter(order, value)) return false;
    }
    return !url_.expire || last == urlauth;
  }

  bool parameter(Order order, std::string_view value) {
    if (order == urlauth) return authorization(value);
    if (order == partial) return (url_.partial = parse_partial(value)).has_value();
    if (order == expire) return (url_.expire = DateTimeReader(value).read()).has_value();
    if (order == section) {
      auto decoded = percent_decode(value);
      return decoded && !decoded->empty() && (url_.section = parse_section(*decoded)).has_value();
    }
    auto number = parse_nz_number(value);
    if (!number) return false;
    if (order == uid) {
      url_.uid = *number;
    } else {
      url_.uid_validity = *number;
    }
    return true;
  }

  // "submit+fred", or with ":INTERNAL:91354a473744909de610943775f92038" behind it.
  bool authorization(std::string_view value) {
    if (url_.uid == 0 || url_.host.empty()) return false;
    std::string_view access = value.substr(0, value.find(':'));
    value.remove_prefix(access.size());
    if (!s_.empty() || !read_access(access)) return false;
    url_.rump = text_.substr(0, text_.size() - value.size());
    if (value.empty()) return true;
    value.remove_prefix(1);
    size_t colon = value.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    for (char c : value.substr(0, colon)) {
      if (!is_alnum(c) && c != '-' && c != '.') return false;
    }
    url_.mechanism = to_upper(value.substr(0, colon));
    url_.token = to_lower(value.substr(colon + 1));
    return url_.token.size() >= token_digits_min &&
           url_.token.find_first_not_of("0123456789abcdef") == std::string::npos;
  }

  bool read_access(std::string_view access) {
    for (std::string_view word : {"anonymous", "authuser"}) {
      if (iequals(access, word)) {
        url_.access = word;
        return true;
      }
    }
    for (std::string_view word : {"user+", "submit+"}) {
      if (!istarts_with(access, word)) continue;
      auto user = percent_decode(access.substr(word.size()));
      if (!user || user->empty() || !is_utf8(*user)) return false;
      url_.access = std::string(word) + *user;
      return true;
    }
    return false;
  }

  std::string_view text_, s_;
  Url url_;
  bool slash_before_ = false;
};

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  return UrlReader(text).read();
}

}  // namespace pabal::proto::imap
