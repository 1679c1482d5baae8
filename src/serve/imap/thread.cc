// THREAD and UID THREAD (RFC 5256 §3).
#include "mail/thread.h"

#include <algorithm>

#include "proto/imap/response.h"
#include "reading/summaries.h"
#include "rt/offload.h"
#include "serve/imap/search_request.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

// The summaries of the hits' messages, each once.
struct ThreadKeys {
  std::vector<MessageId> messages;  // rising
  std::vector<store::Summary> summaries;
};

ThreadKeys messages_of(const std::vector<reading::Hit>& hits) {
  ThreadKeys keys;
  for (const reading::Hit& hit : hits) keys.messages.push_back(MessageId{hit.item->message});
  std::ranges::sort(keys.messages);
  auto twice = std::ranges::unique(keys.messages);
  keys.messages.erase(twice.begin(), twice.end());
  keys.summaries.resize(keys.messages.size());
  return keys;
}

// What there is to thread: it goes to another thread as it is.
struct ThreadWork {
  struct Mail {
    uint32_t number = 0;  // as the answer names it
    int64_t message = 0, internal_date_ms = 0;
  };
  std::vector<Mail> mails;
  ThreadKeys keys;
  wire::ThreadAlgorithm algorithm;
};

// Of one without a summary, which is damaged, only the internal date is known.
mail::ThreadMessage thread_message(const ThreadWork::Mail& of, const ThreadKeys& keys) {
  auto found = std::ranges::lower_bound(keys.messages, MessageId{of.message});
  const store::Summary& summary = keys.summaries[static_cast<size_t>(found - keys.messages.begin())];
  mail::ThreadMessage message{.number = of.number, .sent_at = Time{of.internal_date_ms}};
  if (summary.message != *found) return message;
  message.sent_at = summary.sent_at;
  message.base_subject = summary.base_subject;
  message.is_reply = summary.subject_is_reply;
  message.message_id = summary.message_id;
  message.references.assign(summary.references.begin(), summary.references.end());
  return message;
}

std::string text_of(const ThreadWork& work) {
  std::vector<mail::ThreadMessage> messages;
  messages.reserve(work.mails.size());
  for (const ThreadWork::Mail& mail : work.mails) messages.push_back(thread_message(mail, work.keys));
  return wire::thread_text(work.algorithm == wire::ThreadAlgorithm::references
                               ? mail::thread_by_references(std::move(messages))
                               : mail::thread_by_subject(std::move(messages)));
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Thread command) {
  if (auto refusal = refuse_numbers(command.uid, command.program.keys)) co_return std::move(*refusal);
  std::optional<reading::SearchPlan> plan = co_await plan_here(command.program);
  if (!plan) co_return unknown_charset();
  if (wire::contains_kind(command.program.keys, wire::SearchKey::modseq)) enable_condstore();
  reading::SearchScope scope{.snapshot = selected_->told,
                             .numbers = {{1, selected_->told->size()}},
                             .owner = selected_->view->owner()};
  reading::Progress progress = show_progress();
  reading::SearchResult result =
      co_await reading::run_search(service_.reading, *plan, std::move(scope), progress);

  ThreadKeys keys = messages_of(result.hits);
  auto use = [&keys](size_t index, store::Summary& summary) { keys.summaries[index] = std::move(summary); };
  size_t damaged = co_await reading::read_summaries(
      service_.reading, keys.messages, {.dates = true, .subject = true, .references = true}, progress, use);
  result.damaged += damaged;
  log_damaged(result);

  // A large mailbox takes long enough to keep others on this loop waiting.
  ThreadWork work{.mails = {}, .keys = std::move(keys), .algorithm = command.algorithm};
  work.mails.reserve(result.hits.size());
  for (const reading::Hit& hit : result.hits)
    work.mails.push_back(
        {command.uid ? hit.item->uid : hit.number, hit.item->message, hit.item->internal_date_ms});
  std::string text = co_await rt::offload(service_.world.blocking, text_of, std::move(work));
  out().append(text.empty() ? "* THREAD" : "* THREAD ").append(text).append("\r\n");
  co_return ok(std::to_string(result.hits.size()) + " found");
}

}  // namespace pabal::serve::imap
