#include "serve/imap/search_run.h"

#include <algorithm>
#include <span>

#include "serve/imap/side_by_side.h"
#include "serve/imap/summaries.h"

namespace pabal::serve::imap {

namespace {

constexpr size_t kBatchMails = 1000;

// A mail that the view could not decide. By message, as they lie in the database;
// one message may be several mails.
struct Candidate {
  uint32_t number = 0;
  const Item* item = nullptr;
};
int64_t message_of(const Candidate& candidate) {
  return candidate.item->message;
}

// All mails of one message.
struct Group {
  MessageId id;
  std::span<const Candidate> mails;
  std::optional<ThreadId> thread;
  std::optional<int32_t> sent_day;
  bool decided = false;
};

std::vector<Group> groups_of(std::span<const Candidate> batch) {
  std::vector<Group> groups;
  for (size_t begin = 0; begin < batch.size();) {
    size_t end = begin;
    while (end < batch.size() && message_of(batch[end]) == message_of(batch[begin])) ++end;
    groups.push_back({.id = MessageId{message_of(batch[begin])},
                      .mails = batch.subspan(begin, end - begin),
                      .thread = std::nullopt,
                      .sent_day = std::nullopt});
    begin = end;
  }
  return groups;
}

std::vector<MessageId> ids_of(const std::vector<Group>& groups) {
  std::vector<MessageId> ids;
  ids.reserve(groups.size());
  for (const Group& group : groups) ids.push_back(group.id);
  return ids;
}

class SearchRun {
 public:
  SearchRun(Service& service, const SearchPlan& plan, const SearchScope& scope, Progress& progress)
      : service_(service),
        plan_(plan),
        scope_(scope),
        progress_(progress),
        answers_(scope.snapshot->size() + 1, Answer::no),
        scores_(scope.scores ? scope.snapshot->size() + 1 : 0, 1) {}

  rt::Task<SearchResult> run() {
    decide_by_view();
    if (!candidates_.empty()) {
      std::ranges::sort(candidates_, {}, message_of);
      if (plan_.needs.thread) threads_ = co_await read_threads(service_, ids_of(groups_of(candidates_)));
      split();
      progress_.begin(candidates_.size());
      auto batch = [this](size_t number) { return decide_batch(batches_[number]); };
      co_await side_by_side(batches_.size(), batch);
    }
    co_return result();
  }

 private:
  void decide_by_view() {
    for (const NumberRange& range : scope_.numbers) {
      scope_.snapshot->each(range.first, range.last, [this](uint32_t number, const Item& item) {
        answers_[number] = decide(plan_.root, item, {});
        if (answers_[number] == Answer::unknown) candidates_.push_back({number, &item});
      });
    }
  }

  // Mails of one message stay together.
  void split() {
    std::span<const Candidate> rest(candidates_);
    while (!rest.empty()) {
      size_t count = std::min(kBatchMails, rest.size());
      while (count < rest.size() && message_of(rest[count]) == message_of(rest[count - 1])) ++count;
      batches_.push_back(rest.first(count));
      rest = rest.subspan(count);
    }
  }

  rt::Task<void> decide_batch(std::span<const Candidate> batch) {
    check_cut_off(service_);
    auto query = [&](store::Database& db) { return decide_by_store(db, batch); };
    std::vector<MessageId> left = co_await service_.store.read(query);
    auto use = [&](const Summarized& made) {
      auto mails = std::ranges::equal_range(batch, made.summary.message.value, {}, message_of);
      settle({mails.begin(), mails.end()}, {.thread = thread_of(made.summary.message),
                                            .sent_day = made.summary.sent_day,
                                            .header = std::string_view(made.text.header),
                                            .body = std::string_view(made.text.body)});
    };
    size_t damaged = co_await summarize_now(service_, std::move(left), use);
    damaged_ += damaged;
    co_await progress_.add(batch.size());
  }

  // On a reader thread. Returns those that could not be decided by what is stored.
  std::vector<MessageId> decide_by_store(store::Database& db, std::span<const Candidate> batch) {
    std::vector<Group> groups = groups_of(batch);
    if (plan_.needs.thread) {
      for (Group& group : groups) {
        group.thread = thread_of(group.id);
        group.decided = settle(group.mails, {.thread = group.thread, .sent_day = std::nullopt});
      }
      std::erase_if(groups, [](const Group& one) { return one.decided; });
    }
    if (plan_.needs.sent_day) {
      auto group = groups.begin();
      for (const store::Summary& summary : store::find_summaries(db, ids_of(groups), {.dates = true})) {
        while (group->id != summary.message) ++group;
        group->sent_day = summary.sent_day;
        group->decided = settle(group->mails, {.thread = group->thread, .sent_day = group->sent_day});
      }
      std::erase_if(groups, [](const Group& one) { return one.decided; });
    }
    if ((plan_.needs.header || plan_.needs.body) && !groups.empty()) {
      auto group = groups.begin();
      auto use = [&](MessageId id, std::string_view header, std::string_view body) {
        while (group->id != id) ++group;
        KnownTexts known{.thread = group->thread, .sent_day = group->sent_day};
        if (plan_.needs.header) known.header = header;
        if (plan_.needs.body) known.body = body;
        group->decided = settle(group->mails, known);
        return true;
      };
      store::read_search_texts(db, ids_of(groups), plan_.needs.header, plan_.needs.body, use);
    }
    std::vector<MessageId> left;
    for (const Group& group : groups) {
      if (!group.decided) left.push_back(group.id);
    }
    return left;
  }

  std::optional<ThreadId> thread_of(MessageId id) const {
    auto found = std::ranges::lower_bound(threads_, id, {}, &store::FoundThread::message);
    if (found == threads_.end() || found->message != id) return std::nullopt;
    return found->thread;
  }

  // Each mail is written by one thread only.
  bool settle(std::span<const Candidate> mails, const KnownTexts& known) {
    bool all = true;
    for (const Candidate& mail : mails) {
      Answer& answer = answers_[mail.number];
      answer = decide(plan_.root, *mail.item, known);
      all &= answer != Answer::unknown;
      if (answer == Answer::yes && !scores_.empty())
        scores_[mail.number] = relevancy(plan_.root, *mail.item, known);
    }
    return all;
  }

  SearchResult result() const {
    SearchResult result{.snapshot = scope_.snapshot, .hits = {}, .damaged = damaged_};
    for (const NumberRange& range : scope_.numbers) {
      scope_.snapshot->each(range.first, range.last, [&](uint32_t number, const Item& item) {
        if (answers_[number] != Answer::yes) return;
        result.hits.push_back(
            {number, scores_.empty() ? static_cast<unsigned char>(1) : scores_[number], &item});
      });
    }
    return result;
  }

  Service& service_;
  const SearchPlan& plan_;
  const SearchScope& scope_;
  Progress& progress_;
  std::vector<Answer> answers_;        // by number
  std::vector<unsigned char> scores_;  // by number, if asked for
  std::vector<Candidate> candidates_;
  std::vector<std::span<const Candidate>> batches_;
  std::vector<store::FoundThread> threads_;  // rising by message, if needed
  size_t damaged_ = 0;
};

}  // namespace

rt::Task<SearchResult> run_search(Service& service, const SearchPlan& plan, SearchScope scope,
                                  Progress& progress) {
  SearchRun run(service, plan, scope, progress);
  co_return co_await run.run();
}

}  // namespace pabal::serve::imap
