#include "mail/message.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

constexpr size_t no_level = SIZE_MAX;

// Where a body came to its end.
struct Stop {
  size_t level = no_level;  // whose boundary, as index into the open ones; no_level: end of message
  bool closing = false;     // "--boundary--"
  size_t line_begin = 0;
  size_t line_end = 0;
  size_t lines_before = 0;  // line ends in front of line_begin
};

// Reads every line once. All open boundaries (at most depth_max) are compared at
// lines that begin with "--", so the work is bounded per octet whatever they are.
class TreeParser {
 public:
  TreeParser(std::string_view message, const Limits& limits)
      : m_(message), limits_(limits), left_{.parts = limits.parts_max, .decoded_octets = message.size()} {}

  Part parse() {
    Part root;
    entity(root, 0, false);
    return root;
  }

  bool has_raw_text() const { return raw_text_; }

 private:
  // Of the limits, for the whole message.
  struct Left {
    size_t parts = 0;
    size_t decoded_octets = 0;
  };

  // The message that an encoded part decodes to.
  TreeParser(std::shared_ptr<const std::string> decoded, const Limits& limits, Left left)
      : m_(*decoded), limits_(limits), left_(left), source_(std::move(decoded)) {}

  Stop entity(Part& part, size_t depth, bool in_digest) {
    if (left_.parts > 0) --left_.parts;
    part.source = source_;
    part.header_begin = pos_;
    size_t lines_at_begin = lines_;
    Stop early;
    bool cut = read_head(early);
    part.body_begin = cut ? before_boundary(early, part.header_begin) : pos_;
    part.header_lines =
        lines_between(lines_at_begin, part.body_begin, cut ? early.lines_before : lines_, early);
    size_t lines_at_body = lines_at_begin + part.header_lines;
    describe(part, in_digest);
    Stop stop = cut ? early : body(part, depth);
    finish(part, stop, lines_at_body);
    if (part.is_encoded_message()) look_into_encoded(part, depth);
    return stop;
  }

  void look_into_encoded(Part& part, size_t depth) {
    part.opaque = true;
    if (depth + 1 >= limits_.depth_max || left_.parts == 0 || part.size_octets() > left_.decoded_octets)
      return;
    auto decoded = std::make_shared<const std::string>(decode_body(part, m_));
    if (decoded->size() > left_.decoded_octets) return;
    left_.decoded_octets -= decoded->size();
    TreeParser inner(std::move(decoded), limits_, left_);
    inner.entity(part.children.emplace_back(), depth + 1, false);
    left_ = inner.left_;
    part.opaque = false;
  }

  Stop body(Part& part, size_t depth) {
    if (part.is_multipart()) return multipart(part, depth);
    if (!part.is_message() || part.is_encoded_message()) return scan();
    if (depth + 1 >= limits_.depth_max || left_.parts == 0) {
      part.opaque = true;
      return scan();
    }
    return entity(part.children.emplace_back(), depth + 1, false);
  }

  Stop multipart(Part& part, size_t depth) {
    std::string boundary = part.type.parameter("boundary");
    boundary.resize(boundary.find_last_not_of(" \t") + 1);
    if (boundary.empty() || boundary.size() > limits_.boundary_octets_max || depth + 1 >= limits_.depth_max ||
        left_.parts == 0) {
      part.opaque = true;
      return scan();
    }
    bool digest = part.type.subtype == "digest";
    size_t level = boundaries_.size();
    boundaries_.push_back(std::move(boundary));
    Stop stop = scan();
    part.preamble_end = before_boundary(stop, part.body_begin);
    while (stop.level == level && !stop.closing) {
      if (left_.parts > 0) {
        stop = entity(part.children.emplace_back(), depth + 1, digest);
      } else {
        part.opaque = true;
        stop = scan();
      }
    }
    boundaries_.pop_back();
    if (stop.level != level) return stop;
    part.epilogue_begin = stop.line_end;
    return scan();
  }

