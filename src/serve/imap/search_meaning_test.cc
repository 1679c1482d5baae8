// Searches against a naive reference that knows everything of a message at once.
#include "serve/imap/search_meaning.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "base/bytes.h"
#include "reading/search_match.h"
#include "reading/search_words.h"

namespace pabal::serve::imap {
namespace {

namespace wire = proto::imap;
using wire::SearchKey;

constexpr int64_t kDayMs = 86'400'000;
constexpr Time kNow{1'000 * kDayMs};

struct Mail {
  uint32_t number = 0;
  reading::Item item;
  ThreadId thread;
  int32_t sent_day = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // folded
  std::string body;

  std::string header() const {
    std::string out;
    for (const auto& [name, value] : fields) out.append(name).append(": ").append(value).append("\n");
    return out;
  }
};

const std::vector<std::string> kKeywords{"$Junk", "$Forwarded"};

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(engine_() % end); }
  std::string word() {
    static const char* const kWords[] = {"a", "ab", "re", "회의", "회", "subject", "to", "x y", "b: a", ""};
    return kWords[below(10)];
  }
  std::string text() {
    std::string out;
    for (uint32_t i = below(6); i > 0; --i) out += word() + (below(3) > 0 ? " " : "");
    return out;
  }

 private:
  std::mt19937 engine_;
};

Mail random_mail(Random& random, uint32_t number) {
  Mail mail;
  mail.number = number;
  mail.item.uid = number * 2 + 10;
  mail.item.flags = random.below(32) | (random.below(4) << store::kFirstKeywordBit);
  mail.item.size_octets = random.below(10);
  mail.item.modseq = random.below(10);
  mail.item.message = random.below(10);
  mail.item.internal_date_ms = kNow.ms - random.below(5) * (kDayMs / 2);
  mail.item.saved_at_ms = kNow.ms - random.below(5) * (kDayMs / 2);
  mail.thread = ThreadId{random.below(5)};
  mail.sent_day = static_cast<int32_t>(995 + random.below(6));
  static const char* const kFields[] = {"subject", "to", "x-a", "a"};
  for (uint32_t i = random.below(5); i > 0; --i)
    mail.fields.emplace_back(kFields[random.below(4)], random.text());
  mail.body = random.text();
  return mail;
}

void add_random_key(wire::SearchKeys& out, Random& random, int depth) {
  static const char* const kFlags[] = {"\\Seen", "\\Draft", "$junk", "$Forwarded", "$Unknown"};
  static const char* const kFields[] = {"Subject", "TO", "X-a", "A", "Cc"};
  SearchKey key;
  key.kind = static_cast<SearchKey::Kind>(random.below(SearchKey::thread_id + 1));
  bool compound = key.kind == SearchKey::conjunction || key.kind == SearchKey::disjunction ||
                  key.kind == SearchKey::negation;
  if (compound && depth == 0) key.kind = SearchKey::anywhere;
  if (compound && depth > 0) {
    key.operands = key.kind == SearchKey::negation      ? 1
                   : key.kind == SearchKey::disjunction ? 2
                                                        : 1 + random.below(3);
    out.push_back(key);
    for (uint32_t i = 0; i < key.operands; ++i) add_random_key(out, random, depth - 1);
    return;
  }
  key.text = random.word();
  if (key.kind == SearchKey::flag) key.text = kFlags[random.below(5)];
  if (key.kind == SearchKey::email_id) key.text = "M" + std::to_string(random.below(10));
  if (key.kind == SearchKey::thread_id) key.text = "T" + std::to_string(random.below(5));
  key.field = kFields[random.below(5)];
  key.number = random.below(10);
  if (key.kind == SearchKey::older || key.kind == SearchKey::younger) key.number = random.below(4) * 43'200;
  key.day.days = static_cast<int32_t>(995 + random.below(6));
  key.set.ranges = {{1 + random.below(30), 1 + random.below(30)}};
  out.push_back(key);
}

wire::SearchKeys random_keys(Random& random, int depth) {
  wire::SearchKeys keys;
  add_random_key(keys, random, depth);
  return keys;
}

int64_t day_of(int64_t ms) {
  return ms / kDayMs;
}

bool naive_header(const SearchKey& key, const Mail& mail) {
  for (const auto& [name, value] : mail.fields) {
    if (name == to_lower(key.field) && value.find(key.text) != std::string::npos) return true;
  }
  return false;
}

bool naive_set(const SearchKey& key, uint32_t value, uint32_t highest) {
  return contains(wire::normalize(key.set, highest), value);
}

// Of one key that is no compound.
bool naive_leaf(const SearchKey& key, const Mail& mail, const std::vector<Mail>& mails) {
  const int64_t day = day_of(mail.item.internal_date_ms), saved = day_of(mail.item.saved_at_ms);
  const auto number = static_cast<int64_t>(key.number);
  switch (key.kind) {
    case SearchKey::all:
    case SearchKey::save_date_supported:
      return true;
    case SearchKey::recent:
    case SearchKey::conjunction:
    case SearchKey::disjunction:
    case SearchKey::negation:
      return false;
    case SearchKey::sequence:
      return naive_set(key, mail.number, static_cast<uint32_t>(mails.size()));
    case SearchKey::uid:
      return naive_set(key, mail.item.uid, mails.back().item.uid);
    case SearchKey::flag:
      if (key.text == "\\Seen") return (mail.item.flags & store::kSeen) != 0;
      if (key.text == "\\Draft") return (mail.item.flags & store::kDraft) != 0;
      if (key.text == "$junk") return (mail.item.flags >> 8 & 1) != 0;
      if (key.text == "$Forwarded") return (mail.item.flags >> 9 & 1) != 0;
      return false;
    case SearchKey::address:
    case SearchKey::header:
      return naive_header(key, mail);
    case SearchKey::in_body:
      return mail.body.find(key.text) != std::string::npos;
    case SearchKey::anywhere:
      return mail.body.find(key.text) != std::string::npos ||
             mail.header().find(key.text) != std::string::npos;
    case SearchKey::larger:
      return mail.item.size_octets > number;
    case SearchKey::smaller:
      return mail.item.size_octets < number;
    case SearchKey::before:
      return day < key.day.days;
    case SearchKey::on:
      return day == key.day.days;
    case SearchKey::since:
      return day >= key.day.days;
    case SearchKey::saved_before:
      return saved < key.day.days;
    case SearchKey::saved_on:
      return saved == key.day.days;
    case SearchKey::saved_since:
      return saved >= key.day.days;
    case SearchKey::sent_before:
      return mail.sent_day < key.day.days;
    case SearchKey::sent_on:
      return mail.sent_day == key.day.days;
    case SearchKey::sent_since:
      return mail.sent_day >= key.day.days;
    case SearchKey::older:
      return mail.item.internal_date_ms <= kNow.ms - number * 1000;
    case SearchKey::younger:
      return mail.item.internal_date_ms >= kNow.ms - number * 1000;
    case SearchKey::modseq:
      return mail.item.modseq >= number;
    case SearchKey::email_id:
      return "M" + std::to_string(mail.item.message) == key.text;
    case SearchKey::thread_id:
      return "T" + std::to_string(mail.thread.value) == key.text;
  }
  return false;
}

// From the back, as Polish notation is read without recursion.
bool naive(const wire::SearchKeys& keys, const Mail& mail, const std::vector<Mail>& mails) {
  std::vector<bool> values;
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i].operands == 0) {
      values.push_back(naive_leaf(keys[i], mail, mails));
      continue;
    }
    size_t yes = 0;
    for (uint32_t k = 0; k < keys[i].operands; ++k) {
      yes += values.back() ? 1 : 0;
      values.pop_back();
    }
    values.push_back(keys[i].kind == SearchKey::negation      ? yes == 0
                     : keys[i].kind == SearchKey::disjunction ? yes > 0
                                                              : yes == keys[i].operands);
  }
  return values.at(0);
}

