#include "os/files.h"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pabal::os {
namespace {

using io::OpenMode;

class FilesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string name = std::string(GetParam()) + "/pabal-files-XXXXXX";
    if (access(GetParam(), W_OK) != 0 || mkdtemp(name.data()) == nullptr) GTEST_SKIP() << GetParam();
    directory = name;
  }
  void TearDown() override {
    if (!directory.empty()) std::filesystem::remove_all(directory);
  }
  std::string at(const std::string& name) const { return directory + '/' + name; }

  std::string directory;
  FileDisk disk;
};

// A disk, and memory, whose file system may know no O_DIRECT.
INSTANTIATE_TEST_SUITE_P(FileSystems, FilesTest, testing::Values("/var/tmp", "/tmp", "/dev/shm"));

TEST_P(FilesTest, WhatIsWrittenIsReadBack) {
  auto file = disk.open(at("a"), OpenMode::create);
  file->write_at(0, "hello");
  file->write_at(5, " world");
  file->sync();
  EXPECT_EQ(file->size(), 11u);
  char buffer[64];
  EXPECT_EQ(file->read_at(6, buffer), 5u);
  EXPECT_EQ(std::string_view(buffer, 5), "world");
  file->truncate(5);
  EXPECT_EQ(disk.open(at("a"), OpenMode::read)->size(), 5u);
  struct stat found;
  ASSERT_EQ(stat(at("a").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_P(FilesTest, DirectFilesWorkOnEveryFileSystem) {
  constexpr size_t kBlock = 4096;
  auto file = disk.open(at("segment"), OpenMode::create, true);
  file->allocate(16 * kBlock);
  EXPECT_EQ(file->size(), 16 * kBlock);
  void* memory = std::aligned_alloc(kBlock, 2 * kBlock);
  ASSERT_NE(memory, nullptr);
  std::span<char> block(static_cast<char*>(memory), 2 * kBlock);
  std::fill(block.begin(), block.end(), 'm');
  file->write_at(kBlock, std::string_view(block.data(), block.size()));
  file->sync();
  std::fill(block.begin(), block.end(), ' ');
  EXPECT_EQ(file->read_at(kBlock, block), 2 * kBlock);
  EXPECT_EQ(block.front(), 'm');
  EXPECT_EQ(block.back(), 'm');
  std::free(memory);
}

TEST_P(FilesTest, DirectoriesAndNames) {
  disk.make_directory(at("one/two/three"));
  disk.make_directory(at("one/two/three"));
  struct stat found;
  ASSERT_EQ(stat(at("one/two").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  disk.open(at("one/b"), OpenMode::create);
  disk.open(at("one/a"), OpenMode::create);
  disk.sync_directory(at("one"));
  EXPECT_EQ(disk.list(at("one")), (std::vector<std::string>{"a", "b", "two"}));
  disk.rename(at("one/a"), at("one/c"));
  EXPECT_FALSE(disk.exists(at("one/a")));
  EXPECT_TRUE(disk.exists(at("one/c")));
  disk.remove(at("one/c"));
  EXPECT_FALSE(disk.exists(at("one/c")));
  EXPECT_FALSE(disk.exists(at("one/b/below")));
}

TEST_P(FilesTest, WhatIsMissingIsNamed) {
  try {
    disk.open(at("missing"), OpenMode::read_write);
    FAIL();
  } catch (const io::IoError& e) {
    EXPECT_EQ(e.what(), "open " + at("missing") + ": No such file or directory");
  }
  EXPECT_THROW(disk.list(at("missing")), io::IoError);
  EXPECT_THROW(disk.remove(at("missing")), io::IoError);
  disk.open(at("file"), OpenMode::create);
  EXPECT_THROW(disk.make_directory(at("file/below")), io::IoError);
  EXPECT_THROW(disk.make_directory(at("file")), io::IoError);
  std::filesystem::create_symlink("/nowhere/at/all", at("dangling"));
  for (const std::string& impossible :
       {std::string("/proc/mail/below"), std::string("/proc/mail"), std::string(), at("dangling"),
        at("dangling/below"), at(std::string(300, 'a'))}) {
    EXPECT_THROW(disk.make_directory(impossible), io::IoError) << impossible;
  }
}

TEST_P(FilesTest, ASecondProcessDoesNotGetTheLock) {
  auto lock = disk.lock(at("lock"));
  ASSERT_NE(lock, nullptr);
  auto try_in_child = [this] {
    pid_t child = fork();
    if (child == 0) _exit(FileDisk().lock(at("lock")) == nullptr ? 1 : 0);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(try_in_child(), 1);
  EXPECT_EQ(disk.lock(at("lock")), nullptr);
  lock.reset();
  EXPECT_EQ(try_in_child(), 0);
  EXPECT_NE(disk.lock(at("lock")), nullptr);
}

}  // namespace
}  // namespace pabal::os
