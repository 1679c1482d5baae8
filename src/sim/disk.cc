#include "sim/disk.h"

#include <cerrno>

#include "base/verify.h"
#include "sim/sqlite_vfs.h"

namespace pabal::sim {

namespace {

constexpr uint64_t kDirectAlignment = 4096;
constexpr uint64_t kOctets = uint64_t{1} << 40;  // all free while it is not full

class SimFile : public io::File {
 public:
  SimFile(SimDisk& disk, std::string path, std::shared_ptr<Inode> inode, bool writable, bool direct)
      : disk_(disk),
        path_(std::move(path)),
        inode_(std::move(inode)),
        power_cycle_(disk.power_cycle()),
        writable_(writable),
        direct_(direct) {}

  size_t read_at(uint64_t offset, std::span<char> into) override {
    check_alignment(offset, into.data(), into.size());
    if (begin("disk.read")) fail(EIO, "read");
    return inode_->read(offset, into);
  }

  void write_at(uint64_t offset, std::string_view bytes) override {
    require_writable();
    check_alignment(offset, bytes.data(), bytes.size());
    bool fails = begin("disk.write");
    disk_.note(offset, bytes);
    if (fails) {
      // A write that failed may have come half way.
      if (alive()) inode_->write(offset, bytes.substr(0, disk_.random().below(bytes.size() + 1)));
      fail(EIO, "write");
    }
    if (disk_.full() && offset + bytes.size() > inode_->size()) fail(ENOSPC, "write");
    inode_->write(offset, bytes);
  }

  void sync() override {
    if (begin("disk.sync") || disk_.sync_fails()) {
      if (alive()) inode_->fail_sync(disk_.random());
      fail(EIO, "sync");
    }
    inode_->sync();
  }

  uint64_t size() override {
    if (begin("disk.size")) fail(EIO, "size of");
    return inode_->size();
  }

  void truncate(uint64_t size) override {
    require_writable();
    if (begin("disk.truncate")) fail(EIO, "truncate");
    inode_->resize(size);
  }

  void allocate(uint64_t size) override {
    require_writable();
    if (begin("disk.allocate")) fail(EIO, "allocate");
    if (size <= inode_->size()) return;
    if (disk_.full()) fail(ENOSPC, "allocate");
    inode_->resize(size);
  }

 private:
  bool alive() const { return disk_.on() && power_cycle_ == disk_.power_cycle(); }
  bool begin(std::string_view kind) { return disk_.operation(kind, path_) || !alive(); }
  void require_writable() const {
    if (!writable_) throw io::IoError::from_errno(EBADF, "write " + path_);
  }
  void check_alignment(uint64_t offset, const void* address, size_t size) const {
    if (!direct_) return;
    verify(offset % kDirectAlignment == 0, "direct I/O starts at a multiple of 4096");
    verify(size % kDirectAlignment == 0, "direct I/O moves a multiple of 4096 octets");
    verify(reinterpret_cast<uintptr_t>(address) % kDirectAlignment == 0, "direct I/O uses aligned memory");
  }
  [[noreturn]] void fail(int error, const char* verb) const {
    throw io::IoError::from_errno(error, std::string(verb) + ' ' + path_);
  }

  SimDisk& disk_;
  std::string path_;
  std::shared_ptr<Inode> inode_;
  uint64_t power_cycle_;
  bool writable_;
  bool direct_;
};

class SimFileLock : public io::FileLock {
 public:
  SimFileLock(SimDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), power_cycle_(disk.power_cycle()) {}
  ~SimFileLock() override { disk_.release_lock(path_, power_cycle_); }

