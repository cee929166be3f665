#include "base/cores.h"

#include <sched.h>

#include <fstream>
#include <thread>

#include "base/files.h"
#include "gtest/gtest.h"

namespace qbench {
namespace {

class CpuQuotaTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<double> Quota() const { return CpuQuota(folder_.path()); }

  TempDir folder_ = *TempDir::Create("cores-test");
};

TEST_F(CpuQuotaTest, IsTheLeastOfTheGroupsAbove) {
  EXPECT_FALSE(Quota().has_value());
  Write("proc/self/cgroup", "0::/user.slice/job.scope\n");
  EXPECT_FALSE(Quota().has_value());
  Write("sys/fs/cgroup/user.slice/job.scope/cpu.max", "max 100000\n");
  EXPECT_FALSE(Quota().has_value());
  Write("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(Quota().value(), 1.5);
  Write("sys/fs/cgroup/user.slice/job.scope/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(Quota().value(), 0.5);
  Write("sys/fs/cgroup/user.slice/job.scope/cpu.max", "rubbish\n");
  EXPECT_DOUBLE_EQ(Quota().value(), 1.5);
}

TEST_F(CpuQuotaTest, LimitsTheCores) {
  const int all = LimitOfCores(folder_.path()).cores;
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "50000 100000\n");  // a container's own top
  const CoreLimit limit = LimitOfCores(folder_.path());
  EXPECT_EQ(limit.cores, 1);
  if (all > 1) {
    EXPECT_STREQ(limit.by, "its cgroup's quota");
  }
  for (const char* text : {"", "-1 100000\n", "100000\n", "1 0\n", "9223372036854775807 1\n"}) {
    Write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(LimitOfCores(folder_.path()).cores, all) << text;
  }
}

TEST_F(CpuQuotaTest, OfVersion1) {
  Write("proc/self/cgroup", "3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n1:cpuacct:/\n0::/\n");
  // The container's own group, where the system outside has /docker/abc.
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(Quota().has_value());
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
  EXPECT_DOUBLE_EQ(Quota().value(), 3.0);
}

TEST(AvailableCores, FollowTheAffinity) {
  EXPECT_GE(AvailableCores(), 1);
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_LE(AvailableCores(), CPU_COUNT(&before));
  // Of a thread of its own, so that the test's keeps its processors.
  CoreLimit limit;
  limit.cores = 0;
  const bool several = AvailableCores() > 1;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (!CPU_ISSET(i, &before)) continue;
      CPU_SET(i, &one);
      break;
    }
    if (sched_setaffinity(0, sizeof(one), &one) == 0) limit = LimitOfCores();
  }).join();
  EXPECT_EQ(limit.cores, 1);
  if (several) {
    EXPECT_STREQ(limit.by, "its affinity");
  }
}

}  // namespace
}  // namespace qbench
