#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 4978 §3
Parsed parse_compress(Parser& parser) {
  constexpr std::string_view kWhat = "an algorithm like DEFLATE";
  Compress compress;
  if (!parser.space(kWhat) || !parser.take_upper_atom(compress.algorithm, kWhat)) return std::nullopt;
  return compress;
}

}  // namespace pabal::proto::imap::grammar
