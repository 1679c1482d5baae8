// Contexts: searches with RETURN (UPDATE), and CANCELUPDATE (RFC 5267 §4.3).
#include <algorithm>

#include "base/bytes.h"
#include "proto/imap/response.h"
#include "reading/sort_order.h"
#include "serve/imap/search_answer.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

// " REMOVEFROM (0 32768:32769)"
void put_steps(std::string& out, std::string_view name, const std::vector<ContextStep>& steps,
               const SearchContext& context, const reading::Snapshot& told) {
  if (steps.empty()) return;
  out.append(" ").append(name).append(" (");
  for (const ContextStep& step : steps) {
    std::vector<uint32_t> names = step.uids;
    if (!context.uid) {
      for (uint32_t& uid : names) uid = told.find(uid).value_or(0);
    }
    if (&step != &steps.front()) out += ' ';
    wire::put_number(out, step.position);
    out.append(" ").append(format_ordered(names));
  }
  out += ')';
}

void put_update(std::string& out, const ContextSteps& steps, const SearchContext& context,
                const reading::Snapshot& told) {
  if (steps.removed.empty() && steps.added.empty()) return;
  begin_esearch(out, {.tag = context.tag, .uid = context.uid});
  put_steps(out, "REMOVEFROM", steps.removed, context, told);
  put_steps(out, "ADDTO", steps.added, context, told);
  out += "\r\n";
}

bool is_in(const store::UidRanges& ranges, uint32_t uid) {
  auto range = std::ranges::lower_bound(ranges, Uid{uid}, {}, &store::UidRange::last);
  return range != ranges.end() && range->first.value <= uid;
}

std::vector<NumberRange> numbers_in(const reading::Snapshot& told, const std::vector<reading::Item>& items) {
  std::vector<NumberRange> numbers;
  for (const reading::Item& item : items) {
    if (std::optional<uint32_t> number = told.find(item.uid)) add_to(numbers, *number);
  }
  return numbers;
}

bool sorts_by_relevancy(const SearchContext& context) {
  return std::ranges::find(context.criteria, wire::SortCriterion::relevancy, &wire::SortCriterion::key) !=
         context.criteria.end();
}

}  // namespace

bool Session::has_context(std::string_view tag) const {
  return std::ranges::find(selected_->contexts, tag, &SearchContext::tag) != selected_->contexts.end();
}

void Session::add_context(SearchRequest request, reading::SearchPlan plan,
                          const reading::SearchResult& result) {
  if (selected_->contexts.size() >= kSearchContextsMax) {
    refuse_update(tag_, "too many searches are being updated");
    return;
  }
  selected_->contexts.push_back({.tag = tag_,
                                 .uid = request.uid,
                                 .plan = std::move(plan),
                                 .criteria = std::move(request.criteria),
                                 .items = std::move(request.returns.update_items),
                                 .uids = names_of(result.hits, true)});
}

// Before the client hears that they are expunged: until then the numbers are right.
void Session::tell_context_removals(const reading::Snapshot::Difference& difference) {
  for (SearchContext& context : selected_->contexts) {
    std::vector<uint32_t> left;
    for (uint32_t uid : context.uids) {
      if (!is_in(difference.removed_uids, uid)) left.push_back(uid);
    }
    if (left.size() == context.uids.size()) continue;
    bool positions = !context.criteria.empty();
    put_update(out(), steps_between(context.uids, left, positions), context, *selected_->told);
    context.uids = std::move(left);
  }
}

rt::Task<void> Session::tell_context_changes(const std::vector<reading::Item>& upserts, uint32_t first_new) {
  if (upserts.empty()) co_return;
  for (size_t i = 0; i < selected_->contexts.size();) {
    SearchContext& context = selected_->contexts[i];
    std::string trouble;
    try {
      reading::renew_recent(context.plan, recent_ones());
      std::vector<uint32_t> next = co_await next_result(context, upserts);
      ContextSteps steps = steps_between(context.uids, next, !context.criteria.empty());
      if (!context.items.empty()) co_await tell_arrived(context.items, steps, first_new);
      put_update(out(), steps, context, *selected_->told);
      context.uids = std::move(next);
    } catch (const store::StoreError& e) {
      trouble = e.what();
    }
    if (trouble.empty()) {
      ++i;
      continue;
    }
    service_.world.log.warning("imap.context_lost", {{"peer", peer_}, {"reason", trouble}});
    refuse_update(context.tag, "the result can no longer be kept up to date");
    selected_->contexts.erase(selected_->contexts.begin() + static_cast<ptrdiff_t>(i));
  }
}

rt::Task<std::vector<uint32_t>> Session::next_result(const SearchContext& context,
                                                     const std::vector<reading::Item>& upserts) {
  std::shared_ptr<const reading::Snapshot> told = selected_->told;
  reading::SearchScope changed{
      .snapshot = told, .numbers = numbers_in(*told, upserts), .owner = selected_->view->owner()};
  reading::Progress progress = show_progress();
  reading::SearchResult result =
      co_await reading::run_search(service_.reading, context.plan, std::move(changed), progress);
  std::vector<uint32_t> matching = names_of(result.hits, true), next;
  for (uint32_t uid : context.uids) {
    bool is_changed = std::ranges::binary_search(upserts, uid, {}, &reading::Item::uid);
    if (!is_changed || std::ranges::binary_search(matching, uid)) next.push_back(uid);
  }
  std::vector<uint32_t> before = next;
  std::ranges::sort(before);
  std::erase_if(matching, [&](uint32_t uid) { return std::ranges::binary_search(before, uid); });
  if (matching.empty()) co_return next;
  if (context.criteria.empty()) {
    next.insert(next.end(), matching.begin(), matching.end());
    std::ranges::sort(next);
    co_return next;
  }
  // Where those that came in belong takes the keys of all.
  reading::SearchScope all{.snapshot = told,
                           .numbers = {{1, told->size()}},
                           .scores = sorts_by_relevancy(context),
                           .owner = selected_->view->owner()};
  result = co_await reading::run_search(service_.reading, context.plan, std::move(all), progress);
  co_await reading::sort_hits(service_.reading, result, context.criteria, progress);
  co_return names_of(result.hits, true);
}

// RFC 5465 §7: of messages that have come, not of those whose flags have changed.
rt::Task<void> Session::tell_arrived(const std::vector<wire::FetchItem>& items, const ContextSteps& steps,
                                     uint32_t first_new) {
  std::vector<uint32_t> numbers;
  for (const ContextStep& step : steps.added) {
    for (uint32_t uid : step.uids) {
      std::optional<uint32_t> number = selected_->told->find(uid);
      if (number && *number >= first_new) numbers.push_back(*number);
    }
  }
  if (numbers.empty()) co_return;
  std::ranges::sort(numbers);
  std::vector<NumberRange> ranges;
  for (uint32_t number : numbers) add_to(ranges, number);
  co_await tell_messages(std::move(ranges), items, needs_of(items));
}

void Session::refuse_update(std::string_view tag, std::string_view why) {
  out() += "* NO [NOUPDATE ";
  wire::put_string(out(), tag);
  out().append("] ").append(why).append("\r\n");
}

rt::Task<Outcome> Session::on(wire::CancelUpdate command) {
  for (const std::string& tag : command.tags) {
    if (!has_context(tag)) co_return bad("no search with the tag " + printable(tag, 40) + " is updated");
  }
  std::erase_if(selected_->contexts, [&](const SearchContext& context) {
    return std::ranges::find(command.tags, context.tag) != command.tags.end();
  });
  co_return ok("no further updates");
}

}  // namespace pabal::serve::imap
