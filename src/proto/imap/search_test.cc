// SEARCH, SORT, THREAD, ESEARCH, CANCELUPDATE.
#include <algorithm>
#include <gtest/gtest.h>

#include "base/time.h"
#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

std::string date(Day day) {
  return to_rfc3339(Time{int64_t{day.days} * 86'400'000}).substr(0, 10);
}

std::string set_text(const SequenceSet& set) {
  return set.saved ? "$" : format_set(set.ranges);
}

// Without its operands.
std::string text_of(const SearchKey& key) {
  static constexpr const char* kNames[] = {
      "all",    "and",       "or",          "not",     "seq",        "uid",
      "flag",   "recent",    "address",     "header",  "body",       "text",
      "larger", "smaller",   "before",      "on",      "since",      "sentbefore",
      "senton", "sentsince", "savedbefore", "savedon", "savedsince", "savedatesupported",
      "older",  "younger",   "modseq",      "emailid", "threadid"};
  std::string out = std::string(key.fuzzy ? "~(" : "(") + kNames[key.kind];
  switch (key.kind) {
    case SearchKey::sequence:
    case SearchKey::uid:
      out += " " + set_text(key.set);
      break;
    case SearchKey::address:
    case SearchKey::header:
      out += " " + key.field + "=" + key.text;
      break;
    case SearchKey::flag:
    case SearchKey::in_body:
    case SearchKey::anywhere:
    case SearchKey::email_id:
    case SearchKey::thread_id:
      out += " " + key.text;
      break;
    case SearchKey::larger:
    case SearchKey::smaller:
    case SearchKey::older:
    case SearchKey::younger:
    case SearchKey::modseq:
      out += " " + std::to_string(key.number);
      break;
    case SearchKey::before:
    case SearchKey::on:
    case SearchKey::since:
    case SearchKey::sent_before:
    case SearchKey::sent_on:
    case SearchKey::sent_since:
    case SearchKey::saved_before:
    case SearchKey::saved_on:
    case SearchKey::saved_since:
      out += " " + date(key.day);
      break;
    default:
      break;
  }
  return out + ")";
}

// A program as text: "(and (flag \\Seen) (not (address From=Smith)))". One operand alone
// needs no "and".
std::string text_of(const SearchKeys& keys) {
  std::vector<std::string> texts;  // what is next stands last
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i].operands > texts.size()) return "an operand is missing";
    std::string text = text_of(keys[i]), operands;
    for (uint32_t k = 0; k < keys[i].operands; ++k) {
      operands += " " + texts.back();
      texts.pop_back();
    }
    bool alone = keys[i].kind == SearchKey::conjunction && keys[i].operands == 1;
    texts.push_back(alone ? operands.substr(1) : text.insert(text.size() - 1, operands));
  }
  return texts.size() == 1 ? texts[0] : "there is more than one";
}

std::string keys(std::string_view text) {
  return text_of(parsed<Search>("SEARCH " + std::string(text)).program.keys);
}

// RFC 9051 §6.4.4
TEST(ImapSearch, Examples) {
  EXPECT_EQ(keys("FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\""),
            "(and (flag \\Flagged) (since 1994-02-01) (not (address From=Smith)))");
  EXPECT_EQ(keys("TEXT \"string not in mailbox\""), "(text string not in mailbox)");
  auto search =
      parsed<Search>("SEARCH CHARSET UTF-8 TEXT {12}\r\n\xd0\xbe\xd1\x82\xd0\xbf\xd1\x83\xd1\x81\xd0\xba");
  EXPECT_EQ(search.program.charset, "UTF-8");
  EXPECT_EQ(search.program.keys.at(1).text.size(), 12u);
  EXPECT_FALSE(search.returns.given);
  search = parsed<Search>("SEARCH CHARSET \"koi8-r\" (OR $ 1,3000:3021) TEXT {4}\r\nXXXX");
  EXPECT_EQ(search.program.charset, "KOI8-R");
  EXPECT_EQ(text_of(search.program.keys), "(and (or (seq $) (seq 1,3000:3021)) (text XXXX))");
  EXPECT_TRUE(parsed<Search>("UID SEARCH 1:*").uid);
}

