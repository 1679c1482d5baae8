#include "mail/address_list.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/veiled.h"

namespace pabal::mail {
namespace {

struct Word {
  std::string text;  // a quoted-string's without its quotes
  bool quoted = false;
  bool space_before = false;
};

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

class ListParser {
 public:
  // charset: by which names are decoded; nullopt: they stay as they are.
  ListParser(std::string text, std::optional<std::string_view> charset)
      : charset_(charset), text_(std::move(text)), s_(text_) {}

  std::vector<HeaderAddress> parse() {
    while (pos_ < s_.size() && out_.size() < header_addresses_max) step();
    finish();
    end_group();
    return std::move(out_);
  }

 private:
  void step() {
    char c = s_[pos_];
    if (is_wsp(c)) {
      space_ = true;
      ++pos_;
    } else if (read_comment() || read_quoted()) {
      // taken whole
    } else if (c == '<') {
      read_angle();
    } else if (c == ',') {
      ++pos_;
      finish();
    } else if (c == ';') {
      ++pos_;
      finish();
      end_group();
    } else if (c == ':' && !in_group_ && !angle_ && !has_at()) {
      ++pos_;
      group_ = display_name(words_);
      group_.resize(cut_at_character(group_, group_octets_max));
      in_group_ = true;
      group_begin_ = out_.size();
      clear();
    } else {
      read_atom();
    }
  }

  // Without an end, '(' is a character like others: ":-(" is in use as part of names.
  bool read_comment() {
    if (s_[pos_] != '(' || comments_broken_) return false;
    std::string content;
    int depth = 0;
    for (size_t i = pos_; i < s_.size(); ++i) {
      char c = s_[i];
      if (c == '\\' && i + 1 < s_.size()) {
        content += s_[++i];
        continue;
      }
      if (c == '(' && depth++ == 0) continue;
      if (c == ')' && --depth == 0) {
        comment_ = content;
        space_ = true;
        pos_ = i + 1;
        return true;
      }
      content += c;
    }
    comments_broken_ = true;
    return false;
  }

  bool read_quoted() {
    if (s_[pos_] != '"' || quotes_broken_) return false;
    std::string content;
    for (size_t i = pos_ + 1; i < s_.size(); ++i) {
      char c = s_[i];
      if (c == '"') {
        add({content, true, space_});
        pos_ = i + 1;
        return true;
      }
      if (c == '\\' && i + 1 < s_.size()) c = s_[++i];
      content += c;
    }
    quotes_broken_ = true;
    return false;
  }

  void read_atom() {
    size_t begin = pos_;
    if (EncodedWord word = match_encoded_word(s_, pos_); word.length > 0) {
      pos_ += word.length;
    } else if (s_[pos_] == '[') {  // a domain literal may have colons
      size_t end = s_.find_first_of("] ,;<>", pos_);
      pos_ = end == std::string_view::npos ? s_.size() : s_[end] == ']' ? end + 1 : end;
    } else {
      ++pos_;
      while (pos_ < s_.size() && std::string_view(" \t()\"<,;:[").find(s_[pos_]) == std::string_view::npos &&
             s_.substr(pos_, 2) != "=?") {
        ++pos_;
      }
    }
    add({std::string(s_.substr(begin, pos_ - begin)), false, space_});
  }

  // "<@route1,@route2:local@domain>", blanks and comments left out (RFC 5322 §4.4).
  void read_angle() {
    ++pos_;
    std::string content;
    bool quoted = false;
    int depth = 0;
    for (; pos_ < s_.size(); ++pos_) {
      char c = s_[pos_];
      if (c == '\\' && pos_ + 1 < s_.size()) {
        if (depth == 0) content += s_.substr(pos_, 2);
        ++pos_;
        continue;
      }
      if (quoted) {
        content += c;
        quoted = c != '"';
        continue;
      }
      if (c == '(') ++depth;
      if (depth == 0 && (c == '>' || c == ';')) break;
      if (depth == 0 && c == ',' && !content.starts_with('@')) break;  // '>' was forgotten
      quoted = c == '"' && depth == 0;
      if (depth == 0 && !is_wsp(c)) content += c;
      if (c == ')' && depth > 0) --depth;
    }
    if (pos_ < s_.size() && s_[pos_] == '>') ++pos_;
    if (content.starts_with('@')) {
      size_t colon = content.find(':');
      if (colon != std::string::npos) {
        route_ = content.substr(0, colon);
        content.erase(0, colon + 1);
      }
    }
    angle_ = content;
    space_ = true;
  }

  void add(Word word) {
    has_at_ = has_at_ || (!word.quoted && word.text.find('@') != std::string::npos);
    words_.push_back(std::move(word));
    space_ = false;
  }

  bool has_at() const { return has_at_; }

  std::string decoded(std::string_view raw) const {
    return std::string(trim(charset_ ? decode_text(raw, *charset_) : raw));
  }

