// PARTIAL (RFC 9394): a window over a result, from its beginning or its end.
#pragma once

#include <vector>

#include "proto/imap/search_key.h"
#include "proto/imap/sequence_set.h"

namespace pabal::serve::imap {

// The numbers at places first..last of `rising`; what lies behind the end is left out.
std::vector<NumberRange> window_of(const std::vector<NumberRange>& rising,
                                   const proto::imap::ReturnOptions::PartialRange& partial);

}  // namespace pabal::serve::imap
