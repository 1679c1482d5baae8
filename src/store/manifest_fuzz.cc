// A manifest of any bytes; one that is taken says the same when written again.
#include <cstdint>

#include "base/verify.h"
#include "store/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto manifest = pabal::store::parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  std::string written = to_json(*manifest);
  auto again = pabal::store::parse_manifest(written);
  verify(again.has_value(), "what we write we read");
  verify(to_json(*again) == written, "and it is the same");
  verify(manifest->database_file.find("..") != 0, "no name leads elsewhere");
  return 0;
}
