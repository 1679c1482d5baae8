// What a status code means to somebody who has never heard of one, and what
// they can do about it. For dsn.cc only.
#pragma once

#include <string>

#include "proto/dsn/dsn.h"

namespace pabal::proto::dsn {

// One sentence or two, ASCII.
std::string explain(const RecipientStatus& recipient);

}  // namespace pabal::proto::dsn
