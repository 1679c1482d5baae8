#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"
#include "proto/imap/command.h"
#include "proto/imap/limits.h"

namespace imap = pabal::proto::imap;

namespace {

void check(const imap::SearchKeys& keys) {
  using K = imap::SearchKey;
  size_t missing = 1;  // operands
  for (const K& key : keys) {
    verify(missing > 0, "nothing stands behind the program");
    missing += key.operands;
    --missing;
    if (key.kind == K::negation) verify(key.operands == 1, "NOT has one");
    if (key.kind == K::disjunction) verify(key.operands == 2, "OR has two");
    if (key.kind == K::conjunction) verify(key.operands >= 1, "one and more");
    if (key.kind == K::sequence || key.kind == K::uid)
      verify(key.set.saved != !key.set.ranges.empty(), "a set is $ or ranges");
  }
  verify(missing == 0, "every compound has its operands");
}

void check(const imap::Command& command) {
  if (auto* fetch = std::get_if<imap::Fetch>(&command))
    verify(!fetch->items.empty() && fetch->items.size() <= imap::kFetchItemsMax, "items within the limit");
  if (auto* store = std::get_if<imap::Store>(&command))
    verify(store->flags.size() <= imap::kFlagsMax, "flags within the limit");
  if (auto* append = std::get_if<imap::Append>(&command)) verify(!append->messages.empty(), "a message");
  if (auto* list = std::get_if<imap::List>(&command)) verify(!list->patterns.empty(), "a pattern");
  if (auto* search = std::get_if<imap::Search>(&command)) check(search->program.keys);
  if (auto* select = std::get_if<imap::Select>(&command)) {
    verify(pabal::is_utf8(select->mailbox), "names are UTF-8");
    verify(!select->qresync || select->qresync->modseq > 0, "a mod-sequence is above 0");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool utf8 : {false, true}) {
    auto request = imap::parse_request(std::string(text), {.utf8 = utf8});
    if (request) {
      std::string verb = imap::verb(request->command);
      verify(text.starts_with(request->tag) && !request->tag.empty(), "the tag that was sent");
      verify(pabal::to_upper(text).find(verb.substr(verb.find(' ') + 1)) != std::string::npos,
             "the verb that was sent");
      check(request->command);
      continue;
    }
    const imap::SyntaxError& error = request.error();
    verify(text.starts_with(error.tag), "the tag that was sent");
    verify(!error.text.empty() && error.text.size() <= 400, "a refusal says why, in one line");
    verify(std::ranges::all_of(error.text, [](char c) { return c >= ' ' && c <= '~'; }), "and is text");
  }
  return 0;
}
