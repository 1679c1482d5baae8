// What lies in a store's directory, to be made once and put onto many simulated disks.
#pragma once

#include <map>
#include <string>

#include "sim/disk.h"

namespace pabal::test {

using DiskImage = std::map<std::string, std::string>;  // path -> bytes

DiskImage take_image(sim::SimDisk& disk, const std::string& directory);
// Afterwards all of it is as if it had been synced long ago.
void put_image(sim::SimDisk& disk, const std::string& directory, const DiskImage& image);

}  // namespace pabal::test