  // Moves behind the empty line; true if a boundary came first.
  bool read_head(Stop& early) {
    while (pos_ < m_.size()) {
      if (at_boundary(early)) return true;
      bool empty = m_[pos_] == '\n' || m_.substr(pos_, 2) == "\r\n";
      next_line();
      if (empty) break;
    }
    return false;
  }

  Stop scan() {
    Stop stop;
    if (boundaries_.empty()) {
      lines_ += static_cast<size_t>(std::count(m_.begin() + static_cast<ptrdiff_t>(pos_), m_.end(), '\n'));
      pos_ = m_.size();
    }
    while (pos_ < m_.size()) {
      if (at_boundary(stop)) return stop;
      next_line();
    }
    return Stop{.line_begin = m_.size(), .line_end = m_.size(), .lines_before = lines_};
  }

  void next_line() {
    const void* lf = std::memchr(m_.data() + pos_, '\n', m_.size() - pos_);
    if (lf == nullptr) {
      pos_ = m_.size();
    } else {
      pos_ = static_cast<size_t>(static_cast<const char*>(lf) - m_.data()) + 1;
      ++lines_;
    }
  }

  // If the line at pos_ is an open boundary: fills `stop` and moves behind the line.
  bool at_boundary(Stop& stop) {
    if (m_[pos_] != '-' || pos_ + 1 >= m_.size() || m_[pos_ + 1] != '-') return false;
    std::string_view rest = m_.substr(pos_ + 2);
    for (size_t level = boundaries_.size(); level-- > 0;) {
      const std::string& boundary = boundaries_[level];
      if (!rest.starts_with(boundary)) continue;
      // Blanks may follow as transport padding, and text behind them does not make it
      // another line (RFC 2046 §5.1.2); text without a blank is a longer boundary.
      size_t at = boundary.size();
      bool closing = rest.substr(at, 2) == "--";
      if (closing) at += 2;
      if (at < rest.size() && !is_wsp(rest[at]) && rest[at] != '\r' && rest[at] != '\n') continue;
      stop = Stop{.level = level, .closing = closing, .line_begin = pos_, .lines_before = lines_};
      next_line();
      stop.line_end = pos_;
      return true;
    }
    return false;
  }

  size_t before_boundary(const Stop& stop, size_t from) const {
    size_t end = stop.line_begin;
    if (stop.level == no_level) return end;
    if (end > from && m_[end - 1] == '\n') --end;
    if (end > from && end < stop.line_begin && m_[end - 1] == '\r') --end;
    return end;
  }

  // Lines from where `lines_at_begin` was counted to `end`, which lies at or just
  // before the line end in front of a boundary.
  size_t lines_between(size_t lines_at_begin, size_t end, size_t lines_at_end, const Stop& stop) const {
    bool line_end_given_away = end < stop.line_begin && stop.level != no_level;
    return lines_at_end - lines_at_begin - (line_end_given_away ? 1 : 0);
  }

  void finish(Part& part, const Stop& stop, size_t lines_at_body) const {
    part.body_end = std::max(part.body_begin, before_boundary(stop, part.body_begin));
    // A last child that is a head alone ends with its empty line.
    if (!part.children.empty()) part.body_end = std::max(part.body_end, part.children.back().body_end);
    size_t lines = lines_between(lines_at_body, part.body_end, stop.lines_before, stop);
    bool open_line = part.body_end > part.body_begin && m_[part.body_end - 1] != '\n';
    part.body_lines = lines + (open_line ? 1 : 0);
    if (!part.is_multipart()) return;
    if (part.preamble_end == 0 || part.preamble_end > part.body_end) part.preamble_end = part.body_end;
    if (part.epilogue_begin == 0 || part.epilogue_begin > part.body_end) part.epilogue_begin = part.body_end;
  }