TEST(ImapSearch, EveryKey) {
  EXPECT_EQ(keys("ALL ANSWERED BCC a BEFORE 1-Jan-2000 BODY b CC c DELETED"),
            "(and (all) (flag \\Answered) (address Bcc=a) (before 2000-01-01) (body b) (address Cc=c) (flag "
            "\\Deleted))");
  EXPECT_EQ(
      keys("DRAFT FLAGGED FROM d HEADER X-A e KEYWORD $Junk LARGER 10 NEW"),
      "(and (flag \\Draft) (flag \\Flagged) (address From=d) (header X-A=e) (flag $Junk) (larger 10) (and "
      "(recent) (not (flag \\Seen))))");
  EXPECT_EQ(
      keys(
          "OLD ON 31-Dec-1999 RECENT SEEN SENTBEFORE 01-Feb-2000 SENTON \"2-Feb-2000\" SENTSINCE 3-feb-2000"),
      "(and (not (recent)) (on 1999-12-31) (recent) (flag \\Seen) (sentbefore 2000-02-01) (senton "
      "2000-02-02) (sentsince 2000-02-03))");
  EXPECT_EQ(keys("SINCE 29-Feb-2024 SMALLER 0 SUBJECT f TEXT g TO h UID 1:3"),
            "(and (since 2024-02-29) (smaller 0) (header Subject=f) (text g) (address To=h) (uid 1:3))");
  EXPECT_EQ(keys("UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNKEYWORD x UNSEEN"),
            "(and (not (flag \\Answered)) (not (flag \\Deleted)) (not (flag \\Draft)) (not (flag \\Flagged)) "
            "(not (flag x)) (not (flag \\Seen)))");
  EXPECT_EQ(keys("HEADER Message-ID \"\""), "(header Message-ID=)");
  EXPECT_EQ(keys("OLDER 3600 YOUNGER 86400"), "(and (older 3600) (younger 86400))");  // RFC 5032
  EXPECT_EQ(keys("EMAILID M6d99ac3275bb4e THREADID T64b478a75b7ea9"),                 // RFC 8474
            "(and (emailid M6d99ac3275bb4e) (threadid T64b478a75b7ea9))");
  EXPECT_EQ(
      keys("SAVEDBEFORE 1-Jan-2020 SAVEDON 2-Jan-2020 SAVEDSINCE 3-Jan-2020 SAVEDATESUPPORTED"),  // RFC 8514
      "(and (savedbefore 2020-01-01) (savedon 2020-01-02) (savedsince 2020-01-03) (savedatesupported))");
}

// RFC 7162 §3.1.5
TEST(ImapSearch, Modseq) {
  EXPECT_EQ(keys("MODSEQ \"/flags/\\\\draft\" all 620162338"), "(modseq 620162338)");
  EXPECT_EQ(keys("NOT MODSEQ 720162338 LARGER 50000"), "(and (not (modseq 720162338)) (larger 50000))");
  EXPECT_EQ(keys("OR NOT MODSEQ 720162338 LARGER 50000"), "(or (not (modseq 720162338)) (larger 50000))");
  EXPECT_EQ(keys("MODSEQ 0"), "(modseq 0)");
  for (std::string_view bad : {"MODSEQ", "MODSEQ \"/flags/x\" 5", "MODSEQ \"/flags/x\" some 5",
                               "MODSEQ \"x\" all 5", "MODSEQ \"/flags/x\" all", "MODSEQ -1"})
    EXPECT_EQ(refusal("SEARCH " + std::string(bad)).substr(0, 3), "BAD") << bad;
}

// RFC 6203 §3
TEST(ImapSearch, Fuzzy) {
  EXPECT_EQ(keys("FUZZY (SUBJECT \"IMAP break\")"), "~(header Subject=IMAP break)");
  EXPECT_EQ(keys("FUZZY BODY a NOT FUZZY BODY b"), "(and ~(body a) (not ~(body b)))");
  EXPECT_TRUE(parsed<Search>("SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT \"Helo\"").returns.relevancy);
}

