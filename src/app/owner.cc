#include "app/owner.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <linux/capability.h>
#include <optional>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "console/console.h"

namespace pabal::app {

namespace {

namespace fs = std::filesystem;

struct Owner {
  uid_t user;
  gid_t group;
};

std::optional<Owner> owner_of(const std::string& path) {
  struct stat found;
  if (path.empty() || stat(path.c_str(), &found) != 0) return std::nullopt;
  return Owner{found.st_uid, found.st_gid};
}

// Whose a directory would be that is not there yet.
Owner owner_to_be(const std::string& directory, const std::string& config_file) {
  std::error_code ignored;
  fs::path above = fs::absolute(directory, ignored).parent_path();
  while (above.has_relative_path() && !fs::exists(above, ignored)) above = above.parent_path();
  auto owner = owner_of(above);
  if (owner && owner->user != 0) return *owner;
  owner = owner_of(config_file);
  if (owner && owner->user != 0) return *owner;
  return {0, 0};
}

[[noreturn]] void fail(const std::string& what, const std::string& directory, uid_t user) {
  int error = errno;
  throw CommandError("cannot act as " + user_name(user) + ", to whom " + directory + " belongs: " + what +
                     ": " + std::strerror(error) + ". Run it as that user.");
}

// The capabilities of `wanted` that this process has, and no other.
bool keep_capabilities(uint64_t wanted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  for (int i = 0; i < 2; ++i) {
    data[i].permitted &= static_cast<uint32_t>(wanted >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, data) == 0;
}

void become(Owner owner, Keep keep, const std::string& directory) {
  uint64_t kept = keep == Keep::files       ? uint64_t{1} << CAP_DAC_OVERRIDE
                  : keep == Keep::low_ports ? uint64_t{1} << CAP_NET_BIND_SERVICE
                                            : 0;
  if (kept != 0) prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  const passwd* entry = getpwuid(owner.user);
  int groups = entry != nullptr ? initgroups(entry->pw_name, owner.group) : setgroups(0, nullptr);
  if (groups != 0) fail("groups", directory, owner.user);
  if (setresgid(owner.group, owner.group, owner.group) != 0) fail("group", directory, owner.user);
  if (setresuid(owner.user, owner.user, owner.user) != 0) fail("user", directory, owner.user);
  // Without it the process stays able to become root again, had it any right left.
  if (!keep_capabilities(kept) && kept != 0) fail("capabilities", directory, owner.user);
}

// Not root, and not the owner: what would follow is a row of "Permission denied".
void refuse_stranger(const std::string& directory) {
  struct stat found;
  if (stat(directory.c_str(), &found) != 0) {
    if (errno == EACCES) {
      throw CommandError(directory + " cannot be reached by " + user_name(geteuid()) +
                         ". Run the command as root (sudo) or as the user that the server runs as.");
    }
    return;  // not there, which others say better
  }
  if (!S_ISDIR(found.st_mode) || faccessat(AT_FDCWD, directory.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0)
    return;
  if (errno != EACCES) return;  // a read-only file system
  throw CommandError(directory + " belongs to " + user_name(found.st_uid) + ", and you are " +
                     user_name(geteuid()) + ". Run the command as root (sudo) or as " +
                     user_name(found.st_uid) + ".");
}

}  // namespace

std::string user_name(unsigned user) {
  const passwd* entry = getpwuid(user);
  return entry != nullptr ? entry->pw_name : "user " + std::to_string(user);
}

void act_as_owner(const std::string& directory, const std::string& config_file, OwnerOptions options) {
  if (geteuid() != 0) return refuse_stranger(directory);
  auto owner = owner_of(directory);
  if (!owner) {
    owner = owner_to_be(directory, config_file);
    if (owner->user == 0) return;
    std::error_code error;
    if (options.make && fs::create_directories(directory, error)) {
      fs::permissions(directory, fs::perms::owner_all, error);
      if (chown(directory.c_str(), owner->user, owner->group) != 0)
        fail("the folder", directory, owner->user);
    }
  }
  if (owner->user != 0) become(*owner, options.keep, directory);
}

void require_access(const std::string& directory, bool writing) {
  auto check = [&](const std::string& path, int how) {
    if (faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0 || (errno != EACCES && errno != EPERM))
      return;
    auto owner = owner_of(path);
    throw CommandError(path + " may not be " + ((how & W_OK) != 0 ? "written" : "read") + " by " +
                       user_name(geteuid()) +
                       (owner ? ": it belongs to " + user_name(owner->user) : std::string()) +
                       ". Run the command as root, or give the files back: chown -R " + user_name(geteuid()) +
                       " " + directory);
  };
  for (const std::string& folder : {directory, directory + "/segments"}) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) check(folder, R_OK | X_OK | (writing ? W_OK : 0));
  }
  // All that a store or a backup of one consists of.
  for (const std::string& folder : {directory, directory + "/segments"}) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->is_regular_file(error)) check(it->path(), R_OK | (writing ? W_OK : 0));
    }
  }
}

}  // namespace pabal::app
