#include "os/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace pabal::os {

namespace {

using io::IoError;

int open_retrying(const std::string& path, int flags) {
  for (;;) {
    int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

class SystemFile final : public io::File {
 public:
  SystemFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~SystemFile() override { close(fd_); }

  size_t read_at(uint64_t offset, std::span<char> into) override {
    size_t got = 0;
    while (got < into.size()) {
      ssize_t n = pread(fd_, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
      if (n == 0) break;
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("read");
      got += static_cast<size_t>(n);
    }
    return got;
  }

  void write_at(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t n = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("write");
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
  }

  void sync() override {
    if (fdatasync(fd_) != 0) fail("sync");
  }

  uint64_t size() override {
    struct stat found;
    if (fstat(fd_, &found) != 0) fail("stat");
    return static_cast<uint64_t>(found.st_size);
  }

  void truncate(uint64_t size) override {
    if (ftruncate(fd_, static_cast<off_t>(size)) != 0) fail("truncate");
  }

  void allocate(uint64_t size) override {
    if (size == 0) return;
    int result;
    do {
      result = fallocate(fd_, 0, 0, static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    if (errno != EOPNOTSUPP) fail("allocate");
    // A file system that cannot reserve: at least the length is there.
    if (this->size() < size) truncate(size);
  }

 private:
  [[noreturn]] void fail(const char* doing) const { throw IoError::from_errno(errno, doing + (' ' + path_)); }

  int fd_;
  std::string path_;
};

class SystemLock final : public io::FileLock {
 public:
  explicit SystemLock(int fd) : fd_(fd) {}
  ~SystemLock() override { close(fd_); }

 private:
  int fd_;
};

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

std::unique_ptr<io::File> FileDisk::open(const std::string& path, io::OpenMode mode, bool direct) {
  int flags = O_RDWR;
  if (mode == io::OpenMode::read) flags = O_RDONLY;
  if (mode == io::OpenMode::create) flags = O_RDWR | O_CREAT;
  int fd = open_retrying(path, flags | (direct ? O_DIRECT : 0));
  // tmpfs and others refuse O_DIRECT with EINVAL (open(2)).
  if (fd < 0 && direct && errno == EINVAL) fd = open_retrying(path, flags);
  if (fd < 0) throw IoError::from_errno(errno, "open " + path);
  return std::make_unique<SystemFile>(fd, path);
}

bool FileDisk::exists(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw IoError::from_errno(errno, "stat " + path);
}

std::vector<std::string> FileDisk::list(const std::string& directory) {
  DIR* open = opendir(directory.c_str());
  if (open == nullptr) throw IoError::from_errno(errno, "list " + directory);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(open)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  int error = errno;
  closedir(open);
  if (error != 0) throw IoError::from_errno(error, "list " + directory);
  std::sort(names.begin(), names.end());
  return names;
}

void FileDisk::make_directory(const std::string& path) {
  if (path.empty()) throw IoError::from_errno(ENOENT, "make a directory without a name");
  std::vector<std::string> missing;  // the deepest first
  for (std::string at = path;; at = parent_of(at)) {
    struct stat found;
    if (stat(at.c_str(), &found) == 0) {
      if (S_ISDIR(found.st_mode)) break;
      throw IoError::from_errno(ENOTDIR, "make " + path + ": " + at);
    }
    if (errno != ENOENT) throw IoError::from_errno(errno, "make " + path);
    missing.push_back(at);
  }
  for (; !missing.empty(); missing.pop_back()) {
    const std::string& at = missing.back();
    // Somebody else may have made it meanwhile; a link that leads nowhere is
    // there as well, and no directory.
    if (mkdir(at.c_str(), 0700) != 0) {
      int error = errno;
      struct stat found;
      if (error == EEXIST && stat(at.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) continue;
      std::string of = at == path ? "" : ": " + at;
      if (error == EEXIST) of += ": it is a link that leads nowhere";
      throw IoError::from_errno(error, "make " + path + of);
    }
    sync_directory(parent_of(at));
  }
}

void FileDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw IoError::from_errno(errno, "rename " + from + " to " + to);
  }
}

void FileDisk::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) throw IoError::from_errno(errno, "remove " + path);
}

void FileDisk::sync_directory(const std::string& directory) {
  int fd = open_retrying(directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0) throw IoError::from_errno(errno, "open " + directory);
  int result = fsync(fd);
  int error = errno;
  close(fd);
  if (result != 0) throw IoError::from_errno(error, "sync " + directory);
}

std::unique_ptr<io::FileLock> FileDisk::lock(const std::string& path) {
  int fd = open_retrying(path, O_RDWR | O_CREAT);
  if (fd < 0) throw IoError::from_errno(errno, "open " + path);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return std::make_unique<SystemLock>(fd);
  int error = errno;
  close(fd);
  if (error == EWOULDBLOCK) return nullptr;
  throw IoError::from_errno(error, "lock " + path);
}

std::optional<int64_t> FileDisk::made_at(const std::string& path) {
  struct statx found;
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &found) != 0)
    throw IoError::from_errno(errno, "stat " + path);
  if ((found.stx_mask & STATX_BTIME) == 0) return std::nullopt;
  return found.stx_btime.tv_sec * 1'000'000'000 + found.stx_btime.tv_nsec;
}

io::Room FileDisk::room(const std::string& path) {
  struct statvfs found;
  if (statvfs(path.c_str(), &found) != 0) throw IoError::from_errno(errno, "stat the file system of " + path);
  return {static_cast<uint64_t>(found.f_bavail) * found.f_frsize,
          static_cast<uint64_t>(found.f_blocks) * found.f_frsize};
}

unsigned FileDisk::permissions(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) throw IoError::from_errno(errno, "stat " + path);
  return found.st_mode & 07777;
}

}  // namespace pabal::os
