#include "harness/measure/fitness.h"

#include "gmock/gmock.h"
#include "tests/measure/fake_root.h"

namespace qbench::measure {
namespace {

using ::testing::HasSubstr;

// Machines as their files say it.
class FitnessTest : public ::testing::Test {
 protected:
  FitnessTest() {
    root_.Write("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0");
    root_.Write("proc/cpuinfo",
                "processor\t: 0\nFeatures\t: fp asimd asimddp asimdhp\nCPU implementer\t: 0x41\n"
                "CPU part\t: 0xd0b\n\nprocessor\t: 1\n");
    root_.Write("proc/meminfo",
                "MemTotal: 4096000 kB\nMemAvailable: 3072000 kB\nSwapTotal: 102400 kB\n"
                "SwapFree: 102400 kB\n");
    root_.Write("proc/loadavg", "0.02 0.05 0.01 1/123 456\n");
    root_.Write("sys/class/thermal/thermal_zone0/temp", "48000\n");
    root_.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    root_.Write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    Throttled("0x0");
  }
  void Throttled(const std::string& bits) {
    root_.WriteProgram("usr/bin/vcgencmd",
                       "case $1 in get_throttled) echo throttled=" + bits + ";; esac\n");
  }
  std::vector<Check> Checks() const {
    return CheckMachine(ReadHostFacts(root_.path()), ReadConditions(root_.path()), root_.path());
  }
  // The line of this name; one of level kError that says so where there is none.
  Check Find(const std::string& name) const {
    for (Check& check : Checks()) {
      if (check.name == name) return check;
    }
    return {name, Fitness::kError, "no such line", ""};
  }
  void ExpectLine(const std::string& name, Fitness level, const std::string& text) const {
    const Check check = Find(name);
    EXPECT_EQ(FitnessName(check.level), std::string(FitnessName(level))) << name << check.text;
    EXPECT_THAT(check.text, HasSubstr(text)) << name;
    // Whatever is not well has a remedy.
    if (level != Fitness::kOk) {
      EXPECT_NE(check.remedy, "") << name;
    }
  }

