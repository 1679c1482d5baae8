#include "reading/indexer.h"

#include <algorithm>
#include <utility>

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

uint64_t octets_of(const Summarized& made) {
  const store::SummaryTexts& texts = made.summary.texts;
  return sizeof(made) + texts.envelope.size() + texts.body_structure.size() + texts.outline.size() +
         texts.preview->size() + made.text.header.size() + made.text.addresses.size() + made.text.body.size();
}

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

Summarized summarize(MessageId id, std::string_view message, Time received_at, const TextForms& forms) {
  mail::Part root = mail::parse_message(message);
  mail::SummaryKeys keys = mail::summary_keys(root, message, received_at);
  Summarized out;
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
  summary.texts = summary_texts(root, message, forms, true);
  out.text.message = id;
  mail::SearchHeader header = mail::search_header(message, mail::declared_charset(root));
  out.text.header = std::move(header.fields);
  out.text.addresses = std::move(header.addresses);
  out.text.body = mail::search_body(root, message);
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
    : world_(world), store_(store), options_(options) {}

void Indexer::stop() {
  *stopping_ = true;
  wake_.notify();
}

void Indexer::keep(std::vector<Summarized> made) {
  rt::Loop* home = home_;
  if (home == nullptr || made.empty()) return;
  {
    std::lock_guard lock(kept_mutex_);
    for (Summarized& one : made) {
      const uint64_t octets = octets_of(one);
      if (kept_octets_ + octets > kKeptOctetsMax) break;
      const MessageId id = one.summary.message;
      // The same may have been made several times.
      if (kept_.emplace(id, std::make_shared<const Summarized>(std::move(one))).second)
        kept_octets_ += octets;
    }
  }
  home->post([this] {
    last_reader_ = rt::Loop::current().now();
    if (!first_change_) first_change_ = last_reader_;
    wake_.notify();
  });
}

std::vector<Summarized> Indexer::find_kept(const std::vector<MessageId>& messages) const {
  std::vector<std::shared_ptr<const Summarized>> found;
  {
    std::lock_guard lock(kept_mutex_);
    if (kept_.empty()) return {};
    for (MessageId id : messages) {
      if (auto kept = kept_.find(id); kept != kept_.end()) found.push_back(kept->second);
    }
  }
  std::vector<Summarized> out;
  for (const std::shared_ptr<const Summarized>& one : found) out.push_back(*one);
  return out;
}

void Indexer::make_way() {
  rt::Loop* home = home_;
  if (home != nullptr) home->post([this] { last_reader_ = rt::Loop::current().now(); });
}

rt::Task<void> Indexer::run() {
  auto changed = [this](const std::vector<store::MailboxChange>&) {
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
      if (has_kept()) continue;
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

// Deliveries go first: until they pause, or the work is old. What is made already waits for nobody.
rt::Task<void> Indexer::wait_for_work() {
  while (!*stopping_ && !has_kept()) {
    if (!first_change_) {
      co_await wake_.wait();
      continue;
    }
    Instant due = std::min(last_change_ + options_.quiet, *first_change_ + options_.delay_max);
    if (due <= rt::Loop::current().now()) co_return;
    co_await wake_.wait(due);
  }
}

// Who makes what he needs himself waits for it, and we do not, for a while.
rt::Task<void> Indexer::let_readers_pass() {
  const auto theirs =
      std::max<std::chrono::microseconds>(options_.reader_share * last_batch_, options_.reader_time_min);
  const Instant patience_ends = rt::Loop::current().now() + theirs;
  while (!*stopping_ && last_reader_) {
    Instant due = std::min(*last_reader_ + options_.quiet, patience_ends);
    if (due <= rt::Loop::current().now()) co_return;
    co_await wake_.wait(due);
  }
}

bool Indexer::has_kept() const {
  std::lock_guard lock(kept_mutex_);
  return !kept_.empty();
}

// They stay to be found until they are written.
rt::Task<void> Indexer::write_kept() {
  while (!*stopping_) {
    std::vector<Summarized> batch;
    {
      std::lock_guard lock(kept_mutex_);
      for (auto kept = kept_.begin(); kept != kept_.end() && batch.size() < options_.batch_max; ++kept)
        batch.push_back(*kept->second);
    }
    if (batch.empty()) co_return;
    std::vector<MessageId> written;
    for (const Summarized& one : batch) written.push_back(one.summary.message);
    co_await write(std::move(batch));
    std::lock_guard lock(kept_mutex_);
    for (MessageId id : written) {
      auto kept = kept_.find(id);
      kept_octets_ -= octets_of(*kept->second);
      kept_.erase(kept);
    }
  }
}

rt::Task<void> Indexer::work_off() {
  MessageId after = after_;
  while (!*stopping_) {
    co_await let_readers_pass();
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
    for (const Summarized& one : all) {
      store::put_summary(tx, one.summary, one.text);
      store::give_thread(tx, one.summary);
    }
  };
  const size_t count = made.size();
  co_await store_.write(put, std::move(made));
  counters_.indexed += count;
}

}  // namespace pabal::reading
