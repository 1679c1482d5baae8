#include <utility>

#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

bool take_return_option(Parser& parser, ReturnOptions& out) {
  std::string name;
  if (!parser.take_upper_atom(name, "result options like RETURN (MIN COUNT)")) return false;
  if (name == "MIN")
    out.min = true;
  else if (name == "MAX")
    out.max = true;
  else if (name == "ALL")
    out.all = true;
  else if (name == "COUNT")
    out.count = true;
  else if (name == "SAVE")
    out.save = true;
  else if (name == "CONTEXT")
    out.context = true;
  else if (name == "RELEVANCY")
    out.relevancy = true;
  else if (name == "UPDATE") {
    out.update = true;
    return !parser.has_list() || (parser.space("items") && take_fetch_items(parser, out.update_items));
  } else if (name == "PARTIAL") {
    if (out.partial) return parser.reject(parser.name() + ": PARTIAL stands there twice");
    return parser.space("a range like PARTIAL 1:100") && take_partial_range(parser, out.partial);
  } else {
    return parser.reject(parser.name() + ": result option " + name +
                         " is not known; MIN, MAX, ALL, COUNT, SAVE, PARTIAL, CONTEXT, UPDATE and "
                         "RELEVANCY are");
  }
  return true;
}

}  // namespace

// RFC 5267 §4.4, RFC 9394 §3.1
bool take_partial_range(Parser& parser, std::optional<ReturnOptions::PartialRange>& out) {
  constexpr std::string_view kWhat = "a range like 1:100 or -1:-100";
  ReturnOptions::PartialRange range;
  range.from_end = parser.peek() == '-';
  for (uint32_t* number : {&range.first, &range.last}) {
    if (range.from_end && !parser.expect('-', kWhat)) return false;
    if (!parser.take_nz_number(*number, kWhat)) return false;
    if (number == &range.first && !parser.expect(':', kWhat)) return false;
  }
  std::string sign = range.from_end ? "-" : "";
  range.as_written = sign + std::to_string(range.first) + ":" + sign + std::to_string(range.last);
  if (range.first > range.last) std::swap(range.first, range.last);
  out = std::move(range);
  return true;
}

// RFC 9051 §6.4.4, RFC 4731 §3.1, RFC 5182 §2.1, RFC 5267 §4, RFC 6203 §4
bool take_return_options(Parser& parser, ReturnOptions& out) {
  constexpr std::string_view kWhat = "result options like RETURN (MIN COUNT)";
  out.given = true;
  return parser.space(kWhat) && parser.take_list(kListOptionsMax, kWhat, "result options",
                                                 [&] { return take_return_option(parser, out); });
}

}  // namespace pabal::proto::imap::grammar
