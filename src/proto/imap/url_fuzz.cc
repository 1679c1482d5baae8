// Any bytes: a URL that is one names a message, its rump is its beginning and reads
// to the same, and mailbox names survive modified UTF-7.
#include "base/bytes.h"
#include "base/verify.h"
#include "proto/imap/response.h"
#include "proto/imap/url.h"

using namespace pabal;
using namespace pabal::proto::imap;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string back = from_modified_utf7(to_modified_utf7(text)).value_or("");
  verify(is_utf8(back), "modified UTF-7 is of UTF-8");
  if (is_utf8(text)) verify(back == text, "a name comes back from modified UTF-7");
  if (auto name = from_modified_utf7(text)) {
    verify(to_modified_utf7(*name) == text, "a name has one form in modified UTF-7");
  }
  auto url = parse_url(text);
  if (!url) return 0;
  verify(url->uid != 0, "a URL names a message");
  verify(is_utf8(url->mailbox) && is_utf8(url->user) && is_utf8(url->host), "names are UTF-8");
  verify(text.starts_with(url->rump), "the rump is the URL's beginning");
  verify(url->access.empty() == url->rump.empty(), "an authorized URL has a rump");
  if (!url->rump.empty()) {
    auto rump = parse_url(url->rump);
    verify(rump && rump->rump == url->rump && rump->token.empty(), "the rump is a URL without a token");
    verify(rump->mailbox == url->mailbox && rump->uid == url->uid && rump->section == url->section,
           "the rump names the same");
  }
  if (url->section) {
    FetchItem item{.kind = FetchItem::body_section, .section = *url->section, .partial = url->partial};
    verify(section_name(item).starts_with("BODY["), "a section has a name");
  }
  return 0;
}
