#include "agent/seen_ids.h"

#include "base/bytes.h"

namespace pabal::agent {

namespace {

std::string line_of(const SeenId& id) {
  return std::to_string(id.size_octets) + ' ' + id.uid + '\n';
}

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

SeenIds::SeenIds(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {
  if (!disk_.exists(path_)) return;
  std::unique_ptr<io::File> file = disk_.open(path_, io::OpenMode::read);
  std::string text(file->size(), '\0');
  text.resize(file->read_at(0, text));
  whole_ = text.empty() || text.back() == '\n';
  // What a crash cut off may be the beginning of another unique-id.
  text.resize(text.rfind('\n') + 1);
  for (std::string_view line : split(text, '\n')) {
    size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    std::optional<uint64_t> size = parse_uint(line.substr(0, blank));
    if (size) ids_.insert({std::string(line.substr(blank + 1)), *size});
  }
}

void SeenIds::add(SeenId id) {
  if (!whole_) write_anew();
  bool is_new = !disk_.exists(path_);
  std::unique_ptr<io::File> file = disk_.open(path_, io::OpenMode::create);
  whole_ = false;
  file->write_at(file->size(), line_of(id));
  file->sync();
  whole_ = true;
  if (is_new) disk_.sync_directory(directory_of(path_));
  ids_.insert(std::move(id));
}

void SeenIds::keep_only(const std::vector<SeenId>& present) {
  std::set<SeenId> kept;
  for (const SeenId& id : present) {
    if (ids_.contains(id)) kept.insert(id);
  }
  if (kept.size() == ids_.size()) return;
  ids_.swap(kept);
  write_anew();
}

void SeenIds::write_anew() {
  std::string text;
  for (const SeenId& id : ids_) text += line_of(id);
  std::string fresh = path_ + ".new";
  std::unique_ptr<io::File> file = disk_.open(fresh, io::OpenMode::create);
  file->truncate(0);
  file->write_at(0, text);
  file->sync();
  file.reset();
  disk_.rename(fresh, path_);
  disk_.sync_directory(directory_of(path_));
  whole_ = true;
}

}  // namespace pabal::agent