  std::string display_name(const std::vector<Word>& words) const {
    std::string raw;
    for (const Word& word : words) {
      if (word.space_before && !raw.empty()) raw += ' ';
      raw += word.text;
    }
    return decoded(raw);
  }

  // Words without an angle-addr: the last cluster with an '@' is the address, where a
  // cluster holds together without blanks or across '@' and '.' ("a @ b . com").
  void finish_bare(HeaderAddress& entry) {
    size_t begin = 0, end = 0, cluster = 0;
    bool found = false;
    auto close = [&](size_t stop) {
      for (size_t i = cluster; i < stop; ++i) {
        if (words_[i].quoted || words_[i].text.find('@') == std::string::npos) continue;
        begin = cluster;
        end = stop;
        found = true;
        break;
      }
      cluster = stop;
    };
    for (size_t i = 1; i < words_.size(); ++i) {
      char last = words_[i - 1].quoted ? '"' : words_[i - 1].text.back();
      char next = words_[i].quoted ? '"' : words_[i].text.front();
      bool glued = !words_[i].space_before || last == '@' || last == '.' || next == '@' || next == '.';
      if (!glued) close(i);
    }
    close(words_.size());
    if (!found) {
      bool local_part_alone = words_.size() == 1 && !words_[0].quoted && is_ascii(words_[0].text) &&
                              !words_[0].text.starts_with("=?");
      if (local_part_alone) {
        entry.address = words_[0].text;  // "root"
      } else {
        entry.display_name = display_name(words_);
      }
      return;
    }
    for (size_t i = begin; i < end; ++i) {
      entry.address += words_[i].quoted ? quote(words_[i].text) : words_[i].text;
    }
    if (entry.address.ends_with('>')) entry.address.pop_back();
    words_.erase(words_.begin() + static_cast<ptrdiff_t>(begin),
                 words_.begin() + static_cast<ptrdiff_t>(end));
    entry.display_name = display_name(words_);
  }

  void finish() {
    if (angle_ || !words_.empty()) {
      HeaderAddress entry;
      entry.group = in_group_ ? group_ : std::string();
      if (angle_) {
        entry.address = *angle_;
        entry.route = route_;
        entry.display_name = display_name(words_);
      } else {
        finish_bare(entry);
      }
      if (entry.display_name.empty() && !comment_.empty()) entry.display_name = decoded(comment_);
      if (charset_ && !is_utf8(entry.address)) entry.address = decode_text(entry.address, *charset_);
      if (!entry.address.empty() || !entry.display_name.empty()) out_.push_back(std::move(entry));
    }
    clear();
  }

  void end_group() {
    if (in_group_ && out_.size() == group_begin_) {
      out_.push_back(HeaderAddress{.group = group_, .empty_group = true});
    }
    in_group_ = false;
  }

  void clear() {
    words_.clear();
    angle_.reset();
    route_.clear();
    comment_.clear();
    has_at_ = false;
    space_ = false;
  }

  std::optional<std::string_view> charset_;
  std::string text_;
  std::string_view s_;
  size_t pos_ = 0;
  std::vector<HeaderAddress> out_;
  std::vector<Word> words_;
  std::optional<std::string> angle_;
  std::string route_;  // of angle_
  std::string comment_;
  std::string group_;
  size_t group_begin_ = 0;
  bool in_group_ = false;
  bool space_ = false;
  bool has_at_ = false;
  // Set at the first one without an end, so that no later one searches for it again.
  bool comments_broken_ = false;
  bool quotes_broken_ = false;
};

}  // namespace

std::vector<HeaderAddress> parse_address_list(std::string_view header_value,
                                              std::string_view fallback_charset) {
  return ListParser(raw_text_to_parse(unfold(header_value), fallback_charset), fallback_charset).parse();
}

std::vector<HeaderAddress> parse_raw_address_list(std::string_view header_value, std::string_view declared) {
  Veiled veiled(unfold(header_value), declared);
  std::vector<HeaderAddress> list = ListParser(veiled.text(), std::nullopt).parse();
  for (HeaderAddress& entry : list) {
    for (std::string* text : {&entry.display_name, &entry.address, &entry.group, &entry.route})
      *text = veiled.octets(std::move(*text));
  }
  return list;
}

std::string to_header_text(const HeaderAddress& address, bool utf8) {
  if (address.display_name.empty()) return address.address;
  if (address.address.empty()) return encode_phrase(address.display_name, utf8);
  return encode_phrase(address.display_name, utf8) + " <" + address.address + ">";
}

std::vector<std::string> addresses_of(std::string_view header_value) {
  std::vector<std::string> out;
  for (HeaderAddress& entry : parse_address_list(header_value)) {
    if (!entry.empty_group && !entry.address.empty()) out.push_back(std::move(entry.address));
  }
  return out;
}

}  // namespace pabal::mail
