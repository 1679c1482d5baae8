// Against a reader that goes octet by octet.
#include "base/verify.h"
#include "proto/smtp/data.h"

namespace smtp = pabal::proto::smtp;

namespace {

struct Outcome {
  std::string message;
  size_t consumed = 0;
  bool done = false;
  bool bare = false;
};

Outcome naive(std::string_view bytes) {
  Outcome out;
  bool line_start = true;
  for (size_t i = 0; i < bytes.size();) {
    if (line_start && bytes[i] == '.') {
      if (bytes.substr(i, 3) == ".\r\n") {
        out.consumed = i + 3;
        out.done = true;
        return out;
      }
      line_start = false;
      ++i;
      continue;
    }
    line_start = false;
    if (bytes.substr(i, 2) == "\r\n") {
      out.message += "\r\n";
      line_start = true;
      i += 2;
      continue;
    }
    // The last CR may yet be followed by its LF.
    if (bytes[i] == '\n' || (bytes[i] == '\r' && i + 1 < bytes.size())) out.bare = true;
    out.message += bytes[i++];
  }
  out.consumed = bytes.size();
  return out;
}

Outcome fast(std::string_view bytes, size_t chunk) {
  smtp::DataReader reader(bytes.size() + 1);
  Outcome out;
  while (!bytes.empty() && !out.done) {
    auto progress = reader.feed(bytes.substr(0, chunk), out.message);
    out.consumed += progress.consumed;
    out.done = progress.done;
    bytes.remove_prefix(progress.consumed);
  }
  out.bare = reader.has_bare_line_end();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  Outcome expected = naive(bytes);
  for (size_t chunk : {size_t{1}, size_t{1} + data[0] % 16, bytes.size() + 1}) {
    Outcome got = fast(bytes, chunk);
    verify(got.done == expected.done, "ends at the same place");
    verify(got.consumed == expected.consumed, "consumes the same");
    verify(got.bare == expected.bare, "sees the same bare line ends");
    if (expected.done) verify(got.message == expected.message, "the same text");
  }
  std::string made = smtp::with_crlf_line_ends(expected.message, (data[0] & 1) != 0);
  verify(smtp::has_only_crlf(made), "every line end becomes one");
  verify(smtp::with_crlf_line_ends(made, false) == made, "and stays one");
  if (expected.done && !expected.bare) {
    verify(smtp::has_only_crlf(expected.message), "an accepted message is clean");
    std::string wire = smtp::dot_stuff(expected.message);
    Outcome back = fast(wire, 5);
    verify(back.done && back.consumed == wire.size() && back.message == expected.message, "round trip");
  }
  return 0;
}
