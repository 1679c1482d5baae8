#include <algorithm>
#include <utility>

#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// RFC 5256 §3, RFC 5957, RFC 6203 §5
constexpr std::pair<std::string_view, SortCriterion::Key> kKeys[] = {
    {"ARRIVAL", SortCriterion::arrival},
    {"CC", SortCriterion::cc},
    {"DATE", SortCriterion::date},
    {"FROM", SortCriterion::from},
    {"SIZE", SortCriterion::size},
    {"SUBJECT", SortCriterion::subject},
    {"TO", SortCriterion::to},
    {"DISPLAYFROM", SortCriterion::display_from},
    {"DISPLAYTO", SortCriterion::display_to},
    {"RELEVANCY", SortCriterion::relevancy},
};

constexpr std::string_view kWhat = "an order like (REVERSE DATE)";

bool take_criterion(Parser& parser, SortCriterion& out) {
  std::string name;
  if (!parser.take_upper_atom(name, kWhat)) return false;
  if (name == "REVERSE") {
    out.reverse = true;
    if (!parser.space("a key behind REVERSE") || !parser.take_upper_atom(name, "a key behind REVERSE"))
      return false;
  }
  auto key = std::ranges::find(kKeys, name, &std::pair<std::string_view, SortCriterion::Key>::first);
  if (key == std::end(kKeys))
    return parser.reject(parser.name() + ": key " + name +
                         " is not known; ARRIVAL, CC, DATE, FROM, SIZE, SUBJECT, TO, DISPLAYFROM and "
                         "DISPLAYTO are");
  out.key = key->second;
  return true;
}

}  // namespace

// RFC 5256 §3 (BASE.6.4.SORT), RFC 5267 §3.1
Parsed parse_sort(Parser& parser) {
  Sort sort{.uid = parser.uid()};
  if (!parser.space(kWhat)) return std::nullopt;
  if (parser.skip_word("RETURN") && (!take_return_options(parser, sort.returns) || !parser.space(kWhat)))
    return std::nullopt;
  if (!parser.take_list(kSortCriteriaMax, kWhat, "keys",
                        [&] { return take_criterion(parser, sort.criteria.emplace_back()); }))
    return std::nullopt;
  if (sort.criteria.empty()) {
    parser.reject("SORT needs " + std::string(kWhat) + ", the list is empty");
    return std::nullopt;
  }
  if (!take_search_criteria(parser, sort.program)) return std::nullopt;
  return sort;
}

}  // namespace pabal::proto::imap::grammar
