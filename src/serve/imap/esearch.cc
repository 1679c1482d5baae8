// ESEARCH: several mailboxes at once (RFC 7377).
#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/search_answer.h"
#include "serve/imap/search_request.h"
#include "serve/imap/search_sources.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

std::optional<Outcome> Session::refuse_multi_search(const wire::MultiSearch& command) const {
  auto is_selected = [](const wire::MailboxFilter& source) {
    return source.kind == wire::MailboxFilter::selected;
  };
  const wire::ReturnOptions& returns = command.returns;
  bool wants_selected = command.sources.empty() || std::ranges::any_of(command.sources, is_selected);
  bool only_selected = std::ranges::all_of(command.sources, is_selected);
  if ((wants_selected || returns.update) && !selected_) return bad("select a mailbox first");
  if ((returns.save || returns.update) && !only_selected)
    return bad("SAVE and UPDATE are for the selected mailbox alone");
  if (auto refusal = refuse_numbers(true, command.program.keys)) return refusal;
  if (auto refusal = refuse_returns(returns, is_fuzzy(command.program.keys))) return refusal;
  if (returns.update && has_context(tag_)) return bad("a search with this tag is being updated");
  return std::nullopt;
}

rt::Task<Outcome> Session::on(wire::MultiSearch command) {
  if (std::optional<Outcome> refusal = refuse_multi_search(command)) co_return std::move(*refusal);
  const bool modseq = wire::contains_kind(command.program.keys, wire::SearchKey::modseq);
  if (modseq) enable_condstore();
  const wire::ReturnOptions returns = effective(command.returns, true);
  MultiSearchRequest request{.returns = returns, .program = command.program, .modseq = modseq};
  auto is_selected = [](const wire::MailboxFilter& source) {
    return source.kind == wire::MailboxFilter::selected;
  };
  if (command.sources.empty() || std::ranges::any_of(command.sources, is_selected)) {
    if (returns.save) selected_->saved.clear();
    if (!co_await search_selected(request, selected_->name)) co_return unknown_charset();
    if (std::ranges::all_of(command.sources, is_selected)) co_return ok("searched");
  }
  std::vector<SearchSource> sources =
      co_await service_.store.read(resolve_sources, *account_, command.sources);
  for (const SearchSource& source : sources) {
    // What is selected is searched as the client knows it, under whatever name.
    bool here = selected_ && selected_->view->id() == source.mailbox.mailbox.id;
    if (here && std::ranges::any_of(command.sources, is_selected)) continue;
    bool known = co_await (here ? search_selected(request, source.name) : search_other(request, source));
    if (!known) co_return unknown_charset();
    co_await flush_if_full();
  }
  co_return ok("searched");
}

// False: the charset is not known.
rt::Task<bool> Session::search_selected(const MultiSearchRequest& request, std::string name) {
  std::optional<reading::SearchPlan> plan = co_await plan_here(request.program);
  if (!plan) co_return false;
  reading::SearchScope scope{.snapshot = selected_->told,
                             .numbers = {{1, selected_->told->size()}},
                             .scores = request.returns.relevancy,
                             .owner = selected_->view->owner()};
  reading::Progress progress = show_progress();
  reading::SearchResult result =
      co_await reading::run_search(service_.reading, *plan, std::move(scope), progress);
  log_damaged(result);
  if (request.returns.save) selected_->saved = saved_by(result.hits, request.returns);
  tell_found(request, result, name, selected_->view->mailbox());
  if (request.returns.update)
    add_context({.uid = true, .returns = request.returns, .program = {}, .criteria = {}}, std::move(*plan),
                result);
  co_return true;
}

rt::Task<bool> Session::search_other(const MultiSearchRequest& request, const SearchSource& source) {
  std::shared_ptr<reading::View> view =
      co_await service_.reading.views.open(source.mailbox.mailbox.id, source.mailbox.reader);
  if (!view) co_return true;  // it has gone meanwhile
  const std::shared_ptr<const reading::Snapshot> now = view->now();
  const SearchMeaning meaning{.snapshot = now,
                              .saved = {},
                              .recent = {},  // nobody is told of messages by a search
                              .keywords = view->mailbox().keywords,
                              .now = service_.world.clock.now()};
  std::optional<reading::SearchPlan> plan = co_await plan_beside(service_.world, request.program, meaning);
  if (!plan) co_return false;
  reading::SearchScope scope{.snapshot = now,
                             .numbers = {{1, now->size()}},
                             .scores = request.returns.relevancy,
                             .owner = view->owner()};
  reading::Progress progress = show_progress();
  reading::SearchResult result =
      co_await reading::run_search(service_.reading, *plan, std::move(scope), progress);
  log_damaged(result);
  tell_found(request, result, source.name, view->mailbox());
  co_return true;
}

// RFC 7377 §2.1: nothing of a mailbox where nothing was found.
void Session::tell_found(const MultiSearchRequest& request, const reading::SearchResult& result,
                         std::string_view name, const store::Mailbox& mailbox) {
  if (result.hits.empty() || is_silent(request.returns)) return;
  EsearchForm form{.tag = tag_,
                   .uid = true,
                   .modseq = request.modseq,
                   .mailbox = name,
                   .uid_validity = mailbox.uid_validity.value,
                   .utf8 = names_utf8()};
  put_esearch(out(), form, request.returns, result.hits);
}

}  // namespace pabal::serve::imap
