// However the octets come in, the commands are the same.
#include <vector>

#include "base/verify.h"
#include "proto/imap/command.h"
#include "proto/imap/receiver.h"

namespace imap = pabal::proto::imap;
using imap::Receiver;

namespace {

struct Event {
  Receiver::Result::Kind kind;
  size_t at;  // octets taken until then; of broken: any
  std::string text, tag, code;
  bool no;
  bool operator==(const Event&) const = default;
};

std::vector<Event> run(std::string_view bytes, size_t slice, const imap::ReceiverLimits& limits, bool lines) {
  Receiver receiver(limits);
  std::vector<Event> events;
  size_t taken = 0;
  while (taken < bytes.size()) {
    std::string_view rest = bytes.substr(taken, slice);
    auto result = lines ? receiver.feed_line(rest, limits.line_octets_max) : receiver.feed(rest);
    taken += result.taken;
    verify(result.taken <= rest.size(), "takes what there is");
    verify(result.kind != Receiver::Result::more || result.taken == rest.size(), "more: took all");
    // Room for a literal and for what is around it, and no more.
    verify(receiver.octets_held() <= limits.command_octets_max + limits.append_command_octets_max + 1024,
           "holds no more than its limits");
    if (result.kind == Receiver::Result::more) continue;
    bool broken = result.kind == Receiver::Result::broken;
    bool refused = result.kind == Receiver::Result::refused;
    verify(!(broken || refused) || !receiver.error_text().empty(), "a refusal says why");
    events.push_back(
        {result.kind, broken ? 0 : taken,
         result.kind == Receiver::Result::command ? std::string(receiver.command()) : std::string(),
         std::string(receiver.tag()), std::string(receiver.error_code()), receiver.error_no()});
    if (broken) break;
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  imap::ReceiverLimits limits{.line_octets_max = 100,
                              .literal_octets_max = 60,
                              .append_octets_max = (data[0] & 1) != 0 ? 200u : 0u,
                              .command_octets_max = 150,
                              .append_command_octets_max = 300,
                              .non_synchronizing_max = (data[0] & 2) != 0 ? 40u : SIZE_MAX};
  bool lines = (data[0] & 4) != 0;
  auto whole = run(bytes, SIZE_MAX, limits, lines);
  verify(run(bytes, 1, limits, lines) == whole, "octet by octet");
  verify(run(bytes, 1 + data[1] % 16, limits, lines) == whole, "in slices");
  for (const Event& event : whole)
    if (event.kind == Receiver::Result::command && !lines)
      (void)imap::parse_request(event.text, {.utf8 = (data[0] & 8) != 0});
  return 0;
}
