#include "harness/measure/machine_peak.h"

#include <map>
#include <set>

#include "gmock/gmock.h"
#include "harness/measure/machine_peak_loops.h"
#include "tests/measure/fake_root.h"

namespace qbench::measure {
namespace {

using ::testing::IsSupersetOf;

// How fast is a matter of the machine; what is measured is not.
TEST(MachinePeak, MeasuresEveryTypeForEachNumberOfThreads) {
  const FakeRoot root;
  root.Write("sys/devices/system/cpu/cpu0/cache/index2/size", "1024K\n");
  PeakSettings settings;
  settings.threads = {2, 1, 2};
  settings.seconds = 0.02;
  settings.root = root.path();
  const Result<MachinePeaks> measured = MeasureMachinePeaks(settings);
  ASSERT_TRUE(measured.ok()) << measured.status().message();
  std::map<int, std::set<std::string>> types;
  for (const store::MachinePeak& peak : measured->peaks) {
    EXPECT_GT(peak.per_second, 0) << peak.type;
    EXPECT_FALSE(peak.compiled_for.empty()) << peak.type;
    const bool fresh =
        types[peak.threads].insert(std::string(store::Name(peak.kind)) + " " + peak.type).second;
    EXPECT_TRUE(fresh) << peak.type << " twice for " << peak.threads;
  }
  ASSERT_EQ(types.size(), 2U);
  EXPECT_THAT(types[1], IsSupersetOf({"multiply_add float32", "multiply_add int8", "bandwidth read",
                                      "bandwidth triad"}));
  EXPECT_EQ(types[1], types[2]);
  EXPECT_EQ(measured->cache_bytes, 1024U * 1024U);
  EXPECT_LE(measured->buffer_bytes, 32U * 1024U * 1024U);
}

TEST(MachinePeak, RefusesNoThreads) {
  PeakSettings settings;
  settings.threads = {0};
  EXPECT_EQ(MeasureMachinePeaks(settings).status().code(), StatusCode::kInvalidArgument);
}

TEST(MachinePeak, TakesTheLargestCache) {
  const FakeRoot root;
  EXPECT_EQ(LargestCacheBytes(root.path()), 0U);
  root.Write("sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n");
  root.Write("sys/devices/system/cpu/cpu0/cache/index3/size", "2M\n");
  root.Write("sys/devices/system/cpu/cpu0/cache/index2/size", "512K\n");
  EXPECT_EQ(LargestCacheBytes(root.path()), 2U * 1024U * 1024U);
}

// Every loop that this processor can run does what it says, and says how much that was.
TEST(MachinePeakLoops, CountTheirWork) {
  PeakOperands operands(3 * 4096);
  for (const PeakLoop& loop : PeakLoops()) {
    operands.sink = -1;
    const double work = loop.run(operands);
    SCOPED_TRACE(std::string(loop.type) + " for " + loop.compiled_for);
    if (loop.kind == store::PeakKind::kBandwidth) {
      EXPECT_EQ(work, 3 * 4096);
      continue;
    }
    EXPECT_GT(work, 1e5);
    if (std::string_view(loop.type) == "int8") {
      // The sum of all dot products of a row of 3s, or unsigned 5s, with columns of 2s.
      const double products =
          static_cast<double>(PeakOperands::kRows) * PeakOperands::kColumns * PeakOperands::kDepth;
      EXPECT_TRUE(operands.sink == products * 6 || operands.sink == products * 10) << operands.sink;
    } else {
      EXPECT_NEAR(operands.sink, 12, 0.01);  // the chains' numbers stay 1
    }
  }
}

TEST(MachinePeakLoops, TriadReadsTwoStreamsAndWritesTheThird) {
  PeakOperands operands(3 * 4096);
  operands.stream(1)[7] = 10;
  operands.stream(2)[7] = 4;
  for (const PeakLoop& loop : PeakLoops()) {
    if (std::string_view(loop.type) != "triad") continue;
    operands.stream(0)[7] = 0;
    loop.run(operands);
    EXPECT_EQ(operands.stream(0)[7], 12) << loop.compiled_for;
  }
}

}  // namespace
}  // namespace qbench::measure
