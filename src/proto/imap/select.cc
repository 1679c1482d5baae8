#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// Sets that the client remembers have no "*" in them (RFC 7162 §7).
bool take_known_set(Parser& parser, std::vector<NumberRange>& out, std::string_view what) {
  SequenceSet set;
  if (!parser.take_sequence_set(set, what)) return false;
  bool star = set.saved;
  for (const NumberRange& range : set.ranges) star |= range.first == kStar || range.last == kStar;
  if (star) return parser.reject(parser.name() + ": sets of QRESYNC have neither * nor $ in them");
  out = std::move(set.ranges);
  return true;
}

uint64_t count(const std::vector<NumberRange>& ranges) {
  uint64_t sum = 0;
  for (const NumberRange& range : ranges) sum += uint64_t{range.last} - range.first + 1;
  return sum;
}

bool rising(const std::vector<NumberRange>& ranges) {
  uint32_t last = 0;
  for (const NumberRange& range : ranges) {
    if (range.first <= last || range.last < range.first) return false;
    last = range.last;
  }
  return true;
}

// seq-match-data: "(1,3,5 100,104,109)"
bool take_match_data(Parser& parser, QresyncParameters& out) {
  if (!parser.expect('(', "message numbers and their UIDs like (1,3 100,104)") ||
      !take_known_set(parser, out.known_numbers, "a set of message numbers") ||
      !parser.space("the UIDs of these numbers") ||
      !take_known_set(parser, out.known_number_uids, "the UIDs of these numbers") ||
      !parser.expect(')', "\")\" behind the UIDs"))
    return false;
  if (!rising(out.known_numbers) || !rising(out.known_number_uids))
    return parser.reject(parser.name() + ": the sets to match must rise");
  if (count(out.known_numbers) != count(out.known_number_uids))
    return parser.reject(parser.name() + ": there must be as many UIDs as message numbers to match");
  return true;
}

// RFC 7162 §3.2.5: "(67890007 20050715194045000 41:211,214 (1,3 41,45))"
bool take_qresync(Parser& parser, QresyncParameters& out) {
  if (!parser.space("the values of QRESYNC") || !parser.expect('(', "\"(\" behind QRESYNC") ||
      !parser.take_nz_number(out.uid_validity, "a UIDVALIDITY in QRESYNC") ||
      !parser.space("a mod-sequence in QRESYNC") ||
      !parser.take_number64(out.modseq, "a mod-sequence in QRESYNC"))
    return false;
  if (out.modseq == 0) return parser.reject(parser.name() + ": a mod-sequence of QRESYNC is above 0");
  if (parser.skip(')')) return true;
  if (!parser.space("known UIDs or \")\"")) return false;
  if (parser.peek() != '(') {
    std::vector<NumberRange> known;
    if (!take_known_set(parser, known, "known UIDs like 1:40,45")) return false;
    out.known_uids = normalize({.ranges = std::move(known)}, UINT32_MAX);
    if (parser.skip(')')) return true;
    if (!parser.space("\")\" or pairs to match")) return false;
  }
  return take_match_data(parser, out) && parser.expect(')', "\")\" at the end of QRESYNC");
}

}  // namespace

// RFC 9051 §6.3.2, RFC 7162 §3.1.8 and §3.2.5
Parsed parse_select(Parser& parser) {
  Select select{.examine = parser.name() == "EXAMINE"};
  if (!parser.argument_mailbox(select.mailbox)) return std::nullopt;
  if (!parser.has_argument()) return select;
  constexpr std::string_view kWhat = "parameters like (CONDSTORE)";
  auto parameter = [&] {
    std::string name;
    if (!parser.take_upper_atom(name, kWhat)) return false;
    if (name == "CONDSTORE") {
      select.condstore = true;
      return true;
    }
    if (name == "QRESYNC") {
      if (select.qresync) return parser.reject(parser.name() + ": QRESYNC stands there twice");
      return take_qresync(parser, select.qresync.emplace());
    }
    return parser.reject(parser.name() + ": parameter " + name + " is not known; CONDSTORE and QRESYNC are");
  };
  if (!parser.space(kWhat) || !parser.take_list(kListOptionsMax, kWhat, "parameters", parameter))
    return std::nullopt;
  return select;
}

}  // namespace pabal::proto::imap::grammar
