// What `pabal read` shows of one mail, and what `pabal save` writes of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.h"

namespace pabal::agent {

// Head, text decoded to UTF-8 (HTML made plain when there is no text), then the
// attachments with their numbers. Safe for a terminal.
std::string format_message(std::string_view message);
// One JSON object: from, to, cc, date, subject, text, attachments.
std::string format_message_json(std::string_view message);

struct SavedFile {
  std::string path;
  uint64_t size_octets = 0;
};

// Writes the attachments into `directory`, which is made if it is missing, and
// overwrites nothing: a name that is taken gets " (2)". Names cannot lead out
// of the directory. Blocks. Throws IoError.
std::vector<SavedFile> save_attachments(io::Disk& disk, std::string_view message,
                                        const std::string& directory);

}  // namespace pabal::agent