  FakeRoot root_;
};

TEST_F(FitnessTest, ACoolIdleBoardIsFit) {
  for (const Check& check : Checks()) {
    EXPECT_EQ(check.level, Fitness::kOk) << check.name << ": " << check.text;
    EXPECT_EQ(check.remedy, "") << check.name;
  }
  ExpectLine("processor", Fitness::kOk, "Raspberry Pi 5 Model B Rev 1.0, Cortex-A76, cores: 2");
  ExpectLine("arithmetic", Fitness::kOk,
             "8-bit dot product (asimddp); float16 arithmetic (asimdhp)");
  ExpectLine("governor", Fitness::kOk, "performance");
  ExpectLine("throttling", Fitness::kOk, "none since boot");
  ExpectLine("temperature", Fitness::kOk, "48 °C");
  ExpectLine("load", Fitness::kOk, "0.02");
  ExpectLine("memory", Fitness::kOk, "3000 of 4000 MiB available");
  ExpectLine("swap", Fitness::kOk, "100 MiB, unused");
}

TEST_F(FitnessTest, APi4HasNoDotProduct) {
  root_.Write("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd crc32\n");
  ExpectLine("arithmetic", Fitness::kOk, "no 8-bit dot product: int8 gains little");
  ExpectLine("arithmetic", Fitness::kOk, "no float16 arithmetic");
}

TEST_F(FitnessTest, OneCoreUnderAnotherGovernor) {
  root_.Write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "ondemand\n");
  ExpectLine("governor", Fitness::kWarning, "ondemand, performance");
  EXPECT_THAT(Find("governor").remedy, HasSubstr("echo performance | sudo tee"));
}

TEST_F(FitnessTest, Throttling) {
  Throttled("0x50000");
  ExpectLine("throttling", Fitness::kWarning, "since boot: under-voltage, throttled");
  Throttled("0x50001");
  ExpectLine("throttling", Fitness::kError, "now: under-voltage; rows would be invalid");
  EXPECT_EQ(Find("throttling").remedy, "give the board a better power supply");
  Throttled("0x8");
  EXPECT_EQ(Find("throttling").remedy, "cool the board (a heat sink, a fan)");
  root_.WriteProgram("usr/bin/vcgencmd", "exit 1\n");
  ExpectLine("throttling", Fitness::kWarning, "cannot be told");
  root_.Write("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  root_.Write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  ExpectLine("throttling", Fitness::kError, "under-voltage now");
}

TEST_F(FitnessTest, HeatLoadMemoryAndSwap) {
  root_.Write("sys/class/thermal/thermal_zone0/temp", "71500\n");
  ExpectLine("temperature", Fitness::kWarning, "throttles at about 80 °C");
  root_.Write("sys/class/thermal/thermal_zone0/temp", "81000\n");
  ExpectLine("temperature", Fitness::kError, "81 °C");
  root_.Write("proc/loadavg", "1.70 0.05 0.01 1/123 456\n");
  ExpectLine("load", Fitness::kWarning, "1.70");
  root_.Write("proc/loadavg", "13.02 9.05 4.01 1/123 456\n");
  ExpectLine("load", Fitness::kError, "13.02 over the last minute on 2 cores: none is free");
  root_.Write("proc/meminfo",
              "MemTotal: 1024000 kB\nMemAvailable: 204800 kB\nSwapTotal: 102400 kB\n"
              "SwapFree: 51200 kB\n");
  ExpectLine("memory", Fitness::kWarning, "200 of 1000 MiB");
  ExpectLine("swap", Fitness::kWarning, "50 of 100 MiB in use");
  root_.Write("proc/meminfo", "MemTotal: 1024000 kB\nMemAvailable: 20480 kB\n");
  ExpectLine("memory", Fitness::kError, "20 of 1000 MiB");
}

TEST_F(FitnessTest, OtherMachinesHaveFewerLines) {
  const FakeRoot bare;
  bare.Write("proc/cpuinfo", "processor: 0\nmodel name: Some CPU\nflags: hypervisor avx512_vnni\n");
  const auto checks =
      CheckMachine(ReadHostFacts(bare.path()), ReadConditions(bare.path()), bare.path());
  std::vector<std::string> names;
  for (const Check& check : checks) names.push_back(check.name);
  EXPECT_EQ(names, (std::vector<std::string>{"processor", "arithmetic", "virtual", "page size"}));
  EXPECT_EQ(checks[2].level, Fitness::kWarning);
}

TEST(Fitness, PeaksInOneLineANumberOfThreads) {
  MachinePeaks peaks;
  peaks.peaks = {{0, 0, store::PeakKind::kMultiplyAdd, "float32", 1, 59.1e9, "avx512"},
                 {0, 0, store::PeakKind::kMultiplyAdd, "int8", 1, 200e9, "avx512_vnni"},
                 {0, 0, store::PeakKind::kBandwidth, "read", 1, 14.25e9, "baseline"},
                 {0, 0, store::PeakKind::kMultiplyAdd, "float32", 4, 230e9, "avx512"}};
  peaks.buffer_bytes = 128 << 20;
  peaks.cache_bytes = 32 << 20;
  auto checks = CheckPeaks(peaks);
  ASSERT_EQ(checks.size(), 3U);
  EXPECT_EQ(checks[0].name, "1 thread");
  EXPECT_EQ(checks[0].text, "float32 59.1 GMAC/s, int8 200.0 GMAC/s, read 14.2 GB/s");
  EXPECT_EQ(checks[1].name, "4 threads");
  EXPECT_EQ(checks[2].text.substr(0, 4), "3.4x");
  peaks.cache_bytes = 96 << 20;
  checks = CheckPeaks(peaks);
  ASSERT_EQ(checks.size(), 4U);
  EXPECT_EQ(checks[3].level, Fitness::kWarning);
  EXPECT_THAT(checks[3].text, HasSubstr("the cache of 96 MiB"));
}

TEST(Fitness, RoomOnTheDisk) {
  EXPECT_EQ(CheckFreeBytes("cache", "/c", 2'000'000'000).level, Fitness::kOk);
  EXPECT_EQ(CheckFreeBytes("cache", "/c", 500'000'000).level, Fitness::kWarning);
  const Check full = CheckFreeBytes("cache", "/c", 1000);
  EXPECT_EQ(full.level, Fitness::kError);
  EXPECT_EQ(full.text, "0.0 GB free at /c");
  EXPECT_THAT(full.remedy, HasSubstr("--cache"));
  // A folder that will be made: the one above it counts.
  const FakeRoot root;
  EXPECT_THAT(CheckDisk("cache", root.path() / "not" / "yet").text,
              HasSubstr("free at " + root.path().string()));
}

}  // namespace
}  // namespace qbench::measure
