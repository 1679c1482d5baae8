#include "serve/imap/search_answer.h"

#include <algorithm>
#include <span>

#include "proto/imap/response.h"
#include "serve/imap/window.h"

namespace pabal::serve::imap {

namespace {

namespace wire = proto::imap;

uint32_t name_of(const reading::Hit& hit, bool uid) {
  return uid ? hit.item->uid : hit.number;
}

std::span<const reading::Hit> window(const std::vector<reading::Hit>& hits,
                                     const wire::ReturnOptions::PartialRange& partial) {
  if (hits.empty()) return {};
  std::vector<NumberRange> places = window_of({{1, static_cast<uint32_t>(hits.size())}}, partial);
  if (places.empty()) return {};
  return std::span(hits).subspan(places[0].first - 1, places[0].last - places[0].first + 1);
}

// Those that MIN, MAX and PARTIAL name; all if ALL or COUNT counts them, or none of them is there.
std::vector<reading::Hit> named_hits(const std::vector<reading::Hit>& hits,
                                     const wire::ReturnOptions& returns) {
  if (returns.all || returns.count || (!returns.min && !returns.max && !returns.partial)) return hits;
  std::vector<reading::Hit> named;
  if (returns.min && !hits.empty()) named.push_back(hits.front());
  if (returns.max && !hits.empty()) named.push_back(hits.back());
  if (returns.partial) {
    std::span<const reading::Hit> part = window(hits, *returns.partial);
    named.insert(named.end(), part.begin(), part.end());
  }
  return named;
}

void put_data(std::string& out, std::string_view name, uint64_t value) {
  out.append(" ").append(name).append(" ");
  wire::put_number(out, value);
}

void put_scores(std::string& out, std::span<const reading::Hit> hits) {
  out += " RELEVANCY (";
  for (const reading::Hit& hit : hits) {
    wire::put_number(out, hit.relevancy);
    out += ' ';
  }
  if (out.back() == ' ') out.pop_back();
  out += ')';
}

}  // namespace

wire::ReturnOptions effective(wire::ReturnOptions returns, bool extended) {
  if (extended) returns.given = true;
  bool asks = returns.min || returns.max || returns.all || returns.count || returns.save || returns.update ||
              returns.context || returns.partial || returns.relevancy;
  if (returns.given && !asks) returns.all = true;
  return returns;
}

bool is_silent(const wire::ReturnOptions& returns) {
  bool asks = returns.min || returns.max || returns.all || returns.count || returns.update ||
              returns.context || returns.partial || returns.relevancy;
  return returns.save && !asks;
}

std::vector<uint32_t> names_of(const std::vector<reading::Hit>& hits, bool uid) {
  std::vector<uint32_t> names;
  names.reserve(hits.size());
  for (const reading::Hit& hit : hits) names.push_back(name_of(hit, uid));
  return names;
}

std::string format_ordered(const std::vector<uint32_t>& names) {
  std::string out;
  for (size_t i = 0; i < names.size();) {
    size_t end = i + 1;
    while (end < names.size() && names[end] == names[end - 1] + 1) ++end;
    if (i > 0) out += ',';
    wire::put_number(out, names[i]);
    if (end - i > 1) {
      out += ':';
      wire::put_number(out, names[end - 1]);
    }
    i = end;
  }
  return out;
}

std::vector<NumberRange> saved_by(const std::vector<reading::Hit>& hits, const wire::ReturnOptions& returns) {
  std::vector<uint32_t> uids = names_of(named_hits(hits, returns), true);
  std::ranges::sort(uids);
  std::vector<NumberRange> saved;
  for (uint32_t uid : uids) {
    if (saved.empty() || uid > saved.back().last) add_to(saved, uid);
  }
  return saved;
}

uint64_t told_modseq(const std::vector<reading::Hit>& hits, const wire::ReturnOptions& returns) {
  int64_t highest = 0;
  for (const reading::Hit& hit : named_hits(hits, returns)) highest = std::max(highest, hit.item->modseq);
  return static_cast<uint64_t>(highest);
}

void begin_esearch(std::string& out, const EsearchForm& form) {
  out += "* ESEARCH (TAG ";
  wire::put_string(out, form.tag);
  if (!form.mailbox.empty()) {
    out += " MAILBOX ";
    wire::put_mailbox(out, form.mailbox, form.utf8);
    put_data(out, "UIDVALIDITY", static_cast<uint64_t>(form.uid_validity));
  }
  out += ')';
  if (form.uid) out += " UID";
}

void put_esearch(std::string& out, const EsearchForm& form, const wire::ReturnOptions& returns,
                 const std::vector<reading::Hit>& hits) {
  begin_esearch(out, form);
  if (returns.min && !hits.empty()) put_data(out, "MIN", name_of(hits.front(), form.uid));
  if (returns.max && !hits.empty()) put_data(out, "MAX", name_of(hits.back(), form.uid));
  if (returns.all && !hits.empty()) out.append(" ALL ").append(format_ordered(names_of(hits, form.uid)));
  if (returns.count) put_data(out, "COUNT", hits.size());
  std::span<const reading::Hit> scored(hits);
  if (returns.partial) {
    scored = window(hits, *returns.partial);
    std::string set = format_ordered(names_of({scored.begin(), scored.end()}, form.uid));
    out.append(" PARTIAL (").append(returns.partial->as_written).append(" ");
    out.append(set.empty() ? "NIL" : set).append(")");
  }
  if (returns.relevancy) put_scores(out, scored);
  if (uint64_t modseq = form.modseq ? told_modseq(hits, returns) : 0) put_data(out, "MODSEQ", modseq);
  out += "\r\n";
}

}  // namespace pabal::serve::imap
