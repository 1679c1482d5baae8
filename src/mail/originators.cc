#include "mail/originators.h"

#include "base/bytes.h"
#include "mail/header.h"

namespace pabal::mail {
namespace {

constexpr std::string_view kEndsRun = " \t()<>,;:\"\\";

class Originators {
 public:
  Originators(std::string_view value, bool allow_utf8) : text_(unfold(value)), s_(text_), utf8_(allow_utf8) {}

  std::expected<std::vector<Address>, std::string> read() {
    while (pos_ < s_.size() && error_.empty()) step();
    if (in_group_) fail("its group has no end");
    end_entry();
    if (error_.empty() && found_.empty()) fail("it has no address");
    if (!error_.empty()) return std::unexpected(error_);
    return std::move(found_);
  }

 private:
  void step() {
    switch (s_[pos_]) {
      case ' ':
      case '\t':
        glued_ = false;
        ++pos_;
        return;
      case '(':
        return skip_comment();
      case '<':
        return read_angle();
      case ',':
        return comma();
      case ':':
        return begin_group();
      case ';':
        return end_group();
      case '>':
        return fail("it has a '>' without a '<'");
      case ')':
        return fail("it has a ')' without a '('");
      case '\\':
        return fail("it has a backslash outside of quotes");
      case '"':
        return add(read_quoted(), true);
      default:
        return add(read_run(), false);
    }
  }

  void skip_comment() {
    size_t depth = 0;
    for (; pos_ < s_.size(); ++pos_) {
      if (s_[pos_] == '\\') {
        ++pos_;
      } else if (s_[pos_] == '(') {
        ++depth;
      } else if (s_[pos_] == ')' && --depth == 0) {
        ++pos_;
        glued_ = false;
        return;
      }
    }
    fail("its comment has no end");
  }

  // With its quotes.
  std::string_view read_quoted() {
    size_t begin = pos_;
    for (++pos_; pos_ < s_.size(); ++pos_) {
      if (s_[pos_] == '\\') {
        ++pos_;
      } else if (s_[pos_] == '"') {
        ++pos_;
        return s_.substr(begin, pos_ - begin);
      }
    }
    fail("its quotes have no end");
    return {};
  }

  std::string_view read_run() {
    size_t begin = pos_;
    while (pos_ < s_.size() && kEndsRun.find(s_[pos_]) == std::string_view::npos) {
      // "[IPv6:2001:db8::1]" has colons.
      size_t end = s_[pos_] == '[' && pos_ > begin && s_[pos_ - 1] == '@' ? s_.find_first_of("] ,;", pos_)
                                                                          : std::string_view::npos;
      pos_ = end == std::string_view::npos ? pos_ + 1 : end;
    }
    return s_.substr(begin, pos_ - begin);
  }

  void add(std::string_view piece, bool quoted) {
    if (group_ended_) return fail("it has text behind a group");
    if (angle_) return fail("it has text behind an address in brackets");
    if (glued_ && !words_.empty()) {
      words_.back().text += piece;
      words_.back().bare |= !quoted;
    } else {
      words_.push_back({std::string(piece), !quoted});
    }
    glued_ = true;
  }

  void read_angle() {
    if (group_ended_) return fail("it has text behind a group");
    if (angle_) return fail("it has two addresses without a comma between them");
    ++pos_;
    std::string content;
    while (pos_ < s_.size() && s_[pos_] != '>' && error_.empty()) {
      if (s_[pos_] == '"') {
        content += read_quoted();
      } else {
        content += s_[pos_++];
      }
    }
    if (pos_ >= s_.size()) return fail("it has a '<' without a '>'");
    ++pos_;
    angle_ = true;
    glued_ = false;
    take(trim(content));
  }

  void begin_group() {
    if (in_group_ || angle_ || words_.empty() || group_ended_) return fail("it has a ':' in the wrong place");
    for (const Word& word : words_) {
      if (word.is_address()) return fail("it has a ':' in the wrong place");
    }
    ++pos_;
    in_group_ = true;
    needed_ = false;
    clear();
  }

  void end_group() {
    if (!in_group_) return fail("it has a ';' in the wrong place");
    ++pos_;
    end_entry();
    in_group_ = false;
    group_ended_ = true;
  }

  void comma() {
    ++pos_;
    if (!group_ended_) {
      needed_ = true;
      end_entry();
    }
    group_ended_ = false;
    needed_ = true;
  }

  void end_entry() {
    if (!error_.empty()) return;
    if (words_.empty() && !angle_) {
      if (needed_) fail("it has a comma too many");
      return;
    }
    if (angle_) {
      // "mallory@a.test <alice@b.test>": a reader may show the one or the other.
      for (const Word& word : words_) {
        if (word.is_address()) take(word.text);
      }
    } else if (words_.size() > 1) {
      fail("it has an address without brackets behind a name, or blanks inside an address");
    } else {
      take(words_.front().text);
    }
    needed_ = false;
    clear();
  }

  void take(std::string_view text) {
    std::expected<Address, std::string> address = parse_address(text, utf8_);
    if (!address) return fail("'" + printable_ascii(text) + "' is no address: " + address.error());
    if (found_.size() == originators_max)
      return fail("it has more than " + std::to_string(originators_max) + " addresses");
    found_.push_back(std::move(*address));
  }

  static std::string printable_ascii(std::string_view text) {
    std::string out;
    for (char c : text.substr(0, 80)) out += c >= 32 && c < 127 ? c : '?';
    return out;
  }

  void clear() {
    words_.clear();
    angle_ = false;
    glued_ = false;
  }

  void fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
    pos_ = s_.size();
  }

  struct Word {
    std::string text;
    bool bare;  // not all of it in quotes

    bool is_address() const {
      bool encoded = text.starts_with("=?") && text.ends_with("?=");
      return bare && !encoded && text.find('@') != std::string::npos;
    }
  };

  std::string text_;
  std::string_view s_;
  bool utf8_;
  size_t pos_ = 0;
  std::vector<Address> found_;
  std::vector<Word> words_;
  bool glued_ = false;   // nothing stood between the last word and what comes
  bool angle_ = false;   // this entry has its address in brackets
  bool needed_ = false;  // an entry has to come, as behind a comma
  bool in_group_ = false, group_ended_ = false;
  std::string error_;
};

}  // namespace

std::expected<std::vector<Address>, std::string> parse_originators(std::string_view value, bool allow_utf8) {
  return Originators(value, allow_utf8).read();
}

}  // namespace pabal::mail