TEST(ImapSearch, Nesting) {
  EXPECT_EQ(keys("(((SEEN)))"), "(flag \\Seen)");
  EXPECT_EQ(keys("( SEEN DRAFT )"), "(and (flag \\Seen) (flag \\Draft))");
  EXPECT_EQ(keys("(SEEN) (DRAFT NOT (FLAGGED))"),
            "(and (flag \\Seen) (and (flag \\Draft) (not (flag \\Flagged))))");
  EXPECT_EQ(keys("NOT NOT SEEN"), "(flag \\Seen)");
  EXPECT_EQ(keys("NOT (NOT SEEN)"), "(not (not (flag \\Seen)))");
  EXPECT_EQ(keys("OR 1 OR 2 OR 3 4"), "(or (seq 1) (or (seq 2) (or (seq 3) (seq 4))))");
  EXPECT_EQ(keys("OR OR 1 2 3 ALL"), "(and (or (or (seq 1) (seq 2)) (seq 3)) (all))");
  EXPECT_EQ(keys("OR (1 2) NOT OR 3 4"), "(or (and (seq 1) (seq 2)) (not (or (seq 3) (seq 4))))");
  EXPECT_EQ(keys("OR UNSEEN OLD NEW"),
            "(and (or (not (flag \\Seen)) (not (recent))) (and (recent) (not (flag \\Seen))))");
  EXPECT_EQ(keys("FUZZY (BODY a OR BODY b BODY c) BODY d"),
            "(and (and ~(body a) (or ~(body b) ~(body c))) (body d))");
}

std::string repeated(size_t times, std::string_view text) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// Programs make their ORs of a list, and each nests in a way of its own.
TEST(ImapSearch, NestsAsDeepAsItIsLong) {
  for (const std::string& nested :
       {repeated(500, "OR ") + "FROM a" + repeated(500, " FROM b"), repeated(500, "OR FROM a ") + "FROM b",
        repeated(500, "(OR ") + "FROM a" + repeated(500, " FROM b)"),
        repeated(500, "OR FROM a (") + "FROM b" + repeated(500, ")"),
        repeated(500, "NOT (OR NOT ") + "FROM a" + repeated(500, " NOT FROM b)")}) {
    SearchKeys program = parsed<Search>("SEARCH " + nested).program.keys;
    EXPECT_EQ(std::ranges::count(program, SearchKey::address, &SearchKey::kind), 501) << nested.substr(0, 40);
    EXPECT_EQ(std::ranges::count(program, SearchKey::disjunction, &SearchKey::kind), 500);
    EXPECT_NE(text_of(program).find("(address From="), std::string::npos);
  }
  EXPECT_EQ(
      text_of(parsed<Search>("SEARCH " + repeated(4'999, "(") + "ALL" + repeated(4'999, ")")).program.keys),
      "(all)");
}

