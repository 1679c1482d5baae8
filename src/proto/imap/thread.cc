#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 5256 §3 (BASE.6.4.THREAD)
Parsed parse_thread(Parser& parser) {
  constexpr std::string_view kWhat = "an algorithm: REFERENCES or ORDEREDSUBJECT";
  Thread thread{.uid = parser.uid()};
  if (!parser.space(kWhat)) return std::nullopt;
  if (parser.skip_word("ORDEREDSUBJECT")) {
    thread.algorithm = ThreadAlgorithm::ordered_subject;
  } else if (!parser.skip_word("REFERENCES")) {
    parser.fail(kWhat);
    return std::nullopt;
  }
  if (!take_search_criteria(parser, thread.program)) return std::nullopt;
  return thread;
}

}  // namespace pabal::proto::imap::grammar
