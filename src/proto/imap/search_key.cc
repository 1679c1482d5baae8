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
    {"BCC", Argument::header, Kind::header, "Bcc"},
    {"BEFORE", Argument::date, Kind::before},
    {"BODY", Argument::string, Kind::in_body},
    {"CC", Argument::header, Kind::header, "Cc"},
    {"DELETED", Argument::set_flag, Kind::flag, "\\Deleted"},
    {"DRAFT", Argument::set_flag, Kind::flag, "\\Draft"},
    {"EMAILID", Argument::object_id, Kind::email_id},
    {"FLAGGED", Argument::set_flag, Kind::flag, "\\Flagged"},
    {"FROM", Argument::header, Kind::header, "From"},
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
    {"TO", Argument::header, Kind::header, "To"},
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

SearchKey negated(SearchKey key) {
  SearchKey out{.kind = Kind::negation};
  out.children.push_back(std::move(key));
  return out;
}

SearchKey flag(std::string_view name) {
  return {.kind = Kind::flag, .text = std::string(name)};
}

bool is_object_id_char(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

// Descends into parentheses and ORs; a chain "OR a OR b OR c d", as clients
// write alternatives, costs no depth.
class KeyParser {
 public:
  explicit KeyParser(Parser& parser) : parser_(parser) {}

  // key *(SP key), up to the end or ")".
  bool take_keys(SearchKey& out, size_t depth) {
    std::vector<SearchKey> keys;
    do {
      if (!keys.empty() && !parser_.space("another search key")) return false;
      if (!take_key(keys.emplace_back(), depth)) return false;
    } while (parser_.has_argument());
    if (keys.size() == 1) {
      out = std::move(keys[0]);
    } else {
      out.kind = Kind::conjunction;
      out.children = std::move(keys);
    }
    return true;
  }

 private:
  bool take_key(SearchKey& out, size_t depth) {
    if (!parser_.within(depth, kSearchDepthMax, "parentheses and ORs within each other")) return false;
    bool negate = false, fuzzy = false;
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
    if (!take_bare(out, word, depth)) return false;
    out.fuzzy |= fuzzy;
    if (negate) out = negated(std::move(out));
    return true;
  }

  bool take_bare(SearchKey& out, const std::string& word, size_t depth) {
    if (!word.empty()) return word == "OR" ? take_or(out, depth) : take_word(out, word);
    char next = parser_.peek();
    if (next == '(') {
      parser_.skip('(');
      parser_.skip_spaces();
      if (!take_keys(out, depth + 1)) return false;
      parser_.skip_spaces();
      return parser_.expect(')', "\")\" behind the search keys");
    }
    if (is_digit(next) || next == '*' || next == '$') {
      out.kind = Kind::sequence;
      return parser_.take_sequence_set(out.set, "a sequence set like 1:5");
    }
    return parser_.fail("search keys like UNSEEN FROM \"alice\"");
  }

  bool take_or(SearchKey& out, size_t depth) {
    out.kind = Kind::disjunction;
    do {
      if (!parser_.within(++count_, kSearchKeysMax, "search keys") ||
          !parser_.space("two search keys behind OR") || !take_key(out.children.emplace_back(), depth + 1) ||
          !parser_.space("a second search key behind OR"))
        return false;
    } while (parser_.skip_word("OR"));
    return take_key(out.children.emplace_back(), depth + 1);
  }

  bool take_word(SearchKey& out, const std::string& name) {
    if (name == "OLD") {
      out = negated({.kind = Kind::recent});
      return true;
    }
    if (name == "NEW") {  // RFC 3501 §6.4.4: RECENT UNSEEN
      out.kind = Kind::conjunction;
      out.children.push_back({.kind = Kind::recent});
      out.children.push_back(negated(flag("\\Seen")));
      return true;
    }
    auto word = std::ranges::lower_bound(kWords, name, {}, &Word::word);
    if (word == std::end(kWords) || word->word != name)
      return parser_.reject(parser_.name() + ": search key " + name + " is not known");
    out.kind = word->kind;
    return take_argument(out, *word);
  }

  bool take_argument(SearchKey& out, const Word& word) {
    std::string name(word.word);
    switch (word.argument) {
      case Argument::none:
        return true;
      case Argument::set_flag:
        out.text = word.name;
        return true;
      case Argument::clear_flag:
        out = negated(flag(word.name));
        return true;
      case Argument::keyword:
      case Argument::no_keyword: {
        std::string keyword;
        if (!parser_.space("a keyword like " + name + " $Forwarded") || !parser_.take_flag(keyword))
          return false;
        out = word.argument == Argument::keyword ? flag(keyword) : negated(flag(keyword));
        return true;
      }
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
  size_t count_ = 0;
};

}  // namespace

bool contains_kind(const SearchKey& key, SearchKey::Kind kind) {
  return key.kind == kind || std::ranges::any_of(key.children, [kind](const SearchKey& child) {
           return contains_kind(child, kind);
         });
}

namespace grammar {

bool take_search_keys(Parser& parser, SearchKey& out) {
  return KeyParser(parser).take_keys(out, 0);
}

}  // namespace grammar

}  // namespace pabal::proto::imap