TEST(SearchMatch, AgreesWithTheNaiveReferenceOnRandomKeys) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    std::vector<Mail> mails;
    std::vector<reading::Item> items;
    for (uint32_t number = 1; number <= 12; ++number) {
      mails.push_back(random_mail(random, number));
      items.push_back(mails.back().item);
    }
    std::shared_ptr<const reading::Snapshot> snapshot = reading::Snapshot().with(items, {});
    for (int round = 0; round < 20; ++round) {
      wire::SearchProgram program{.charset = "UTF-8", .keys = random_keys(random, 3)};
      auto plan = plan_search(
          program, {.snapshot = snapshot, .saved = {}, .recent = {}, .keywords = kKeywords, .now = kNow});
      ASSERT_TRUE(plan);
      for (const Mail& mail : mails) {
        std::string header = mail.header();
        reading::KnownTexts all{.thread = mail.thread,
                                .sent_day = mail.sent_day,
                                .addresses = header,
                                .header = header,
                                .body = mail.body};
        reading::Answer expected =
            naive(program.keys, mail, mails) ? reading::Answer::yes : reading::Answer::no;
        EXPECT_EQ(decide(*plan, mail.item, all), expected) << "seed " << seed;
        // What is decided with less is the same; what the plan needs is enough.
        reading::KnownTexts needed;
        if (plan->needs.thread) needed.thread = mail.thread;
        if (plan->needs.sent_day) needed.sent_day = mail.sent_day;
        EXPECT_TRUE(decide(*plan, mail.item, needed) == expected || plan->needs.texts());
        if (plan->needs.addresses) needed.addresses = header;
        if (plan->needs.header) needed.header = header;
        reading::Answer without_body = decide(*plan, mail.item, needed);
        EXPECT_TRUE(without_body == reading::Answer::unknown || without_body == expected);
        if (plan->needs.body) needed.body = mail.body;
        EXPECT_EQ(decide(*plan, mail.item, needed), expected);
        reading::Answer by_view = decide(*plan, mail.item, {});
        EXPECT_TRUE(by_view == reading::Answer::unknown || by_view == expected);
      }
    }
  }
}

