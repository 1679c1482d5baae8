// Why a client's flags are refused.
#pragma once

#include <optional>

#include "reading/flag_names.h"
#include "serve/imap/outcome.h"

namespace pabal::serve::imap {

struct Selected;

// Why none of these may be changed here; all: every flag is (STORE FLAGS).
std::optional<Outcome> refuse_flags(const Selected& selected, const reading::FlagNames& names, bool all);

}  // namespace pabal::serve::imap
