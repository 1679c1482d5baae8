#include "sim/disk.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "sim/world.h"

namespace pabal::sim {
namespace {

using io::OpenMode;

struct OneDisk {
  explicit OneDisk(uint64_t seed = 1) : sim(seed) {}
  SimWorld sim;
  SimDisk& disk = sim.host("mx", {"192.0.2.1"}).disk();

  void crash() {
    disk.crash();
    disk.restart();
  }
};

TEST(SimDisk, KeepsWhatWasSyncedThroughEveryCrash) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    OneDisk one(seed);
    auto file = one.disk.open("/a", OpenMode::create);
    file->write_at(0, std::string(5000, 's'));
    file->sync();
    one.disk.sync_directory("/");
    one.crash();
    EXPECT_EQ(one.disk.contents("/a"), std::string(5000, 's'));
  }
}

// Over the seeds, an unsynced write is kept, dropped and torn in whole sectors.
TEST(SimDisk, ACrashKeepsDropsOrTearsUnsyncedWrites) {
  bool kept = false, dropped = false, torn = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    OneDisk one(seed);
    auto file = one.disk.open("/a", OpenMode::create);
    file->write_at(0, std::string(2048, 'o'));
    file->sync();
    one.disk.sync_directory("/");
    file->write_at(256, std::string(1024, 'n'));
    one.crash();
    std::string now = one.disk.contents("/a");
    ASSERT_EQ(now.size(), 2048u);
    size_t changed = static_cast<size_t>(std::ranges::count(now, 'n'));
    kept = kept || changed == 1024;
    dropped = dropped || changed == 0;
    torn = torn || (changed > 0 && changed < 1024);
    EXPECT_TRUE(changed % 256 == 0) << changed;
    EXPECT_EQ(now[256], now[511]);
    EXPECT_EQ(now[512], now[1023]);
    EXPECT_EQ(now[1024], now[1279]);
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(torn);
}

TEST(SimDisk, AFailedSyncMayHaveLostWhatALaterOneDoesNotSave) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    OneDisk one(seed);
    auto file = one.disk.open("/a", OpenMode::create);
    one.disk.sync_directory("/");
    file->write_at(0, "mail");
    one.sim.faults().fail_at(0);
    EXPECT_THROW(file->sync(), io::IoError);
    EXPECT_EQ(one.sim.faults().fired_operation(), "disk.sync mx:/a");
    file->sync();
    EXPECT_EQ(one.disk.contents("/a"), "mail");
    one.crash();
    lost = lost || one.disk.contents("/a") != "mail";
  }
  EXPECT_TRUE(lost);
}

TEST(SimDisk, NamesNeedASyncOfTheirDirectory) {
  bool created = false, vanished = false, reappeared = false, old_name = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    OneDisk one(seed);
    one.disk.make_directory("/data");
    one.disk.open("/data/gone", OpenMode::create);
    one.disk.open("/data/old", OpenMode::create)->write_at(0, "x");
    one.disk.sync_all();
    one.disk.open("/data/new", OpenMode::create);
    one.disk.remove("/data/gone");
    one.disk.rename("/data/old", "/data/moved");
    one.crash();
    created = created || one.disk.exists("/data/new");
    vanished = vanished || !one.disk.exists("/data/new");
    reappeared = reappeared || one.disk.exists("/data/gone");
    old_name = old_name || one.disk.exists("/data/old");
    EXPECT_NE(one.disk.exists("/data/old"), one.disk.exists("/data/moved"));
  }
  EXPECT_TRUE(created);
  EXPECT_TRUE(vanished);
  EXPECT_TRUE(reappeared);
  EXPECT_TRUE(old_name);
}

TEST(SimDisk, SyncedNamesStay) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    OneDisk one(seed);
    one.disk.make_directory("/data/segments");
    one.disk.sync_directory("/");
    one.disk.sync_directory("/data");
    one.disk.open("/data/segments/1", OpenMode::create);
    one.disk.open("/data/segments/2", OpenMode::create);
    one.disk.rename("/data/segments/2", "/data/segments/3");
    one.disk.remove("/data/segments/1");
    one.disk.sync_directory("/data/segments");
    one.crash();
    EXPECT_EQ(one.disk.list("/data/segments"), (std::vector<std::string>{"3"}));
  }
}

TEST(SimDisk, LocksExcludeAndEndWithACrash) {
  OneDisk one;
  auto held = one.disk.lock("/lock");
  ASSERT_TRUE(held);
  EXPECT_FALSE(one.disk.lock("/lock"));
  one.crash();
  auto again = one.disk.lock("/lock");
  EXPECT_TRUE(again);
  held.reset();  // of the time before the crash: frees nothing
  EXPECT_FALSE(one.disk.lock("/lock"));
  again.reset();
  EXPECT_TRUE(one.disk.lock("/lock"));
}

TEST(SimDisk, WithoutPowerEverythingThrowsAndOldFilesStayDead) {
  OneDisk one;
  auto file = one.disk.open("/a", OpenMode::create);
  one.disk.crash();
  EXPECT_THROW(file->write_at(0, "x"), io::IoError);
  EXPECT_THROW(one.disk.open("/b", OpenMode::create), io::IoError);
  one.disk.restart();
  EXPECT_THROW(file->write_at(0, "x"), io::IoError);
  EXPECT_THROW(file->sync(), io::IoError);
  EXPECT_NO_THROW(one.disk.open("/b", OpenMode::create));
}

TEST(SimDisk, ReadsEndWithTheFileAndHolesAreZeros) {
  OneDisk one;
  EXPECT_THROW(one.disk.open("/missing/x", OpenMode::create), io::IoError);
  EXPECT_THROW(one.disk.open("/x", OpenMode::read_write), io::IoError);
  auto file = one.disk.open("a/..//./x", OpenMode::create);
  file->write_at(9000, "end");
  EXPECT_EQ(one.disk.open("/x", OpenMode::read)->size(), 9003u);
  std::array<char, 8> buffer;
  EXPECT_EQ(file->read_at(8998, buffer), 5u);
  EXPECT_EQ(std::string(buffer.data(), 5), std::string("\0\0end", 5));
  file->truncate(9001);
  file->allocate(9010);
  EXPECT_EQ(file->read_at(9000, buffer), 8u);
  EXPECT_EQ(std::string(buffer.data(), 8), std::string("e\0\0\0\0\0\0\0", 8));
}

TEST(SimDisk, AFullDiskSaysSo) {
  OneDisk one;
  auto file = one.disk.open("/a", OpenMode::create);
  file->write_at(0, "1234");
  one.disk.set_full(true);
  file->write_at(0, "abcd");
  try {
    file->write_at(2, "more");
    FAIL();
  } catch (const io::IoError& e) {
    EXPECT_EQ(e.fault(), io::IoFault::no_space);
  }
  EXPECT_THROW(one.disk.open("/b", OpenMode::create), io::IoError);
}

TEST(SimDisk, BitsRot) {
  OneDisk one;
  auto file = one.disk.open("/a", OpenMode::create);
  file->write_at(0, "abc");
  one.disk.flip_bit("/a", 1, 0);
  EXPECT_EQ(one.disk.contents("/a"), "acc");
}

}  // namespace
}  // namespace pabal::sim