  void describe(Part& part, bool in_digest) {
    if (in_digest) {
      part.type.type = "message";  // RFC 2046 §5.1.5
      part.type.subtype = "rfc822";
    }
    Header header =
        parse_header(m_.substr(part.header_begin, part.body_begin - part.header_begin), limits_.header);
    bool typed = false, disposed = false, encoded = false;
    for (const Field& field : header.fields) {
      if (field.name.size() < 10 || !istarts_with(field.name, "content-")) continue;
      raw_text_ = raw_text_ || !is_ascii(field.raw_value);
      std::string_view name = field.name.substr(8);
      if (iequals(name, "type") && !typed) {
        part.type = parse_content_type(field.raw_value);
        typed = true;
      } else if (iequals(name, "disposition") && !disposed) {
        part.disposition = parse_content_disposition(field.raw_value);
        disposed = true;
      } else if (iequals(name, "transfer-encoding") && !encoded) {
        part.encoding_name = to_lower(field.value());
        part.encoding = parse_transfer_encoding(field.raw_value);
        encoded = true;
      } else if (iequals(name, "id")) {
        part.id = field.value();
      } else if (iequals(name, "description")) {
        part.description = field.text();
      }
    }
  }

  std::string_view m_;
  const Limits& limits_;
  bool raw_text_ = false;
  size_t pos_ = 0;
  size_t lines_ = 0;  // line ends before pos_
  Left left_;
  std::shared_ptr<const std::string> source_;  // of m_, if it is not the message
  std::vector<std::string> boundaries_;
};

// Raw 8-bit in what describe() has read: in the charset of the part, else of the message,
// which may be known only when all is read.
void describe_in(Part& part, std::string_view message, std::string_view charset) {
  std::string own = part.type.parameter("charset");
  if (!own.empty()) charset = own;
  if (!is_ascii(head_of(part, message))) {
    Header header = header_of(part, message);
    if (const Field* type = header.find("content-type"))
      part.type.parameters = parse_content_type(type->raw_value, charset).parameters;
    if (const Field* disposition = header.find("content-disposition"))
      part.disposition = parse_content_disposition(disposition->raw_value, charset);
    if (const Field* description = header.find("content-description"))
      part.description = description->text(charset);
  }
  for (Part& child : part.children) describe_in(child, message, charset);
}

}  // namespace

Part parse_message(std::string_view message, const Limits& limits) {
  TreeParser parser(message, limits);
  Part root = parser.parse();
  if (parser.has_raw_text()) describe_in(root, message, declared_charset(root));
  return root;
}

std::string declared_charset(const Part& part) {
  std::string charset = part.type.parameter("charset");
  for (size_t i = 0; charset.empty() && i < part.children.size(); ++i)
    charset = declared_charset(part.children[i]);
  return charset;
}

std::string_view source_of(const Part& part, std::string_view message) {
  return part.source ? std::string_view(*part.source) : message;
}

std::string_view head_of(const Part& part, std::string_view message) {
  return source_of(part, message).substr(part.header_begin, part.body_begin - part.header_begin);
}

std::string_view body_of(const Part& part, std::string_view message) {
  return source_of(part, message).substr(part.body_begin, part.body_end - part.body_begin);
}

Header header_of(const Part& part, std::string_view message) {
  return parse_header(head_of(part, message));
}

TransferEncoding parse_transfer_encoding(std::string_view value) {
  // Only the first word: comments and stray punctuation behind it are common.
  std::string_view word = trim(value);
  size_t n = 0;
  while (n < word.size() && (is_alnum(word[n]) || word[n] == '-')) ++n;
  word = word.substr(0, n);
  if (iequals(word, "7bit") || word.empty()) return TransferEncoding::seven_bit;
  if (iequals(word, "8bit")) return TransferEncoding::eight_bit;
  if (iequals(word, "binary")) return TransferEncoding::binary;
  if (iequals(word, "base64")) return TransferEncoding::base64;
  if (iequals(word, "quoted-printable")) return TransferEncoding::quoted_printable;
  return TransferEncoding::unknown;
}

}  // namespace pabal::mail
