#include "base/verify.h"
#include "proto/smtp/capabilities.h"
#include "proto/smtp/reply_parser.h"

namespace smtp = pabal::proto::smtp;

namespace {

struct Outcome {
  std::vector<smtp::Reply> replies;
  std::optional<smtp::ReplyError> error;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, size_t chunk) {
  smtp::ReplyParser parser;
  Outcome outcome;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, chunk);
    bytes.remove_prefix(piece.size());
    while (!piece.empty()) {
      auto fed = parser.feed(piece);
      if (!fed) {
        outcome.error = fed.error();
        return outcome;
      }
      verify(*fed || piece.empty(), "all is consumed while a reply is incomplete");
      if (*fed) outcome.replies.push_back(**fed);
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Outcome whole = read(bytes, size + 1);
  Outcome pieces = read(bytes, 7);
  verify(whole.replies == pieces.replies, "chunking changes no reply");
  verify(whole.error.has_value() == pieces.error.has_value(), "chunking changes no error");
  for (const smtp::Reply& reply : whole.replies) {
    verify(reply.code >= 200 && reply.code < 600 && !reply.lines.empty(), "a whole reply");
    smtp::parse_capabilities(reply);
    std::string wire = smtp::to_wire(reply);
    verify(read(wire, wire.size()).replies.size() == 1, "what we write is one reply");
  }
  return 0;
}
