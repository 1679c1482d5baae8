// Any bytes as the value of a From field.
#include "base/bytes.h"
#include "base/verify.h"
#include "mail/originators.h"

using namespace pabal;
using namespace pabal::mail;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view value(reinterpret_cast<const char*>(data), size);
  auto strict = parse_originators(value, false);
  auto wide = parse_originators(value, true);
  verify(!strict || wide, "what is right in ASCII is right with UTF-8");
  if (!wide) {
    verify(!wide.error().empty() && is_ascii(wide.error()), "a refusal has a reason");
    return 0;
  }
  verify(!wide->empty() && wide->size() <= originators_max,
         "there is an address, and there are not too many");
  std::string again;
  for (const Address& address : *wide) again += (again.empty() ? "" : ", ") + to_string(address);
  verify(parse_originators(again, true) == *wide, "what was read is written and read alike");
  return 0;
}
