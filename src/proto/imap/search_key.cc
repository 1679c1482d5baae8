#include "proto/imap/search_key.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap {

namespace {

using Kind = SearchKey::Kind;

// What stands behind a key's word.
enum class Argument : unsigned char {
  none,
  set_flag,    // no argument: has the flag in `name`
  clear_flag,  // no argument: has it not
  keyword,
  no_keyword,
  header,  // a string, in the field `name`
  field_and_string,
  string,
  date,
  octets,
  seconds,
  set,
  object_id,
  modseq,
};

struct Word {
  std::string_view word;
  Argument argument;
  Kind kind;
  std::string_view name = "";
};

// Rising by word. NEW, OLD, NOT, OR and FUZZY are made of others.
constexpr Word kWords[] = {
    {"ALL", Argument::none, Kind::all},
    {"ANSWERED", Argument::set_flag, Kind::flag, "\\Answered"},
    {"BCC", Argument::header, Kind::address, "Bcc"},
    {"BEFORE", Argument::date, Kind::before},
    {"BODY", Argument::string, Kind::in_body},
    {"CC", Argument::header, Kind::address, "Cc"},
    {"DELETED", Argument::set_flag, Kind::flag, "\\Deleted"},
    {"DRAFT", Argument::set_flag, Kind::flag, "\\Draft"},
    {"EMAILID", Argument::object_id, Kind::email_id},
    {"FLAGGED", Argument::set_flag, Kind::flag, "\\Flagged"},
    {"FROM", Argument::header, Kind::address, "From"},
    {"HEADER", Argument::field_and_string, Kind::header},
    {"KEYWORD", Argument::keyword, Kind::flag},
    {"LARGER", Argument::octets, Kind::larger},
    {"MODSEQ", Argument::modseq, Kind::modseq},
    {"OLDER", Argument::seconds, Kind::older},
    {"ON", Argument::date, Kind::on},
    {"RECENT", Argument::none, Kind::recent},
    {"SAVEDATESUPPORTED", Argument::none, Kind::save_date_supported},
    {"SAVEDBEFORE", Argument::date, Kind::saved_before},
    {"SAVEDON", Argument::date, Kind::saved_on},
    {"SAVEDSINCE", Argument::date, Kind::saved_since},
    {"SEEN", Argument::set_flag, Kind::flag, "\\Seen"},
    {"SENTBEFORE", Argument::date, Kind::sent_before},
    {"SENTON", Argument::date, Kind::sent_on},
    {"SENTSINCE", Argument::date, Kind::sent_since},
    {"SINCE", Argument::date, Kind::since},
    {"SMALLER", Argument::octets, Kind::smaller},
    {"SUBJECT", Argument::header, Kind::header, "Subject"},
    {"TEXT", Argument::string, Kind::anywhere},
    {"THREADID", Argument::object_id, Kind::thread_id},
    {"TO", Argument::header, Kind::address, "To"},
    {"UID", Argument::set, Kind::uid},
    {"UNANSWERED", Argument::clear_flag, Kind::flag, "\\Answered"},
    {"UNDELETED", Argument::clear_flag, Kind::flag, "\\Deleted"},
    {"UNDRAFT", Argument::clear_flag, Kind::flag, "\\Draft"},
    {"UNFLAGGED", Argument::clear_flag, Kind::flag, "\\Flagged"},
    {"UNKEYWORD", Argument::no_keyword, Kind::flag},
    {"UNSEEN", Argument::clear_flag, Kind::flag, "\\Seen"},
    {"YOUNGER", Argument::seconds, Kind::younger},
};
static_assert(std::ranges::is_sorted(kWords, {}, &Word::word));

SearchKey negation() {
  return {.kind = Kind::negation, .operands = 1};
}

SearchKey flag(std::string_view name) {
  return {.kind = Kind::flag, .text = std::string(name)};
}

bool is_object_id_char(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

// Reads from left to right and keeps what is open on a stack of its own.
class KeyParser {
 public:
  KeyParser(Parser& parser, SearchKeys& out) : parser_(parser), out_(out) {}

  // key *(SP key), up to the end of the command.
  bool take_keys() {
    open(Kind::conjunction, false);
    while (!open_.empty()) {
      bool opened = false;
      if (!take_key(opened) || (!opened && !end_operand())) return false;
    }
    return true;
  }

 private:
  // A conjunction whose end is to come, or an OR whose operands are.
  struct Open {
    size_t place = 0;  // in out_
    bool fuzzy = false;
  };

  void open(Kind kind, bool fuzzy) {
    open_.push_back({.place = out_.size(), .fuzzy = fuzzy});
    out_.push_back({.kind = kind});
  }

  // NOTs and FUZZYs and what they stand before; `opened`: operands of it are to come.
  bool take_key(bool& opened) {
    bool negate = false, fuzzy = open_.back().fuzzy;
    std::string word;
    while (true) {
      if (!parser_.within(++count_, kSearchKeysMax, "search keys")) return false;
      word.clear();
      if (is_alpha(parser_.peek())) word = parser_.take_label();
      if (word == "NOT")
        negate = !negate;
      else if (word == "FUZZY")
        fuzzy = true;
      else
        break;
      if (!parser_.space("a search key behind " + word)) return false;
    }
    if (negate) out_.push_back(negation());
    opened = word == "OR" || (word.empty() && parser_.peek() == '(');
    if (word == "OR") {
      open(Kind::disjunction, fuzzy);
      return parser_.space("two search keys behind OR");
    }
    if (opened) {
      parser_.skip('(');
      parser_.skip_spaces();
      open(Kind::conjunction, fuzzy);
      return true;
    }
    size_t first = out_.size();
    if (!(word.empty() ? take_set() : take_word(word))) return false;
    for (size_t i = first; i < out_.size(); ++i) out_[i].fuzzy = fuzzy;
    return true;
  }

  // An operand is complete, and with it perhaps what it was the last one of.
  bool end_operand() {
    while (!open_.empty()) {
      SearchKey& compound = out_[open_.back().place];
      ++compound.operands;
      if (compound.kind == Kind::disjunction) {
        if (compound.operands < 2) return parser_.space("a second search key behind OR");
      } else if (parser_.has_argument()) {
        return parser_.space("another search key");
      } else if (open_.size() > 1) {
        parser_.skip_spaces();
        if (!parser_.expect(')', "\")\" behind the search keys")) return false;
      }
      open_.pop_back();
    }
    return true;
  }

  bool take_set() {
    char next = parser_.peek();
    if (!is_digit(next) && next != '*' && next != '$')
      return parser_.fail("search keys like UNSEEN FROM \"alice\"");
    SearchKey& out = out_.emplace_back();
    out.kind = Kind::sequence;
    return parser_.take_sequence_set(out.set, "a sequence set like 1:5");
  }

  bool take_word(const std::string& name) {
    if (name == "OLD") {
      out_.push_back(negation());
      out_.push_back({.kind = Kind::recent});
      return true;
    }
    if (name == "NEW") {  // RFC 3501 §6.4.4: RECENT UNSEEN
      out_.push_back({.kind = Kind::conjunction, .operands = 2});
      out_.push_back({.kind = Kind::recent});
      out_.push_back(negation());
      out_.push_back(flag("\\Seen"));
      return true;
    }
    auto word = std::ranges::lower_bound(kWords, name, {}, &Word::word);
    if (word == std::end(kWords) || word->word != name)
      return parser_.reject(parser_.name() + ": search key " + name + " is not known");
    bool negate = word->argument == Argument::clear_flag || word->argument == Argument::no_keyword;
    if (negate) out_.push_back(negation());
    return take_argument(out_.emplace_back(), *word);
  }

  bool take_argument(SearchKey& out, const Word& word) {
    std::string name(word.word);
    out.kind = word.kind;
    switch (word.argument) {
      case Argument::none:
        return true;
      case Argument::set_flag:
      case Argument::clear_flag:
        out.text = word.name;
        return true;
      case Argument::keyword:
      case Argument::no_keyword:
        return parser_.space("a keyword like " + name + " $Forwarded") && parser_.take_flag(out.text);
      case Argument::header:
        out.field = word.name;
        return parser_.argument_astring(out.text, "a text behind " + name);
      case Argument::field_and_string:
        return parser_.argument_astring(out.field, "a field and a text like HEADER List-Id \"pabal\"") &&
               parser_.argument_astring(out.text, "a text behind the field of HEADER; \"\" for any");
      case Argument::string:
        return parser_.argument_astring(out.text, "a text behind " + name);
      case Argument::date:
        return parser_.space("a date like " + name + " 1-Feb-1994") && parser_.take_date(out.day);
      case Argument::octets:
        return parser_.space("octets like " + name + " 10000") &&
               parser_.take_number64(out.number, "octets like " + name + " 10000");
      case Argument::seconds: {
        uint32_t seconds = 0;
        if (!parser_.space("seconds like " + name + " 3600") ||
            !parser_.take_nz_number(seconds, "seconds like " + name + " 3600"))
          return false;
        out.number = seconds;
        return true;
      }
      case Argument::set:
        return parser_.space("a set of UIDs like UID 101:205") &&
               parser_.take_sequence_set(out.set, "a set of UIDs like UID 101:205");
      case Argument::object_id:
        return take_object_id(out.text, name);
      case Argument::modseq:
        return take_modseq(out.number);
    }
    return false;
  }

  // RFC 8474 §7
  bool take_object_id(std::string& out, const std::string& name) {
    std::string what = "an id of letters, digits, - and _ behind " + name;
    if (!parser_.argument_astring(out, what)) return false;
    if (out.size() > 255 || !std::ranges::all_of(out, is_object_id_char))
      return parser_.reject(parser_.name() + " needs " + what + ", at most 255 of them");
    return true;
  }

  // RFC 7162 §3.1.5: MODSEQ ["/flags/\\draft" all] 620162338
  bool take_modseq(uint64_t& out) {
    constexpr std::string_view kWhat = "a mod-sequence like MODSEQ 620162338";
    if (!parser_.space(kWhat)) return false;
    if (parser_.peek() == '"') {
      std::string entry;
      if (!parser_.take_string(entry, kWhat)) return false;
      if (!istarts_with(entry, "/flags/"))
        return parser_.reject(parser_.name() + ": entries of MODSEQ begin with /flags/");
      if (!parser_.space("priv, shared or all behind the entry of MODSEQ")) return false;
      if (!parser_.skip_word("priv") && !parser_.skip_word("shared") && !parser_.skip_word("all"))
        return parser_.fail("priv, shared or all behind the entry of MODSEQ");
      if (!parser_.space(kWhat)) return false;
    }
    return parser_.take_number64(out, kWhat);
  }

  Parser& parser_;
  SearchKeys& out_;
  std::vector<Open> open_;
  size_t count_ = 0;
};

}  // namespace

bool contains_kind(const SearchKeys& keys, SearchKey::Kind kind) {
  return std::ranges::find(keys, kind, &SearchKey::kind) != keys.end();
}

bool names_numbers(const SearchKeys& keys) {
  return std::ranges::any_of(
      keys, [](const SearchKey& key) { return key.kind == SearchKey::sequence && !key.set.saved; });
}

namespace grammar {

bool take_search_keys(Parser& parser, SearchKeys& out) {
  return KeyParser(parser, out).take_keys();
}

}  // namespace grammar

}  // namespace pabal::proto::imap
