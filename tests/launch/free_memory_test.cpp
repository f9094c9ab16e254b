// The kernel's files as Linux writes them, in a folder of our own.
#include "launch/free_memory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

class FreeMemory : public ::testing::Test {
 protected:
  FreeMemory() { put("/proc/meminfo", "MemTotal:       2000 kB\nMemFree:         100 kB\nMemAvailable:   1000 kB\n"); }
  void put(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = folder_.path() + path;
    std::filesystem::create_directories(file.parent_path());
    write_file(file.string(), text);
  }
  std::int64_t free() const { return free_host_bytes(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(FreeMemory, WithoutGroupsIsWhatTheKernelHas) { EXPECT_EQ(free(), 1'024'000); }

TEST_F(FreeMemory, TheNarrowestGroupOfVersion2Counts) {
  put("/proc/self/cgroup", "0::/job/step\n");
  put("/sys/fs/cgroup/job/step/memory.max", "max\n");
  put("/sys/fs/cgroup/job/step/memory.current", "1000\n");
  EXPECT_EQ(free(), 1'024'000);
  put("/sys/fs/cgroup/job/memory.max", "600000\n");
  put("/sys/fs/cgroup/job/memory.current", "200000\n");
  EXPECT_EQ(free(), 400'000);
  put("/sys/fs/cgroup/job/memory.stat", "anon 1\nfile 50000\n");  // the kernel can drop these
  EXPECT_EQ(free(), 450'000);
  put("/sys/fs/cgroup/job/memory.current", "700000\n");
  EXPECT_EQ(free(), 0);
}

TEST_F(FreeMemory, ReadsGroupsOfVersion1) {
  put("/proc/self/cgroup", "7:pids:/x\n4:memory:/host/path/that/is/not/mounted\n0::/\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "300000\n");
  put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "100000\n");
  put("/sys/fs/cgroup/memory/memory.stat", "cache 7\ntotal_cache 40000\n");
  EXPECT_EQ(free(), 240'000);
}

TEST(FreeMemoryHere, IsSomething) {
  EXPECT_GT(free_bytes(at::kCPU), 0);
  EXPECT_LT(free_bytes(at::kCPU), std::int64_t{1} << 50);
}

}  // namespace
}  // namespace prelude::test
