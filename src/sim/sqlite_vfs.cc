#include "sim/sqlite_vfs.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <sqlite3.h>

#include "base/verify.h"
#include "sim/disk.h"
#include "sim/sqlite_locks.h"

namespace pabal::sim {

namespace {

constexpr int kPathMax = 512;
constexpr int kSectorOctets = 4096;  // what SQLite's VFS for Unix says
constexpr int64_t kUnixEpochJulianMs = 210866760000000;

}  // namespace

struct SqliteVfs::Impl {
  explicit Impl(SimDisk& d) : disk(d) {}
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* out_flags);
  std::shared_ptr<SqliteShared> shared_of(const Inode* inode) {
    auto& known = shared[{inode, disk.power_cycle()}];
    auto found = known.lock();
    if (!found) known = found = std::make_shared<SqliteShared>();
    return found;
  }

  SimDisk& disk;
  sqlite3_vfs vfs{};
  // By power cycle: who was connected before a crash shares nothing with who comes after.
  std::map<std::pair<const Inode*, uint64_t>, std::weak_ptr<SqliteShared>> shared;
};

namespace {

// Behind the sqlite3_file that SQLite gives us.
struct OpenFile {
  SimDisk& disk;
  std::string path;  // empty: temporary, without a name
  std::shared_ptr<Inode> inode;
  std::shared_ptr<SqliteShared> shared;
  uint64_t power_cycle;
  bool delete_on_close;
  bool name_unsynced;  // a journal's name becomes durable with its first sync
  SqliteHolder holder;

