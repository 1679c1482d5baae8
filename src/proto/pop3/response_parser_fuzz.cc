#include "base/verify.h"
#include "proto/pop3/response_parser.h"

namespace pop3 = pabal::proto::pop3;

namespace {

struct Outcome {
  bool status = false;
  bool done = false;
  bool failed = false;
  std::string body;
  size_t left = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, size_t chunk) {
  pop3::StatusParser status;
  pop3::BodyReader reader(100'000);
  Outcome out;
  while (!bytes.empty() && !out.done && !out.failed) {
    std::string_view piece = bytes.substr(0, chunk);
    size_t given = piece.size();
    if (!out.status) {
      auto fed = status.feed(piece);
      out.failed = !fed;
      out.status = fed && fed->has_value();
    } else {
      auto fed = reader.feed(piece, out.body);
      out.failed = !fed;
      out.done = fed && *fed;
    }
    verify(out.failed || out.done || out.status || piece.empty(), "all is consumed while more is wanted");
    bytes.remove_prefix(given - piece.size());
  }
  if (out.failed) return {.status = out.status, .failed = true};
  out.left = bytes.size();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Outcome whole = read(bytes, size + 1);
  verify(whole == read(bytes, 1) && whole == read(bytes, 5), "chunking changes nothing");
  if (whole.done) verify(whole.body.empty() || whole.body.ends_with("\r\n"), "every line ends in CRLF");
  return 0;
}