reading::SearchPlan plan_of(wire::SearchKeys keys, std::string charset = "UTF-8") {
  auto snapshot = std::make_shared<const reading::Snapshot>();
  auto plan =
      plan_search({.charset = std::move(charset), .keys = std::move(keys)},
                  {.snapshot = snapshot, .saved = {}, .recent = {}, .keywords = kKeywords, .now = kNow});
  return plan.value();
}

TEST(SearchMatch, FindsKoreanWhateverItsFormAndCharset) {
  reading::KnownTexts known{.header = "subject: 주간회의 안내\n", .body = "내일 회의실에서"};
  auto matches = [&](SearchKey key, std::string charset = "UTF-8") {
    return decide(plan_of({std::move(key)}, std::move(charset)), {}, known) == reading::Answer::yes;
  };
  EXPECT_TRUE(matches({.kind = SearchKey::header, .field = "Subject", .text = "회의"}));  // inside a word
  EXPECT_TRUE(matches({.kind = SearchKey::header, .field = "Subject", .text = "안"}));
  EXPECT_TRUE(matches({.kind = SearchKey::in_body, .text = "회의실"}));
  EXPECT_FALSE(matches({.kind = SearchKey::in_body, .text = "주간"}));
  EXPECT_TRUE(matches({.kind = SearchKey::anywhere, .text = "주간"}));
  // 회의 as conjoining jamo (NFD), and in EUC-KR.
  EXPECT_TRUE(
      matches({.kind = SearchKey::anywhere, .text = "\xE1\x84\x92\xE1\x85\xAC\xE1\x84\x8B\xE1\x85\xB4"}));
  EXPECT_TRUE(matches({.kind = SearchKey::anywhere, .text = "\xC8\xB8\xC0\xC7"}, "EUC-KR"));
}

TEST(SearchMatch, LooksForAFieldsTextInItsOwnLinesOnly) {
  reading::KnownTexts known{.header = "subject: to: me\nx-to: bob\nto: alice, carol\nto: \n", .body = ""};
  auto matches = [&](std::string field, std::string text) {
    return decide(plan_of({{.kind = SearchKey::header, .field = field, .text = text}}), {}, known) ==
           reading::Answer::yes;
  };
  EXPECT_TRUE(matches("To", "alice"));
  EXPECT_TRUE(matches("To", "CAROL"));
  EXPECT_FALSE(matches("To", "bob"));
  EXPECT_FALSE(matches("To", "me"));
  EXPECT_FALSE(matches("To", "to"));
  EXPECT_TRUE(matches("x-to", ""));
  EXPECT_TRUE(matches("TO", ""));
  EXPECT_FALSE(matches("Cc", ""));
}

TEST(SearchMatch, ReadsNothingForWhatTheViewKnows) {
  const SearchKey seen{.kind = SearchKey::flag, .text = "\\Seen"};
  EXPECT_FALSE(plan_of({{.kind = SearchKey::negation, .operands = 1}, seen}).needs.any());
  // A cheap key in front spares the reading, wherever it stood.
  reading::SearchPlan both = plan_of(
      {{.kind = SearchKey::conjunction, .operands = 2}, {.kind = SearchKey::in_body, .text = "x"}, seen});
  ASSERT_EQ(both.nodes.size(), 3u);
  EXPECT_EQ(both.nodes[1].kind, reading::SearchNode::flags);
  EXPECT_EQ(decide(both, {}, {}), reading::Answer::no);
  EXPECT_EQ(decide(both, {.flags = store::kSeen}, {}), reading::Answer::unknown);
}

