// Parameters of Content-Type and Content-Disposition as BODYSTRUCTURE shows them.
// For this folder's own use.
#pragma once

#include <string>
#include <string_view>

#include "proto/imap/response.h"

namespace pabal::proto::imap {

// "(\"charset\" \"utf-8\" ...)" of a field's value, or "NIL". RFC 9051 §7.5.2: pieces
// (RFC 2231 §3) are joined under the name without their numbers; where one of them is
// percent-encoded the whole is, under "name*", with charset and language in front.
// Raw UTF-8 becomes such a "name*" too in TextForm::seven_bit. The rest stays as written,
// other raw 8-bit text as header_text.h says.
// add_charset: of a text without charset= that is us-ascii (RFC 2046 §4.1.2).
void put_parameters(std::string& out, std::string_view raw_value, std::string_view charset, bool add_charset,
                    TextForm form);

}  // namespace pabal::proto::imap
