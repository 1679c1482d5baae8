#include "reading/indexer.h"

#include <algorithm>
#include <utility>

#include "mail/charset.h"
#include "mail/message.h"
#include "mail/outline.h"
#include "mail/search_text.h"
#include "mail/summary_keys.h"
#include "rt/offload.h"
#include "store/threads.h"

namespace pabal::reading {

namespace {

// Of what others have made: beyond that it is made again when it is asked for again.
constexpr uint64_t kKeptOctetsMax = 32 * 1024 * 1024;

}  // namespace

store::SummaryTexts summary_texts(const mail::Part& root, std::string_view message, const TextForms& forms,
                                  bool with_preview) {
  store::SummaryTexts texts{.envelope = forms.envelope(root, message),
                            .body_structure = forms.body_structure(root, message),
                            .outline = {},
                            .preview = std::nullopt};
  mail::Outline outline = mail::outline_of(root);
  mail::measure_base64(outline, message);
  texts.outline = mail::pack(outline);
  if (with_preview) texts.preview = mail::preview(root, message);
  return texts;
}

namespace {

void fill_head(Summarized& out, MessageId id, const mail::Part& root, std::string_view message,
               Time received_at) {
  mail::SummaryKeys keys = mail::summary_keys(root, message, received_at);
  store::Summary& summary = out.summary;
  summary.message = id;
  summary.sent_at = keys.sent_at;
  summary.sent_day = keys.sent_day;
  summary.base_subject = std::move(keys.base_subject);
  summary.subject_is_reply = keys.subject_is_reply;
  summary.from_key = std::move(keys.from_key);
  summary.to_key = std::move(keys.to_key);
  summary.cc_key = std::move(keys.cc_key);
  summary.from_display = std::move(keys.from_display);
  summary.to_display = std::move(keys.to_display);
  summary.message_id = std::move(keys.message_id);
  summary.references = std::move(keys.references);
  mail::SearchHeader header = mail::search_header(message, mail::declared_charset(root));
  out.text.message = id;
  out.text.header = std::move(header.fields);
  out.text.addresses = std::move(header.addresses);
}

}  // namespace

Summarized summarize(MessageId id, std::string_view message, Time received_at, const TextForms& forms) {
  const mail::Part root = mail::parse_message(message);
  Summarized out;
  fill_head(out, id, root, message, received_at);
  out.summary.texts = summary_texts(root, message, forms, true);
  out.text.body = mail::search_body(root, message);
  return out;
}

Summarized summarize_head(MessageId id, std::string_view head, Time received_at) {
  Summarized out{.summary = {}, .text = {}, .head_only = true};
  fill_head(out, id, mail::parse_message(head), head, received_at);
  return out;
}

SummarizedHeads summarize_heads(const std::vector<store::MessageBytes>& beginnings, const StopWord& stop) {
  SummarizedHeads out;
  for (const store::MessageBytes& message : beginnings) {
    if (*stop) break;
    const std::string_view bytes = message.bytes;
    const uint64_t head_octets = mail::outline_of_head(bytes, message.size_octets).body_begin;
    const bool whole_head = head_octets < bytes.size() || bytes.size() == message.size_octets;
    const std::string_view head = bytes.substr(0, head_octets);
    if (message.error.empty() && whole_head && mail::needs_no_charset(head)) {
      out.made.push_back(summarize_head(message.id, head, message.received_at));
    } else {
      out.others.push_back(message.id);
    }
  }
  return out;
}

std::vector<Summarized> summarize_all(const std::vector<store::MessageBytes>& messages,
                                      const TextForms& forms, const StopWord& stop) {
  std::vector<Summarized> made;
  for (const store::MessageBytes& message : messages) {
    if (*stop) break;
    if (message.error.empty())
      made.push_back(summarize(message.id, message.bytes, message.received_at, forms));
  }
  return made;
}

Indexer::Indexer(io::World& world, store::Store& store, IndexerOptions options)
    : world_(world), store_(store), options_(options), kept_(kKeptOctetsMax) {}

void Indexer::stop() {
  *stopping_ = true;
  wake_.notify();
}

void Indexer::keep(std::vector<Summarized> made) {
  rt::Loop* home = home_;
  if (home == nullptr || made.empty()) return;
  kept_.add(std::move(made));
  home->post([this] {
    last_reader_ = rt::Loop::current().now();
    if (!first_change_) first_change_ = last_reader_;
    wake_.notify();
  });
}

void Indexer::make_way() {
  rt::Loop* home = home_;
  if (home != nullptr) home->post([this] { last_reader_ = rt::Loop::current().now(); });
}

rt::Task<void> Indexer::run() {
  auto changed = [this](const std::vector<store::MailboxChange>& changes) {
    if (std::ranges::all_of(changes, &store::MailboxChange::threads_only)) return;  // told by ourselves
    last_change_ = rt::Loop::current().now();
    if (!first_change_) first_change_ = last_change_;
    wake_.notify();
  };
  home_ = &rt::Loop::current();
  std::unique_ptr<store::Subscription> subscription = store_.subscribe(rt::Loop::current(), changed);
  first_change_ = rt::Loop::current().now();  // what was left over from the last time
  while (!*stopping_) {
    bool failed = false;
    try {
      co_await write_kept();
      co_await wait_for_work();
      if (*stopping_) break;
      if (kept_.any_whole()) continue;
      first_change_.reset();
      co_await work_off();
    } catch (const std::exception& e) {
      // Summaries are derived: whoever needs one makes it, and we try again later.
      world_.log.warning("indexer.failed", {{"reason", e.what()}});
      failed = true;
    }
    if (!failed) continue;
    first_change_ = rt::Loop::current().now();
    if (!*stopping_) co_await wake_.wait(*first_change_ + options_.delay_max);
  }
  home_ = nullptr;
}

// Deliveries go first: until they pause, or the work is old. What readers have made is written before.
rt::Task<void> Indexer::wait_for_work() {
  while (!*stopping_ && !kept_.any_whole()) {
    if (!first_change_) {
      co_await wake_.wait();
      continue;
    }
    Instant due = std::min(last_change_ + options_.quiet, *first_change_ + options_.delay_max);
    if (due <= rt::Loop::current().now()) co_return;
    co_await wake_.wait(due);
  }
}

// Readers who make what they need themselves, and who changes something: for a while.
rt::Task<void> Indexer::let_others_pass() {
  const auto theirs =
      std::max<std::chrono::microseconds>(options_.others_share * last_batch_, options_.others_time_min);
  const Instant patience_ends = rt::Loop::current().now() + theirs;
  while (!*stopping_) {
    Instant due = std::min(std::max(last_reader_, last_change_) + options_.quiet, patience_ends);
    if (due <= rt::Loop::current().now()) co_return;
    co_await wake_.wait(due);
  }
}

rt::Task<void> Indexer::write_kept() {
  for (;;) {
    std::vector<Summarized> batch = kept_.first_whole(options_.batch_max);
    if (batch.empty() || *stopping_) co_return;
    const Instant begun = rt::Loop::current().now();
    co_await write(std::move(batch));
    last_batch_ = rt::Loop::current().now() - begun;
    co_await let_others_pass();
  }
}

rt::Task<void> Indexer::work_off() {
  MessageId after = after_;
  while (!*stopping_) {
    co_await let_others_pass();
    co_await write_kept();
    std::vector<MessageId> batch = co_await store_.read(store::list_unsummarized, after, options_.batch_max);
    if (batch.empty()) break;
    after = batch.back();
    const Instant begun = rt::Loop::current().now();
    co_await summarize_batch(std::move(batch));
    last_batch_ = rt::Loop::current().now() - begun;
  }
  // A message may be committed after one with a higher id: the next pass looks at
  // what this one looked at once more.
  after_ = std::exchange(last_end_, after);
}

rt::Task<void> Indexer::summarize_batch(std::vector<MessageId> ids) {
  while (!ids.empty() && !*stopping_) {
    std::vector<store::MessageBytes> messages = co_await store_.messages(ids, options_.octets_max);
    ids.erase(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(messages.size()));
    const size_t count = messages.size();
    std::vector<Summarized> made =
        co_await rt::offload(world_.blocking, summarize_all, std::move(messages), options_.forms, stopping_);
    if (!*stopping_) counters_.failed += count - made.size();
    co_await write(std::move(made));
  }
}

rt::Task<void> Indexer::write(std::vector<Summarized> made) {
  if (made.empty()) co_return;
  auto put = [](store::Transaction& tx, const std::vector<Summarized>& all) {
    store::ThreadGiving threads(tx);
    for (const Summarized& one : all) {
      store::put_summary(tx, one.summary, one.text);
      threads.give(one.summary);
    }
    threads.tell();
  };
  std::vector<MessageId> written;
  for (const Summarized& one : made) written.push_back(one.summary.message);
  co_await store_.write(put, std::move(made));
  kept_.forget(written);
  counters_.indexed += written.size();
}

}  // namespace pabal::reading
