#include "store/exposure.h"

#include "store/store.h"

namespace pabal::store {

namespace {
constexpr unsigned kOthers = 0077;
constexpr unsigned kOthersWrite = 0022;
}  // namespace

std::vector<std::string> exposed_paths(io::Disk& disk, const std::string& directory) {
  std::vector<std::string> exposed;
  if (!disk.exists(directory)) return exposed;
  const unsigned mode = disk.permissions(directory);
  if ((mode & kOthers) == 0) return exposed;
  if ((mode & kOthersWrite) != 0) exposed.push_back(directory);
  const std::string database = database_path(directory), segments = segments_directory(directory);
  for (const std::string& path : {database, database + "-wal", directory + "/salt.key"}) {
    if (disk.exists(path) && (disk.permissions(path) & kOthers) != 0) exposed.push_back(path);
  }
  if (!disk.exists(segments) || (disk.permissions(segments) & kOthers) == 0) return exposed;
  for (const std::string& name : disk.list(segments)) {
    if ((disk.permissions(segments + '/' + name) & kOthers) != 0) exposed.push_back(segments + '/' + name);
  }
  return exposed;
}

std::string exposure_remedy(const std::string& directory) {
  return "chmod -R go= " + directory;
}

}  // namespace pabal::store
