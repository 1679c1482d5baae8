#include "store/files.h"

#include <algorithm>

namespace pabal::store {

namespace {
constexpr size_t kPieceOctets = 1 << 20;
}

void make_durable_directory(io::Disk& disk, const std::string& path) {
  if (disk.exists(path)) return;
  disk.make_directory(path);
  size_t slash = path.find_last_of('/');
  if (slash != std::string::npos) disk.sync_directory(slash == 0 ? "/" : path.substr(0, slash));
}

void make_private_file(io::Disk& disk, const std::string& path) {
  disk.open(path, io::OpenMode::create)->truncate(0);
}

void copy_octets(io::File& source, io::File* target, uint64_t from, uint64_t to, Sha256& hash) {
  std::string piece;
  for (uint64_t at = from; at < to; at += piece.size()) {
    piece.resize(static_cast<size_t>(std::min<uint64_t>(kPieceOctets, to - at)));
    if (source.read_at(at, piece) != piece.size())
      throw io::IoError(io::IoFault::other, "a file is shorter than it should be");
    hash.update(piece);
    if (target != nullptr) target->write_at(at, piece);
  }
}

}  // namespace pabal::store
