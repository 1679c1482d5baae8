#include "reading/search_run.h"

#include <algorithm>
#include <span>

#include "mail/search_text.h"
#include "reading/side_by_side.h"
#include "reading/summaries.h"
#include "rt/offload.h"
#include "store/deliveries.h"

namespace pabal::reading {

namespace {

constexpr size_t kBatchMails = 1000;
// What is more would keep others on the loop waiting: octets to be folded, and keys
// times messages to be looked at.
constexpr size_t kLooksAtOnce = 2'000'000;

// A mail that the view could not decide. By message, as they lie in the database;
// one message may be several mails.
struct Candidate {
  uint32_t number = 0;
  int64_t message = 0;
};

// What every thread that works for the search may look at, and none changes.
struct Question {
  SearchPlan plan;
  std::shared_ptr<const Snapshot> snapshot;
  bool scores = false;
  std::vector<Candidate> candidates;
  std::vector<store::FoundThread> threads;  // rising by message, if needed
  // Folded; what stands before the stored header text for this owner alone, if needed.
  std::vector<store::ToldDelivery> told;
  StopWord cut_off;
};
using SharedQuestion = std::shared_ptr<const Question>;

struct Verdict {
  uint32_t number = 0;
  Answer answer = Answer::unknown;
  unsigned char score = 1;
};
using Verdicts = std::vector<Verdict>;

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
    while (end < batch.size() && batch[end].message == batch[begin].message) ++end;
    groups.push_back({.id = MessageId{batch[begin].message},
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

std::optional<ThreadId> thread_of(const Question& question, MessageId id) {
  auto found = std::ranges::lower_bound(question.threads, id, {}, &store::FoundThread::message);
  if (found == question.threads.end() || found->message != id) return std::nullopt;
  return found->thread;
}

std::vector<store::ToldDelivery> read_told(store::Database& db, AccountId owner) {
  std::vector<store::ToldDelivery> told = store::list_deliveries(db, owner);
  for (store::ToldDelivery& one : told) one.fields = mail::search_header(one.fields, {}).fields;
  return told;
}

// False: some stay undecided.
bool settle(const Question& question, std::span<const Candidate> mails, KnownTexts known,
            Verdicts& verdicts) {
  bool all = true;
  std::string header;
  auto told = std::ranges::lower_bound(question.told, MessageId{mails.front().message}, {},
                                       &store::ToldDelivery::message);
  if (known.header && told != question.told.end() && told->message.value == mails.front().message) {
    header.append(told->fields).append(*known.header);
    known.header = header;
  }
  for (const Candidate& mail : mails) {
    const Item& item = question.snapshot->at(mail.number);
    Verdict verdict{.number = mail.number, .answer = decide(question.plan, item, known)};
    all &= verdict.answer != Answer::unknown;
    if (verdict.answer == Answer::yes && question.scores)
      verdict.score = relevancy(question.plan, item, known);
    if (verdict.answer != Answer::unknown) verdicts.push_back(verdict);
  }
  return all;
}

struct ByStore {
  Verdicts verdicts;
  std::vector<MessageId> left;  // could not be decided by what is stored
};

// The candidates from `first` on, by what is stored of them.
ByStore decide_by_store(store::Database& db, const SharedQuestion& shared, size_t first, size_t count) {
  const Question& question = *shared;
  const SearchNeeds& needs = question.plan.needs;
  ByStore out;
  std::vector<Group> groups = groups_of(std::span(question.candidates).subspan(first, count));
  auto decide = [&](Group& group, const KnownTexts& known) {
    group.decided = settle(question, group.mails, known, out.verdicts);
  };
  auto drop_decided = [&] { std::erase_if(groups, [](const Group& one) { return one.decided; }); };
  if (needs.thread) {
    for (Group& group : groups) {
      group.thread = thread_of(question, group.id);
      decide(group, {.thread = group.thread, .sent_day = std::nullopt});
    }
    drop_decided();
  }
  if (needs.sent_day) {
    auto group = groups.begin();
    for (const store::Summary& summary : store::find_summaries(db, ids_of(groups), {.dates = true})) {
      while (group->id != summary.message) ++group;
      group->sent_day = summary.sent_day;
      decide(*group, {.thread = group->thread, .sent_day = group->sent_day});
    }
    drop_decided();
  }
  if (needs.texts() && !groups.empty()) {
    auto group = groups.begin();
    auto use = [&](const store::FoundSearchText& text) {
      while (group->id != text.message) ++group;
      KnownTexts known{.thread = group->thread, .sent_day = group->sent_day};
      if (needs.addresses) known.addresses = text.addresses;
      if (needs.header) known.header = text.header;
      if (needs.body) known.body = text.body;
      decide(*group, known);
      return !*question.cut_off;
    };
    store::read_search_texts(db, ids_of(groups), needs.header || needs.addresses, needs.body, use);
  }
  for (const Group& group : groups) {
    if (!group.decided) out.left.push_back(group.id);
  }
  return out;
}

// By what has just been made of them, which comes back.
struct ByMade {
  std::vector<Summarized> made;
  Verdicts verdicts;
};

ByMade decide_by_made(const SharedQuestion& shared, std::vector<Summarized> made) {
  ByMade out;
  for (const Summarized& one : made) {
    auto mails =
        std::ranges::equal_range(shared->candidates, one.summary.message.value, {}, &Candidate::message);
    settle(*shared, {mails.begin(), mails.end()},
           {.thread = thread_of(*shared, one.summary.message),
            .sent_day = one.summary.sent_day,
            .addresses = std::string_view(one.text.addresses),
            .header = std::string_view(one.text.header),
            .body = std::string_view(one.text.body)},
           out.verdicts);
  }
  out.made = std::move(made);
  return out;
}

// What the view alone says of the messages.
struct ByView {
  std::vector<Answer> answers;        // by number
  std::vector<Candidate> candidates;  // of which it cannot say
};

ByView decide_by_view(const SearchPlan& plan, const std::shared_ptr<const Snapshot>& snapshot,
                      const std::vector<NumberRange>& numbers, const StopWord& cut_off) {
  ByView out{.answers = std::vector<Answer>(snapshot->size() + 1, Answer::no), .candidates = {}};
  for (const NumberRange& range : numbers) {
    if (*cut_off) break;
    snapshot->each(range.first, range.last, [&](uint32_t number, const Item& item) {
      out.answers[number] = decide(plan, item, {});
      if (out.answers[number] == Answer::unknown) out.candidates.push_back({number, item.message});
    });
  }
  return out;
}

class SearchRun {
 public:
  SearchRun(Context& context, const SearchPlan& plan, const SearchScope& scope, Progress& progress)
      : context_(context),
        plan_(plan),
        scope_(scope),
        progress_(progress),
        scores_(scope.scores ? scope.snapshot->size() + 1 : 0, 1) {}

  rt::Task<SearchResult> run() {
    std::vector<Candidate> candidates = co_await look_at_view();
    if (!candidates.empty()) {
      std::ranges::sort(candidates, {}, &Candidate::message);
      Question question{.plan = plan_,
                        .snapshot = scope_.snapshot,
                        .scores = scope_.scores,
                        .candidates = std::move(candidates),
                        .threads = {},
                        .told = {},
                        .cut_off = context_.cut_off};
      if (plan_.needs.thread)
        question.threads = co_await read_threads(context_, ids_of(groups_of(question.candidates)));
      if (plan_.needs.header) question.told = co_await context_.store.read(read_told, scope_.owner);
      question_ = std::make_shared<const Question>(std::move(question));
      split();
      progress_.begin(question_->candidates.size());
      auto batch = [this](size_t number) { return decide_batch(batches_[number]); };
      co_await side_by_side(batches_.size(), batch);
    }
    co_return result();
  }

 private:
  // Of the candidates.
  struct Batch {
    size_t first = 0, count = 0;
  };

  rt::Task<std::vector<Candidate>> look_at_view() {
    ByView by_view;
    if (plan_.nodes.size() * scope_.snapshot->size() <= kLooksAtOnce) {
      by_view = decide_by_view(plan_, scope_.snapshot, scope_.numbers, context_.cut_off);
    } else {
      by_view = co_await rt::offload(context_.world.blocking, decide_by_view, plan_, scope_.snapshot,
                                     scope_.numbers, context_.cut_off);
    }
    answers_ = std::move(by_view.answers);
    co_return std::move(by_view.candidates);
  }

  // Mails of one message stay together.
  void split() {
    const std::vector<Candidate>& all = question_->candidates;
    for (size_t first = 0; first < all.size();) {
      size_t end = std::min(first + kBatchMails, all.size());
      while (end < all.size() && all[end].message == all[end - 1].message) ++end;
      batches_.push_back({first, end - first});
      first = end;
    }
  }

  rt::Task<void> decide_batch(Batch batch) {
    check_cut_off(context_);
    ByStore by_store = co_await context_.store.read(decide_by_store, question_, batch.first, batch.count);
    take(by_store.verdicts);
    auto use = [this](std::vector<Summarized> made) { return decide_made(std::move(made)); };
    size_t damaged = co_await summarize_now(context_, std::move(by_store.left),
                                            plan_.needs.body ? Depth::whole : Depth::heads, use);
    damaged_ += damaged;
    co_await progress_.add(batch.count);
  }

  rt::Task<std::vector<Summarized>> decide_made(std::vector<Summarized> made) {
    ByMade by_made =
        co_await rt::offload(context_.world.blocking, decide_by_made, question_, std::move(made));
    take(by_made.verdicts);
    co_return std::move(by_made.made);
  }

  void take(const Verdicts& verdicts) {
    for (const Verdict& verdict : verdicts) {
      answers_[verdict.number] = verdict.answer;
      if (!scores_.empty()) scores_[verdict.number] = verdict.score;
    }
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

  Context& context_;
  const SearchPlan& plan_;
  const SearchScope& scope_;
  Progress& progress_;
  std::vector<Answer> answers_;        // by number
  std::vector<unsigned char> scores_;  // by number, if asked for
  SharedQuestion question_;            // about those that the view cannot decide
  std::vector<Batch> batches_;
  size_t damaged_ = 0;
};

}  // namespace

rt::Task<SearchResult> run_search(Context& context, const SearchPlan& plan, SearchScope scope,
                                  Progress& progress) {
  SearchRun run(context, plan, scope, progress);
  co_return co_await run.run();
}

}  // namespace pabal::reading
