#include "support/disk_image.h"

namespace pabal::test {

DiskImage take_image(sim::SimDisk& disk, const std::string& directory) {
  DiskImage image;
  for (const std::string& folder : {directory + "/", directory + "/segments/"}) {
    for (const std::string& name : disk.list(folder)) {
      if (name != "segments") image[folder + name] = disk.contents(folder + name);
    }
  }
  return image;
}

void put_image(sim::SimDisk& disk, const std::string& directory, const DiskImage& image) {
  disk.make_directory(directory + "/segments");
  for (const auto& [path, bytes] : image) disk.open(path, io::OpenMode::create)->write_at(0, bytes);
  disk.sync_all();
}

}  // namespace pabal::test