 private:
  SimDisk& disk_;
  std::string path_;
  uint64_t power_cycle_;
};

}  // namespace

SimDisk::SimDisk(std::string host, FaultPlan& faults, Fingerprint& fingerprint, io::Clock& clock,
                 uint64_t seed)
    : host_(std::move(host)), faults_(faults), fingerprint_(fingerprint), clock_(clock), random_(seed) {}

SimDisk::~SimDisk() = default;

bool SimDisk::operation(std::string_view kind, std::string_view path) {
  bool fails = faults_.operation(kind, host_ + ':' + std::string(path));
  return fails || !on_;
}

void SimDisk::note(uint64_t offset, std::string_view bytes) {
  fingerprint_.mix(offset);
  fingerprint_.mix(bytes);
}

void SimDisk::begin(std::string_view kind, const std::string& path) {
  if (operation(kind, path)) throw io::IoError::from_errno(EIO, std::string(kind) + ' ' + path);
}

void SimDisk::require_space(std::string_view kind, const std::string& path) const {
  if (full_) throw io::IoError::from_errno(ENOSPC, std::string(kind) + ' ' + path);
}

std::shared_ptr<Inode> SimDisk::create(const std::string& path) {
  require_space("create", path);
  if (!names_.is_directory(parent_path(path))) throw io::IoError::from_errno(ENOENT, "create " + path);
  return names_.create(path);
}

std::unique_ptr<io::File> SimDisk::open(const std::string& name, io::OpenMode mode, bool direct) {
  std::string path = normal_path(name);
  begin("disk.open", path);
  if (names_.is_directory(path)) throw io::IoError::from_errno(EISDIR, "open " + path);
  std::shared_ptr<Inode> inode = names_.file(path);
  if (!inode) {
    if (mode != io::OpenMode::create) throw io::IoError::from_errno(ENOENT, "open " + path);
    inode = create(path);
  }
  return std::make_unique<SimFile>(*this, path, inode, mode != io::OpenMode::read, direct);
}

bool SimDisk::exists(const std::string& name) {
  std::string path = normal_path(name);
  begin("disk.exists", path);
  return names_.exists(path);
}

std::vector<std::string> SimDisk::list(const std::string& directory) {
  std::string path = normal_path(directory);
  begin("disk.list", path);
  if (!names_.is_directory(path)) throw io::IoError::from_errno(ENOENT, "list " + path);
  return names_.list(path);
}

void SimDisk::make_directory(const std::string& name) {
  std::string path = normal_path(name);
  begin("disk.make_directory", path);
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string step = path.substr(0, end);
    if (names_.file(step)) throw io::IoError::from_errno(ENOTDIR, "make_directory " + step);
    if (!names_.exists(step)) {
      require_space("make_directory", step);
      names_.make_directory(step);
    }
    if (end == std::string::npos) return;
  }
}

void SimDisk::rename(const std::string& from, const std::string& to) {
  std::string source = normal_path(from);
  std::string target = normal_path(to);
  begin("disk.rename", source + " " + target);
  if (!names_.file(source)) throw io::IoError::from_errno(ENOENT, "rename " + source);
  if (names_.is_directory(target)) throw io::IoError::from_errno(EISDIR, "rename to " + target);
  if (!names_.is_directory(parent_path(target))) throw io::IoError::from_errno(ENOENT, "rename to " + target);
  if (source != target) names_.rename(source, target);
}

void SimDisk::remove(const std::string& name) {
  std::string path = normal_path(name);
  begin("disk.remove", path);
  if (!names_.file(path)) throw io::IoError::from_errno(ENOENT, "remove " + path);
  names_.remove(path);
}

void SimDisk::sync_directory(const std::string& directory) {
  std::string path = normal_path(directory);
  begin("disk.sync_directory", path);
  if (sync_fails()) throw io::IoError::from_errno(EIO, "sync " + path);
  if (!names_.is_directory(path)) throw io::IoError::from_errno(ENOENT, "sync " + path);
  names_.sync(path);
}

std::unique_ptr<io::FileLock> SimDisk::lock(const std::string& name) {
  std::string path = normal_path(name);
  begin("disk.lock", path);
  if (!names_.file(path)) create(path);
  if (!locked_.insert(path).second) return nullptr;
  return std::make_unique<SimFileLock>(*this, path);
}

io::Room SimDisk::room(const std::string& name) {
  begin("disk.room", normal_path(name));
  return {full_ ? 0 : kOctets, kOctets};
}

void SimDisk::release_lock(const std::string& path, uint64_t power_cycle) {
  if (power_cycle == power_cycle_) locked_.erase(path);
}

const char* SimDisk::sqlite_vfs() {
  if (!vfs_) vfs_ = std::make_unique<SqliteVfs>(*this);
  return vfs_->name();
}

void SimDisk::crash() {
  kill();
  names_.crash(random_);
}

void SimDisk::kill() {
  fingerprint_.mix("crash " + host_);
  on_ = false;
  ++power_cycle_;
  locked_.clear();
}

void SimDisk::flip_bit(const std::string& path, uint64_t offset, unsigned bit) {
  std::shared_ptr<Inode> inode = names_.file(normal_path(path));
  verify(inode != nullptr, "bits rot in a file that is there");
  inode->flip_bit(offset, bit);
}

bool SimDisk::is_synced(const std::string& path) const {
  std::shared_ptr<Inode> inode = names_.file(normal_path(path));
  return inode != nullptr && inode->unsynced() == 0;
}

std::vector<std::string> SimDisk::files(const std::string& directory) const {
  std::string path = normal_path(directory);
  return names_.is_directory(path) ? names_.list(path) : std::vector<std::string>{};
}

std::string SimDisk::contents(const std::string& path) const {
  std::shared_ptr<Inode> inode = names_.file(normal_path(path));
  if (!inode) return {};
  std::string out(inode->size(), '\0');
  inode->read(0, out);
  return out;
}

}  // namespace pabal::sim