TEST(ImapSearch, IsLimited) {
  const std::string too_many = "NO [LIMIT] SEARCH takes at most 5000 search keys";
  EXPECT_EQ(refusal("SEARCH " + repeated(5'000, "(") + "ALL" + repeated(5'000, ")")), too_many);
  EXPECT_EQ(refusal("SEARCH " + repeated(5'000, "NOT ") + "ALL"), too_many);
  EXPECT_EQ(refusal("SEARCH " + repeated(5'000, "OR ") + "ALL"), too_many);
  EXPECT_EQ(refusal("SEARCH " + repeated(2'500, "OR ALL ") + "ALL"), too_many);
  EXPECT_EQ(refusal("SEARCH ALL" + repeated(5'000, " ALL")), too_many);
}

TEST(ImapSearch, Wrong) {
  EXPECT_EQ(refusal("SEARCH"),
            "BAD SEARCH needs search keys like UNSEEN FROM \"alice\", but the command ends there");
  EXPECT_EQ(refusal("SEARCH FROB"), "BAD SEARCH: search key FROB is not known");
  EXPECT_EQ(refusal("SEARCH FROM"), "BAD SEARCH needs a text behind FROM, but the command ends there");
  EXPECT_EQ(refusal("UID SEARCH SINCE yesterday"),
            "BAD UID SEARCH needs a date like 1-Feb-1994, got \"yesterday\"");
  for (std::string_view bad : {"NOT",
                               "OR ALL",
                               "OR",
                               "(ALL",
                               "()",
                               "ALL)",
                               "SINCE 30-Feb-2000",
                               "SINCE 0-Jan-2000",
                               "SINCE 1-Jam-2000",
                               "SINCE 1-Jan-99",
                               "SINCE 1-Jan-2000x",
                               "SINCE \"1-Jan-2000",
                               "SINCE 001-Jan-2000",
                               "OLDER 0",
                               "OLDER x",
                               "LARGER -1",
                               "LARGER 9223372036854775808",
                               "UID",
                               "UID x",
                               "KEYWORD",
                               "KEYWORD (x)",
                               "EMAILID \"a b\"",
                               "CHARSET",
                               "CHARSET UTF-8",
                               "FUZZY",
                               "RETURN ALL",
                               "RETURN (ALL)",
                               "0",
                               "1,",
                               "*x"})
    EXPECT_EQ(refusal("SEARCH " + std::string(bad)).substr(0, 3), "BAD") << bad;
}

TEST(ImapSearch, ReturnOptions) {
  auto search = parsed<Search>("SEARCH RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"");
  EXPECT_TRUE(search.returns.given);
  EXPECT_TRUE(search.returns.min);
  EXPECT_TRUE(search.returns.count);
  EXPECT_FALSE(search.returns.all);
  EXPECT_TRUE(parsed<Search>("SEARCH RETURN () FLAGGED").returns.given);
  EXPECT_TRUE(parsed<Search>("SEARCH RETURN (SAVE ALL MAX) CHARSET UTF-8 ALL").returns.save);
  // RFC 5267 §4, RFC 9394 §3.1
  search = parsed<Search>("UID SEARCH RETURN (UPDATE CONTEXT COUNT) UNDELETED UNKEYWORD $Junk");
  EXPECT_TRUE(search.returns.update);
  EXPECT_TRUE(search.returns.context);
  search = parsed<Search>("UID SEARCH RETURN (PARTIAL 23500:24000) UNDELETED");
  ASSERT_TRUE(search.returns.partial);
  EXPECT_EQ(search.returns.partial->first, 23500u);
  EXPECT_EQ(search.returns.partial->last, 24000u);
  EXPECT_EQ(search.returns.partial->as_written, "23500:24000");
  search = parsed<Search>("UID SEARCH RETURN (PARTIAL -100:-1) UNDELETED");
  ASSERT_TRUE(search.returns.partial);
  EXPECT_TRUE(search.returns.partial->from_end);
  EXPECT_EQ(search.returns.partial->first, 1u);
  EXPECT_EQ(search.returns.partial->last, 100u);
  EXPECT_EQ(search.returns.partial->as_written, "-100:-1");
  // RFC 5465 §8
  search = parsed<Search>(
      "SEARCH RETURN (COUNT UPDATE (UID BODY[HEADER.FIELDS (TO FROM SUBJECT)])) FROM \"boss\"");
  EXPECT_EQ(search.returns.update_items.size(), 2u);
  for (std::string_view bad :
       {"(FROB)", "(PARTIAL)", "(PARTIAL 1)", "(PARTIAL 1:-2)", "(PARTIAL -1:2)", "(PARTIAL 0:1)",
        "(PARTIAL 1:*)", "(PARTIAL 1:2 PARTIAL 3:4)", "(MIN", "MIN", "(UPDATE (FROB))"})
    EXPECT_EQ(refusal("SEARCH RETURN " + std::string(bad) + " ALL").substr(0, 3), "BAD") << bad;
}

TEST(ImapSearch, ContainsKind) {
  auto search = parsed<Search>("SEARCH OR NOT (SEEN OR 1:5 DRAFT) ALL");
  EXPECT_TRUE(contains_kind(search.program.keys, SearchKey::sequence));
  EXPECT_TRUE(contains_kind(search.program.keys, SearchKey::all));
  EXPECT_FALSE(contains_kind(search.program.keys, SearchKey::uid));
}

// RFC 5256 §3, RFC 5267 §3.3, RFC 5957 §3
TEST(ImapSort, Examples) {
  auto sort = parsed<Sort>("SORT (SUBJECT) UTF-8 SINCE 1-Feb-1994");
  EXPECT_EQ(sort.criteria, (std::vector<SortCriterion>{{SortCriterion::subject}}));
  EXPECT_EQ(sort.program.charset, "UTF-8");
  sort = parsed<Sort>("UID SORT (SUBJECT REVERSE DATE) US-ASCII ALL");
  EXPECT_TRUE(sort.uid);
  EXPECT_EQ(sort.criteria,
            (std::vector<SortCriterion>{{SortCriterion::subject}, {SortCriterion::date, true}}));
  sort = parsed<Sort>(
      "SORT RETURN (MIN PARTIAL 1:10) (REVERSE DISPLAYFROM DISPLAYTO ARRIVAL CC FROM SIZE TO) utf-8 ALL");
  EXPECT_TRUE(sort.returns.min);
  EXPECT_EQ(sort.criteria.size(), 7u);
  EXPECT_EQ(refusal("SORT"), "BAD SORT needs an order like (REVERSE DATE), but the command ends there");
  for (std::string_view bad : {"()", "() UTF-8 ALL", "(FROB) UTF-8 ALL", "(REVERSE) UTF-8 ALL", "(DATE)",
                               "(DATE) UTF-8", "DATE UTF-8 ALL", "(REVERSE REVERSE DATE) UTF-8 ALL"})
    EXPECT_EQ(refusal("SORT " + std::string(bad)).substr(0, 3), "BAD") << bad;
}

TEST(ImapThread, Examples) {
  auto thread = parsed<Thread>("THREAD ORDEREDSUBJECT UTF-8 SINCE 5-MAR-2000");
  EXPECT_EQ(thread.algorithm, ThreadAlgorithm::ordered_subject);
  EXPECT_EQ(text_of(thread.program.keys), "(since 2000-03-05)");
  thread = parsed<Thread>("uid thread references us-ascii text \"gewp\"");
  EXPECT_TRUE(thread.uid);
  EXPECT_EQ(thread.algorithm, ThreadAlgorithm::references);
  EXPECT_EQ(refusal("THREAD FROB UTF-8 ALL"),
            "BAD THREAD needs an algorithm: REFERENCES or ORDEREDSUBJECT, got \"FROB UTF-8 ALL\"");
  EXPECT_EQ(refusal("THREAD REFERENCES").substr(0, 3), "BAD");
}

// RFC 7377 §2.1, §3
TEST(ImapMultiSearch, Examples) {
  auto search =
      parsed<MultiSearch>("ESEARCH IN (mailboxes \"folder1\" subtree-one \"folder2\") subject \"chad\"");
  ASSERT_EQ(search.sources.size(), 2u);
  EXPECT_EQ(search.sources[0].kind, MailboxFilter::named);
  EXPECT_EQ(search.sources[0].mailboxes, (std::vector<std::string>{"folder1"}));
  EXPECT_EQ(search.sources[1].kind, MailboxFilter::subtree_one);
  EXPECT_EQ(text_of(search.program.keys), "(header Subject=chad)");
  search = parsed<MultiSearch>("ESEARCH IN (selected personal mailboxes (a b)) RETURN (COUNT) UNSEEN");
  EXPECT_EQ(search.sources.size(), 3u);
  EXPECT_TRUE(search.returns.count);
  EXPECT_TRUE(parsed<MultiSearch>("ESEARCH UNSEEN").sources.empty());
  EXPECT_EQ(text_of(parsed<MultiSearch>("UID ESEARCH FROM \"frobozz\" 1:100").program.keys),
            "(and (address From=frobozz) (seq 1:100))");
  for (std::string_view bad : {"", " IN () ALL", " IN (frob) ALL", " IN (selected-delayed) ALL",
                               " IN (mailboxes) ALL", " IN selected ALL", " IN (selected)"})
    EXPECT_EQ(refusal("ESEARCH" + std::string(bad)).substr(0, 3), "BAD") << bad;
}

// RFC 5267 §4.5
TEST(ImapCancelUpdate, Examples) {
  EXPECT_EQ(parsed<CancelUpdate>("CANCELUPDATE \"B01\"").tags, std::vector<std::string>{"B01"});
  EXPECT_EQ(parsed<CancelUpdate>("CANCELUPDATE \"a\" \"b\"").tags.size(), 2u);
  EXPECT_EQ(refusal("CANCELUPDATE").substr(0, 3), "BAD");
}

}  // namespace
}  // namespace pabal::proto::imap
