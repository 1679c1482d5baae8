// Where a mail is kept that no server took, as sendmail programs have always done
// it: ~/dead.letter, in mbox form, so that what cron had to say is not lost.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pabal::agent {

// Appends `mail` (as it was read, LF or CRLF) to dead.letter in `home`, which must
// belong to who calls; the file is readable to him alone. Returns its path, or why not.
std::expected<std::string, std::string> keep_dead_letter(const std::string& home, std::string_view mail,
                                                         const std::string& sender, Time now);

}  // namespace pabal::agent