// ORs and ANDs by turns, so that nothing can be taken together.
TEST(SearchMatch, GoesAsDeepAsTheProgram) {
  constexpr uint32_t depth = 2'000;
  for (bool innermost : {true, false}) {
    wire::SearchKeys keys;
    for (uint32_t i = 0; i < depth; ++i) {
      keys.push_back({.kind = SearchKey::negation, .operands = 1});
      keys.push_back({.kind = i % 2 == 0 ? SearchKey::disjunction : SearchKey::conjunction, .operands = 2});
    }
    keys.push_back({.kind = SearchKey::flag, .text = innermost ? "\\Seen" : "\\Draft"});
    for (uint32_t i = depth; i-- > 0;)
      keys.push_back({.kind = SearchKey::flag, .text = i % 2 == 0 ? "\\Deleted" : "\\Seen"});
    reading::SearchPlan plan = plan_of(std::move(keys));
    EXPECT_EQ(plan.nodes.size(), 3 * depth + 1);
    EXPECT_EQ(decide(plan, {.flags = store::kSeen}, {}),
              innermost ? reading::Answer::yes : reading::Answer::no);
  }
}

TEST(SearchMatch, TakesTogetherWhatIsOneList) {
  wire::SearchKeys left, right;
  for (int i = 0; i < 500; ++i) left.push_back({.kind = SearchKey::disjunction, .operands = 2});
  left.push_back({.kind = SearchKey::larger, .number = 500});
  for (uint64_t i = 0; i < 500; ++i) {
    left.push_back({.kind = SearchKey::larger, .number = 501 + i});
    right.push_back({.kind = SearchKey::disjunction, .operands = 2});
    right.push_back({.kind = SearchKey::larger, .number = 501 + i});
  }
  right.push_back({.kind = SearchKey::larger, .number = 500});
  for (const wire::SearchKeys& keys : {left, right}) {
    reading::SearchPlan plan = plan_of(keys);
    EXPECT_EQ(plan.nodes.size(), 502u);
    EXPECT_EQ(decide(plan, {.size_octets = 501}, {}), reading::Answer::yes);
    EXPECT_EQ(decide(plan, {.size_octets = 500}, {}), reading::Answer::no);
  }
}

TEST(SearchMatch, KnowsItsCharsets) {
  auto snapshot = std::make_shared<const reading::Snapshot>();
  SearchMeaning meaning{.snapshot = snapshot, .saved = {}, .recent = {}, .keywords = kKeywords, .now = kNow};
  EXPECT_TRUE(plan_search({.charset = "KOI8-R", .keys = {}}, meaning));
  EXPECT_FALSE(plan_search({.charset = "X-NONE", .keys = {}}, meaning));
}

TEST(SearchMatch, FuzzyFindsWordsInAnyOrderAndScoresThem) {
  auto key = [](SearchKey::Kind kind, std::string text) {
    return SearchKey{.kind = kind, .fuzzy = true, .field = "Subject", .text = std::move(text)};
  };
  reading::KnownTexts known{.header = "subject: report of the quarter\nfrom: bob\n",
                            .body = "see the weekly reports"};
  auto score = [&](SearchKey one) {
    reading::SearchPlan plan = plan_of({std::move(one)});
    return decide(plan, {}, known) == reading::Answer::yes ? relevancy(plan, {}, known) : 0;
  };
  EXPECT_GT(score(key(SearchKey::header, "quarter report")), 0);
  EXPECT_EQ(score(key(SearchKey::header, "eport")), 0);
  EXPECT_EQ(score(key(SearchKey::header, "report of the quarter")), 100);
  EXPECT_GT(score(key(SearchKey::header, "report of")), score(key(SearchKey::header, "of report")));
  EXPECT_GT(score(key(SearchKey::header, "quarter")), score(key(SearchKey::header, "quart")));
  EXPECT_GT(score(key(SearchKey::anywhere, "report")), score(key(SearchKey::anywhere, "weekly")));
  EXPECT_GT(score(key(SearchKey::anywhere, "weekly quarter")), 0);
  EXPECT_EQ(score(key(SearchKey::anywhere, "weekly absent")), 0);
}

TEST(SearchWords, TakesTextApartAndFindsBeginnings) {
  EXPECT_EQ(reading::words_of("re: the the 회의-록 2"),
            (std::vector<std::string>{"re", "the", "회의", "록", "2"}));
  EXPECT_TRUE(reading::words_of(" .,").empty());
  EXPECT_EQ(reading::find_word("a report", "rep"), reading::WordMatch::part);
  EXPECT_EQ(reading::find_word("a reporter, report", "report"), reading::WordMatch::whole);
  EXPECT_EQ(reading::find_word("transport", "port"), reading::WordMatch::no);
  EXPECT_EQ(reading::find_word("주간회의", "회의"), reading::WordMatch::part);
}

}  // namespace
}  // namespace pabal::serve::imap
