#include "serve/imap/fetch_line.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "proto/imap/command.h"

namespace pabal::serve::imap {
namespace {

using Fetched = proto::imap::FetchItem;

struct Told {
  std::string text;
  size_t longest = 0;  // piece
};

Told tell(const FetchSource& source, const std::vector<Fetched>& items) {
  const std::vector<std::string> keywords;
  FetchForm form{.items = items, .keywords = keywords};
  Told told;
  FetchLine line(source, form);
  if (!line.can_be_told()) return told;
  std::string out;
  while (line.put_piece(out)) {
    told.longest = std::max(told.longest, out.size());
    told.text += std::exchange(out, "");
  }
  EXPECT_TRUE(out.empty());
  return told;
}

Fetched part_of(uint64_t offset, uint64_t octets) {
  Fetched item{.kind = Fetched::body_section};
  item.partial = {offset, octets};
  return item;
}

TEST(FetchLine, ItemsInTheirOrder) {
  FetchSource source{.number = 3, .item = {.uid = 17, .size_octets = 5, .flags = 0, .modseq = 9}};
  source.octets.add(0, "A: b\r\n\r\nbody");
  Fetched text{.kind = Fetched::body_section};
  text.section.what = proto::imap::Section::text;
  EXPECT_EQ(tell(source, {{.kind = Fetched::uid}, {.kind = Fetched::rfc822_size}, text, part_of(3, 2)}).text,
            "* 3 FETCH (UID 17 RFC822.SIZE 5 BODY[TEXT] {4}\r\nbody BODY[]<3> {2}\r\nb\r)\r\n");
  EXPECT_EQ(tell(source, {part_of(100, 2), {.kind = Fetched::modseq}}).text,
            "* 3 FETCH (BODY[]<100> {0}\r\n MODSEQ (9))\r\n");
}

// However often and in whatever parts a large message is wanted.
TEST(FetchLine, InPiecesHoweverLong) {
  std::string message = "Subject: large\r\n\r\n";
  message.resize(1 << 20, 'x');
  FetchSource source{.number = 1, .item = {.uid = 1}};
  source.octets.add(0, message);
  std::vector<Fetched> items;
  std::string expected = "* 1 FETCH (";
  for (uint64_t offset = 0; offset < 40; ++offset) {
    items.push_back(part_of(offset, message.size()));
    expected += (offset > 0 ? " BODY[]<" : "BODY[]<") + std::to_string(offset) + "> {" +
                std::to_string(message.size() - offset) + "}\r\n" + message.substr(offset);
  }
  Told told = tell(source, items);
  EXPECT_EQ(told.text, expected + ")\r\n");
  EXPECT_LT(told.longest, 2 * FetchLine::kPieceOctets);
}

TEST(FetchLine, NothingIsToldOfWhatCannotBeDecoded) {
  FetchSource source{.number = 1, .item = {.uid = 1}};
  source.octets.add(0, "Content-Transfer-Encoding: x-unknown\r\n\r\nbody");
  Fetched binary{.kind = Fetched::binary};
  binary.section.part = {1};
  EXPECT_EQ(tell(source, {{.kind = Fetched::uid}, binary}).text, "");
}

}  // namespace
}  // namespace pabal::serve::imap