  bool alive() const { return disk.on() && power_cycle == disk.power_cycle(); }
  bool fails(const char* kind) { return disk.operation(kind, path) || !alive(); }
};

struct Handle {
  sqlite3_file base;
  OpenFile* file;
};

OpenFile& file_of(sqlite3_file* handle) {
  return *reinterpret_cast<Handle*>(handle)->file;
}

SimDisk& disk_of(sqlite3_vfs* vfs) {
  return static_cast<SqliteVfs::Impl*>(vfs->pAppData)->disk;
}

int close_file(sqlite3_file* handle) {
  OpenFile* file = &file_of(handle);
  file->shared->leave(file->holder);
  if (file->delete_on_close && file->alive() && file->disk.names().file(file->path) == file->inode) {
    file->disk.names().remove(file->path);
  }
  delete file;
  handle->pMethods = nullptr;
  return SQLITE_OK;
}

int read_file(sqlite3_file* handle, void* into, int octets, sqlite3_int64 offset) {
  OpenFile& file = file_of(handle);
  if (file.fails("sqlite.read")) return SQLITE_IOERR_READ;
  auto want = static_cast<size_t>(octets);
  std::span<char> out(static_cast<char*>(into), want);
  size_t got = file.inode->read(static_cast<uint64_t>(offset), out);
  if (got == want) return SQLITE_OK;
  memset(out.data() + got, 0, want - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* handle, const void* from, int octets, sqlite3_int64 offset) {
  OpenFile& file = file_of(handle);
  std::string_view bytes(static_cast<const char*>(from), static_cast<size_t>(octets));
  auto at = static_cast<uint64_t>(offset);
  bool fails = file.fails("sqlite.write");
  file.disk.note(at, bytes);
  if (fails) {
    // A write that failed may have come half way.
    if (file.alive()) file.inode->write(at, bytes.substr(0, file.disk.random().below(bytes.size() + 1)));
    return SQLITE_IOERR_WRITE;
  }
  if (file.disk.full() && at + bytes.size() > file.inode->size()) return SQLITE_FULL;
  file.inode->write(at, bytes);
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* handle, sqlite3_int64 size) {
  OpenFile& file = file_of(handle);
  if (file.fails("sqlite.truncate")) return SQLITE_IOERR_TRUNCATE;
  file.inode->resize(static_cast<uint64_t>(size));
  return SQLITE_OK;
}

int sync_file(sqlite3_file* handle, int) {
  OpenFile& file = file_of(handle);
  if (file.fails("sqlite.sync") || file.disk.sync_fails()) {
    if (file.alive()) file.inode->fail_sync(file.disk.random());
    return SQLITE_IOERR_FSYNC;
  }
  file.inode->sync();
  if (file.name_unsynced) {
    if (file.fails("sqlite.sync_directory")) return SQLITE_IOERR_DIR_FSYNC;
    file.disk.names().sync(parent_path(file.path));
    file.name_unsynced = false;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* handle, sqlite3_int64* size) {
  OpenFile& file = file_of(handle);
  if (file.fails("sqlite.size")) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(file.inode->size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* handle, int level) {
  OpenFile& file = file_of(handle);
  if (!file.alive()) return SQLITE_IOERR_LOCK;
  return file.shared->lock(file.holder, static_cast<FileLockLevel>(level)) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock_file(sqlite3_file* handle, int level) {
  OpenFile& file = file_of(handle);
  file.shared->unlock(file.holder, static_cast<FileLockLevel>(level));
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* handle, int* reserved) {
  *reserved = file_of(handle).shared->reserved() ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return kSectorOctets;
}

int device_characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int shm_map(sqlite3_file* handle, int number, int octets, int make, void volatile** out) {
  OpenFile& file = file_of(handle);
  *out = nullptr;
  if (!file.alive()) return SQLITE_IOERR_SHMMAP;
  file.holder.maps_index = true;
  auto region = static_cast<size_t>(number);
  bool grows = make != 0 && region >= file.shared->regions();
  if (grows && file.fails("sqlite.map")) return SQLITE_IOERR_SHMMAP;
  *out = file.shared->region(region, static_cast<size_t>(octets), make != 0);
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* handle, int first, int n, int flags) {
  OpenFile& file = file_of(handle);
  auto mask = static_cast<uint8_t>(((1 << n) - 1) << first);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    file.shared->unlock_index(file.holder, mask);
    return SQLITE_OK;
  }
  if (!file.alive()) return SQLITE_IOERR_SHMLOCK;
  bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  return file.shared->lock_index(file.holder, mask, exclusive) ? SQLITE_OK : SQLITE_BUSY;
}

void shm_barrier(sqlite3_file*) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

int shm_unmap(sqlite3_file* handle, int) {
  OpenFile& file = file_of(handle);
  file.shared->unmap(file.holder);
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

int delete_name(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  SimDisk& disk = disk_of(vfs);
  if (disk.operation("sqlite.delete", name)) return SQLITE_IOERR_DELETE;
  if (!disk.names().file(name)) return SQLITE_IOERR_DELETE_NOENT;
  disk.names().remove(name);
  if (sync_directory == 0) return SQLITE_OK;
  if (disk.operation("sqlite.sync_directory", name)) return SQLITE_IOERR_DIR_FSYNC;
  disk.names().sync(parent_path(name));
  return SQLITE_OK;
}

int access_name(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  SimDisk& disk = disk_of(vfs);
  *result = 0;
  if (disk.operation("sqlite.access", name)) return SQLITE_IOERR_ACCESS;
  std::shared_ptr<Inode> inode = disk.names().file(name);
  // An empty file does not exist for SQLite's own VFS either.
  *result = flags == SQLITE_ACCESS_EXISTS ? (inode && inode->size() > 0) : inode != nullptr;
  return SQLITE_OK;
}

int full_pathname(sqlite3_vfs*, const char* name, int room, char* out) {
  std::string path = normal_path(name);
  if (path.size() + 1 > static_cast<size_t>(room)) return SQLITE_CANTOPEN;
  memcpy(out, path.c_str(), path.size() + 1);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int octets, char* out) {
  disk_of(vfs).random().fill(std::span(out, static_cast<size_t>(octets)));
  return octets;
}

// Nobody else runs meanwhile, so waiting would change nothing.
int sleep_not(sqlite3_vfs*, int microseconds) {
  return microseconds;
}

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* out) {
  *out = kUnixEpochJulianMs + disk_of(vfs).clock().now().ms;
  return SQLITE_OK;
}

int current_time(sqlite3_vfs* vfs, double* out) {
  sqlite3_int64 ms = 0;
  current_time_ms(vfs, &ms);
  *out = static_cast<double>(ms) / 86400000.0;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;

// The file of that name, made if the flags say so; the result is an SQLite code.
int find_or_create(SimDisk& disk, const std::string& path, int flags, std::shared_ptr<Inode>& inode) {
  inode = disk.names().file(path);
  bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  if (inode) return create && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? SQLITE_CANTOPEN : SQLITE_OK;
  if (!create || disk.names().exists(path)) return SQLITE_CANTOPEN;
  if (!disk.names().is_directory(parent_path(path))) return SQLITE_CANTOPEN;
  if (disk.full()) return SQLITE_FULL;
  inode = disk.names().create(path);
  return SQLITE_OK;
}

}  // namespace

int SqliteVfs::Impl::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags,
                          int* out_flags) {
  Impl& impl = *static_cast<Impl*>(vfs->pAppData);
  handle->pMethods = nullptr;
  std::string path = name == nullptr ? "" : name;
  if (impl.disk.operation("sqlite.open", path)) return SQLITE_CANTOPEN;
  std::shared_ptr<Inode> inode;
  if (path.empty()) {
    inode = std::make_shared<Inode>();
  } else {
    int code = find_or_create(impl.disk, path, flags, inode);
    if (code != SQLITE_OK) return code;
  }
  auto shared = impl.shared_of(inode.get());
  auto* file = new OpenFile{.disk = impl.disk,
                            .path = path,
                            .inode = inode,
                            .shared = shared,
                            .power_cycle = impl.disk.power_cycle(),
                            .delete_on_close = !path.empty() && (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                            .name_unsynced = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0};
  shared->join(file->holder);
  reinterpret_cast<Handle*>(handle)->file = file;
  handle->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

SqliteVfs::SqliteVfs(SimDisk& disk) : impl_(std::make_unique<Impl>(disk)) {
  char name[32];
  snprintf(name, sizeof name, "simdisk-%p", static_cast<void*>(impl_.get()));
  name_ = name;
  sqlite3_vfs& vfs = impl_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = kPathMax;
  vfs.zName = name_.c_str();
  vfs.pAppData = impl_.get();
  vfs.xOpen = Impl::open;
  vfs.xDelete = delete_name;
  vfs.xAccess = access_name;
  vfs.xFullPathname = full_pathname;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_not;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  verify(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK, "SQLite takes another VFS");
  // SQLite's generator (of WAL salts, say) is one for the process and seeds
  // itself from the system.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(disk.random().up_to(1 << 30)), nullptr);
}

SqliteVfs::~SqliteVfs() {
  sqlite3_vfs_unregister(&impl_->vfs);
}

}  // namespace pabal::sim
