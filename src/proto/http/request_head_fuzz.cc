#include "base/verify.h"
#include "proto/http/request_head.h"

namespace http = pabal::proto::http;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto head = http::parse_request_head(bytes);
  if (!head) {
    verify(head.error().status >= 400, "an error has a status");
  } else if (*head) {
    verify((*head)->path.starts_with('/') && (*head)->headers.size() <= http::kRequestHeadersMax,
           "within its limits");
    (*head)->keep_alive();
    (*head)->content_length();
  } else {
    verify(bytes.size() == size, "nothing is consumed of an incomplete head");
  }
  return 0;
}
