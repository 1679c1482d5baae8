#include "app/agent/seen_ids.h"

#include "base/bytes.h"

namespace pabal::app::agent {

SeenIds::SeenIds(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {
  if (!disk_.exists(path_)) return;
  std::unique_ptr<io::File> file = disk_.open(path_, io::OpenMode::read);
  std::string text(file->size(), '\0');
  text.resize(file->read_at(0, text));
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty()) ids_.emplace(line);
  }
}

void SeenIds::keep_only(const std::vector<std::string>& present) {
  std::set<std::string> kept;
  for (const std::string& uid : present) {
    if (ids_.contains(uid)) kept.insert(uid);
  }
  ids_.swap(kept);
}

void SeenIds::save() {
  std::string text;
  for (const std::string& uid : ids_) text.append(uid).append("\n");
  std::string directory = path_.substr(0, path_.rfind('/'));
  disk_.make_directory(directory);
  std::string fresh = path_ + ".new";
  std::unique_ptr<io::File> file = disk_.open(fresh, io::OpenMode::create);
  file->truncate(0);
  file->write_at(0, text);
  file->sync();
  file.reset();
  disk_.rename(fresh, path_);
  disk_.sync_directory(directory);
}

}  // namespace pabal::app::agent
