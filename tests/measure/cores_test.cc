#include "harness/measure/cores.h"

#include <sched.h>

#include <thread>

#include "gmock/gmock.h"
#include "tests/measure/fake_root.h"

namespace qbench::measure {
namespace {

TEST(AvailableCores, AQuotaOfAGroupAboveCounts) {
  const FakeRoot root;
  const int all = AvailableCores(root.path()).cores;
  EXPECT_GE(all, 1);
  root.Write("proc/self/cgroup", "0::/user.slice/bench\n");
  root.Write("sys/fs/cgroup/user.slice/bench/cpu.max", "max 100000\n");
  EXPECT_EQ(AvailableCores(root.path()).cores, all);
  root.Write("sys/fs/cgroup/user.slice/cpu.max", "50000 100000\n");
  const CoreLimit limit = AvailableCores(root.path());
  EXPECT_EQ(limit.cores, 1);  // half a core, rounded up
  if (all > 1) {
    EXPECT_STREQ(limit.by, "its cgroup's quota");
  }
}

TEST(AvailableCores, AContainersOwnTopCounts) {
  const FakeRoot root;
  root.Write("proc/self/cgroup", "0::/\n");
  root.Write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(AvailableCores(root.path()).cores, 1);
}

TEST(AvailableCores, NonsenseIsNoQuota) {
  const FakeRoot root;
  const int all = AvailableCores(root.path()).cores;
  root.Write("proc/self/cgroup", "3:cpu:/old\n0::/a\n");
  for (const char* text : {"", "-1 100000\n", "100000\n", "1 0\n", "9223372036854775807 1\n"}) {
    root.Write("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(AvailableCores(root.path()).cores, all) << text;
  }
}

TEST(AvailableCores, TheAffinityCounts) {
  const FakeRoot root;
  if (AvailableCores(root.path()).cores < 2) GTEST_SKIP() << "one core";
  // In a thread of its own, which takes its affinity with it.
  std::thread([&] {
    cpu_set_t set;
    CPU_ZERO(&set);
    ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    int first = 0;
    while (!CPU_ISSET(first, &set)) ++first;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
    const CoreLimit limit = AvailableCores(root.path());
    EXPECT_EQ(limit.cores, 1);
    EXPECT_STREQ(limit.by, "its affinity");
  }).join();
}

}  // namespace
}  // namespace qbench::measure
