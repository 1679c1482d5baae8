#include "journey/event_json.h"

#include <gtest/gtest.h>

namespace pabal::journey {
namespace {

TEST(EventJson, ReadsWhatItWrote) {
  std::vector<Event> events = {
      {Time{1'763'700'000'123},
       "accepted",
       {{"from", "<>"}, {"to", "\"a b\"@ö.test"}, {"to", "second\r\n\t"}}},
      {Time{5}, "attempt", {}},
  };
  std::vector<Event> back = from_json(to_json(events));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].at, events[0].at);
  EXPECT_EQ(back[0].kind, "accepted");
  EXPECT_EQ(back[0].facts, events[0].facts);
  EXPECT_EQ(back[1].kind, "attempt");
  EXPECT_TRUE(back[1].facts.empty());
}

TEST(EventJson, LeavesOutWhatItDoesNotKnow) {
  EXPECT_TRUE(from_json("").empty());
  EXPECT_TRUE(from_json("{}").empty());
  EXPECT_TRUE(from_json("[1,\"x\"]").empty());
  std::vector<Event> some = from_json(R"([{"at":"x","facts":[["a"],["b","c"],7]}])");
  ASSERT_EQ(some.size(), 1u);
  EXPECT_EQ(some[0].facts.size(), 1u);
}

TEST(TraceId, ThirteenSignsThatAPersonMayMistype) {
  MessageId id{INT64_MAX - 5};
  std::string text = trace_id(id);
  EXPECT_EQ(text.size(), 13u);
  EXPECT_EQ(parse_trace_id(text), id);
  EXPECT_EQ(parse_trace_id(trace_id(MessageId{1})), MessageId{1});
  EXPECT_EQ(parse_trace_id("000000000000L"), MessageId{1});
  EXPECT_EQ(parse_trace_id("OOOOOOOOOOOO1"), MessageId{1});
  for (const char* wrong : {"", "0000000000000", "000000000000", "00000000000001", "zzzzzzzzzzzzz",
                            "8000000000000", "00000000000u1", "000000000000-"}) {
    EXPECT_EQ(parse_trace_id(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace pabal::journey
