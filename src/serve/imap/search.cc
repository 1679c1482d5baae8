// SEARCH and UID SEARCH (RFC 9051 §6.4.4), and what SORT and THREAD share with them.
#include <algorithm>

#include "proto/imap/response.h"
#include "reading/sort_order.h"
#include "serve/imap/search_answer.h"
#include "serve/imap/search_request.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

constexpr size_t kNumbersAtOnce = 8192;

bool sorts_by_relevancy(const std::vector<wire::SortCriterion>& criteria) {
  return std::ranges::find(criteria, wire::SortCriterion::relevancy, &wire::SortCriterion::key) !=
         criteria.end();
}

}  // namespace

Outcome unknown_charset() {
  return no("BADCHARSET (UTF-8 US-ASCII)", "the charset is not known here");
}

std::optional<Outcome> refuse_returns(const wire::ReturnOptions& returns, bool fuzzy) {
  if (returns.partial && returns.all) return bad("RETURN takes ALL or PARTIAL, not both");
  if (returns.relevancy && !fuzzy) return bad("RELEVANCY goes with FUZZY keys");
  return std::nullopt;
}

// RFC 9586 §3.2, §3.5
std::optional<Outcome> Session::refuse_numbers(bool uid, const wire::SearchKeys& keys) const {
  if (!uid_only_ || (uid && !wire::names_numbers(keys))) return std::nullopt;
  return bad("message numbers are not used in this session", "UIDREQUIRED");
}

rt::Task<std::optional<reading::SearchPlan>> Session::plan_here(const wire::SearchProgram& program) const {
  const SearchMeaning meaning{.snapshot = selected_->told,
                              .saved = selected_->saved,
                              .recent = recent_ones(),
                              .keywords = selected_->view->mailbox().keywords,
                              .now = service_.world.clock.now()};
  co_return co_await plan_beside(service_.world, program, meaning);
}

reading::Progress Session::show_progress() {
  auto tell = [this](size_t done, size_t goal) { return tell_progress(done, goal); };
  return reading::Progress(service_.options.progress_interval, tell);
}

rt::Task<void> Session::tell_progress(size_t done, size_t goal) {
  out().append("* OK [INPROGRESS (\"").append(tag_).append("\" ");
  wire::put_number(out(), done);
  out() += ' ';
  wire::put_number(out(), goal);
  out() += ")] still at it\r\n";
  co_await flush();
}

void Session::log_damaged(const reading::SearchResult& result) {
  if (result.damaged == 0) return;
  service_.world.log.warning("imap.search_damaged", {{"account", account_->address},
                                                     {"messages", static_cast<int64_t>(result.damaged)}});
}

std::optional<Outcome> Session::refuse_search(const SearchRequest& request) const {
  const bool fuzzy = is_fuzzy(request.program.keys);
  if (auto refusal = refuse_numbers(request.uid, request.program.keys)) return refusal;
  if (auto refusal = refuse_returns(request.returns, fuzzy)) return refusal;
  if (sorts_by_relevancy(request.criteria) && !fuzzy) return bad("RELEVANCY goes with FUZZY keys");
  // RFC 6855 §3: text is UTF-8 then.
  if (utf8_ && request.criteria.empty() && !request.program.charset.empty())
    return bad("after ENABLE UTF8=ACCEPT SEARCH takes no CHARSET");
  if (request.returns.update && has_context(tag_)) return bad("a search with this tag is being updated");
  return std::nullopt;
}

rt::Task<Outcome> Session::search(SearchRequest request) {
  if (std::optional<Outcome> refusal = refuse_search(request)) co_return std::move(*refusal);
  std::optional<reading::SearchPlan> plan = co_await plan_here(request.program);
  const bool sorts = !request.criteria.empty();
  const wire::ReturnOptions returns = effective(request.returns, rev2_ && !sorts);
  // RFC 5182 §2.1: if it fails from here on, "$" is empty.
  if (returns.save) selected_->saved.clear();
  if (!plan) co_return unknown_charset();
  const bool modseq = wire::contains_kind(request.program.keys, wire::SearchKey::modseq);
  if (modseq) enable_condstore();

  reading::SearchScope scope{.snapshot = selected_->told,
                             .numbers = {{1, selected_->told->size()}},
                             .scores = returns.relevancy || sorts_by_relevancy(request.criteria),
                             .owner = selected_->view->owner()};
  reading::Progress progress = show_progress();
  reading::SearchResult result =
      co_await reading::run_search(service_.reading, *plan, std::move(scope), progress);
  if (sorts) co_await reading::sort_hits(service_.reading, result, request.criteria, progress);
  log_damaged(result);
  if (returns.save) selected_->saved = saved_by(result.hits, returns);
  if (returns.given && !is_silent(returns))
    put_esearch(out(), {.tag = tag_, .uid = request.uid, .modseq = modseq}, returns, result.hits);
  if (!returns.given) co_await tell_numbers(sorts ? "SORT" : "SEARCH", result.hits, request.uid, modseq);
  if (returns.update) add_context(std::move(request), std::move(*plan), result);
  co_return ok(std::to_string(result.hits.size()) + " found");
}

// "* SEARCH 2 84 882", with RFC 7162 §3.1.6 "(MODSEQ 917162500)".
rt::Task<void> Session::tell_numbers(std::string_view name, const std::vector<reading::Hit>& hits, bool uid,
                                     bool modseq) {
  out().append("* ").append(name);
  for (size_t begin = 0; begin < hits.size(); begin += kNumbersAtOnce) {
    for (size_t i = begin; i < std::min(begin + kNumbersAtOnce, hits.size()); ++i) {
      out() += ' ';
      wire::put_number(out(), uid ? hits[i].item->uid : hits[i].number);
    }
    co_await flush_if_full();
  }
  if (uint64_t highest = modseq ? told_modseq(hits, {}) : 0) {
    out() += " (MODSEQ ";
    wire::put_number(out(), highest);
    out() += ')';
  }
  out() += "\r\n";
}

rt::Task<Outcome> Session::on(wire::Search command) {
  return search(
      {.uid = command.uid, .returns = std::move(command.returns), .program = std::move(command.program)});
}

}  // namespace pabal::serve::imap
