// NameTable: the directories of a simulated disk: the names that programs see,
// the names that are stable, and the changes in between, which a crash keeps or
// drops one by one until sync_directory() has made them durable.
//
// A path is absolute and normal: "/data/segments/000001". A rename is atomic and
// becomes durable with a sync of either directory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/inode.h"

namespace pabal::sim {

// "data//x/./y" → "/data/x/y".
std::string normal_path(std::string_view path);
std::string parent_path(std::string_view normal);

class NameTable {
 public:
  NameTable();

  // nullptr when there is no such file, or it is a directory.
  std::shared_ptr<Inode> file(const std::string& path) const;
  bool exists(const std::string& path) const { return seen_.contains(path); }
  bool is_directory(const std::string& path) const;
  std::vector<std::string> list(const std::string& directory) const;

  std::shared_ptr<Inode> create(const std::string& path);
  void make_directory(const std::string& path);  // its parent is there
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);

  void sync(const std::string& directory);
  void sync_all();
  void crash(SimRandom& random);

 private:
  using Entry = std::shared_ptr<Inode>;  // null: a directory
  using Names = std::map<std::string, Entry>;
  struct Change {
    enum Kind { add, rename, remove } kind;
    std::string path;
    std::string from;  // of a rename
    Entry entry;
  };
  void make_stable(const Change& change);
  void drop_orphans();

  Names seen_;
  Names stable_;
  std::vector<Change> pending_;
};

}  // namespace pabal::sim
