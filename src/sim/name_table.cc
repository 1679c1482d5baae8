#include "sim/name_table.h"

#include <set>

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::sim {

std::string normal_path(std::string_view path) {
  std::string out;
  for (std::string_view piece : split(path, '/')) {
    if (piece.empty() || piece == ".") continue;
    if (piece == "..") {
      out.resize(out.empty() ? 0 : out.rfind('/'));
      continue;
    }
    out += '/';
    out += piece;
  }
  return out.empty() ? "/" : out;
}

std::string parent_path(std::string_view normal) {
  size_t slash = normal.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(normal.substr(0, slash));
}

NameTable::NameTable() {
  seen_.emplace("/", nullptr);
  stable_ = seen_;
}

std::shared_ptr<Inode> NameTable::file(const std::string& path) const {
  auto found = seen_.find(path);
  return found == seen_.end() ? nullptr : found->second;
}

bool NameTable::is_directory(const std::string& path) const {
  auto found = seen_.find(path);
  return found != seen_.end() && found->second == nullptr;
}

std::vector<std::string> NameTable::list(const std::string& directory) const {
  std::string prefix = directory == "/" ? "/" : directory + '/';
  std::vector<std::string> names;
  for (auto it = seen_.upper_bound(prefix); it != seen_.end() && it->first.starts_with(prefix); ++it) {
    std::string_view name = std::string_view(it->first).substr(prefix.size());
    if (name.find('/') == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

std::shared_ptr<Inode> NameTable::create(const std::string& path) {
  auto inode = std::make_shared<Inode>();
  seen_[path] = inode;
  pending_.push_back({Change::add, path, {}, inode});
  return inode;
}

void NameTable::make_directory(const std::string& path) {
  seen_.emplace(path, nullptr);
  pending_.push_back({Change::add, path, {}, nullptr});
}

void NameTable::rename(const std::string& from, const std::string& to) {
  Entry entry = seen_.at(from);
  verify(entry != nullptr, "only files are renamed");
  seen_.erase(from);
  seen_[to] = entry;
  pending_.push_back({Change::rename, to, from, entry});
}

void NameTable::remove(const std::string& path) {
  seen_.erase(path);
  pending_.push_back({Change::remove, path, {}, nullptr});
}

void NameTable::make_stable(const Change& change) {
  if (change.kind == Change::remove) {
    stable_.erase(change.path);
    return;
  }
  // A file has one name here, also when an earlier rename was dropped.
  if (change.entry) std::erase_if(stable_, [&](const auto& item) { return item.second == change.entry; });
  stable_[change.path] = change.entry;
}

void NameTable::sync(const std::string& directory) {
  std::vector<Change> later;
  for (Change& change : pending_) {
    if (parent_path(change.path) == directory ||
        (change.kind == Change::rename && parent_path(change.from) == directory)) {
      make_stable(change);
    } else {
      later.push_back(std::move(change));
    }
  }
  pending_ = std::move(later);
}

void NameTable::sync_all() {
  stable_ = seen_;
  pending_.clear();
  for (auto& [path, inode] : seen_) {
    if (inode) inode->sync();
  }
}

void NameTable::crash(SimRandom& random) {
  for (const Change& change : pending_) {
    if (random.chance(50)) make_stable(change);
  }
  pending_.clear();
  drop_orphans();
  seen_ = stable_;
  for (auto& [path, inode] : seen_) {
    if (inode) inode->crash(random);
  }
}

// What lies in a directory whose own name was lost is lost with it.
void NameTable::drop_orphans() {
  for (auto it = stable_.begin(); it != stable_.end();) {
    auto parent = stable_.find(parent_path(it->first));
    bool there = it->first == "/" || (parent != stable_.end() && parent->second == nullptr);
    it = there ? std::next(it) : stable_.erase(it);
  }
}

}  // namespace pabal::sim
