#include "harness/measure/conditions.h"

#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "tests/measure/fake_root.h"

namespace qbench::measure {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void MakeQuietBoard(const FakeRoot& root) {
  root.Write("sys/class/thermal/thermal_zone0/temp", "48312\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1800000\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  root.Write("proc/loadavg", "0.42 0.30 0.10 1/123 4567\n");
  root.Write("proc/vmstat", "pgpgin 5\npswpin 10\npswpout 20\nnr_free 3\n");
  root.Write("proc/self/stat", "1 (a b) c) R 2 3 4 5 6 7 8 9 33 11 12\n");
  root.Write("proc/self/task/1/status", "Name:\tx\nnonvoluntary_ctxt_switches:\t4\n");
  root.Write("proc/self/task/2/status", "Name:\tx\nnonvoluntary_ctxt_switches:\t5\n");
  root.Write("proc/self/task/1/schedstat", "900000000 2500000 7\n");
  root.Write("proc/self/task/2/schedstat", "100000000 1500000 3\n");
  root.Write("proc/stat", "cpu  1 2 3 4 5 6 7 " + std::to_string(3 * sysconf(_SC_CLK_TCK)) +
                              " 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
  root.Write("proc/uptime", "350.25 12.1\n");
}

TEST(Conditions, AreRead) {
  const FakeRoot root;
  MakeQuietBoard(root);
  root.WriteProgram("usr/bin/vcgencmd", "echo throttled=0x50005\n");
  const Conditions now = ReadConditions(root.path());
  EXPECT_DOUBLE_EQ(now.temperature_c.value(), 48.312);
  EXPECT_EQ(now.throttled, 0x50005U);
  EXPECT_EQ(now.frequency_khz, 1800000);
  EXPECT_EQ(now.governor, "performance");
  EXPECT_DOUBLE_EQ(now.load_1min.value(), 0.42);
  EXPECT_EQ(now.pages_swapped, 30);
  EXPECT_EQ(now.major_faults, 33);
  EXPECT_EQ(now.nonvoluntary_switches, 9);
  EXPECT_EQ(now.waited_us, 4000);
  EXPECT_EQ(now.stolen_ms, 3000);
  EXPECT_EQ(now.uptime_ms, 350250);
  EXPECT_EQ(ConditionsToJson(now)["throttled"], 0x50005);
}

TEST(Conditions, FallBackToTheKernelsCopyOfTheThrottlingBits) {
  const FakeRoot root;
  root.Write("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n");
  EXPECT_EQ(ReadConditions(root.path()).throttled, 0x50000U);
}

TEST(Conditions, FallBackToTheVoltageAlarm) {
  const FakeRoot root;
  root.Write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
  root.Write("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  root.Write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  const Conditions now = ReadConditions(root.path());
  EXPECT_FALSE(now.throttled.has_value());
  EXPECT_EQ(now.under_voltage, true);
  EXPECT_THAT(WhyInvalid(now, now), HasSubstr("under-voltage"));
}

TEST(Conditions, AreAbsentWhereNothingIsKnown) {
  const FakeRoot root;
  const Conditions now = ReadConditions(root.path());
  EXPECT_EQ(ConditionsToJson(now), Json::object());
  EXPECT_EQ(WhyInvalid(now, now), "");
}

TEST(WhyInvalid, ThrottledNowOrMeanwhile) {
  Conditions before;
  Conditions after;
  before.throttled = 0x50000;  // has occurred some time before: of no interest
  after.throttled = 0x50000;
  EXPECT_EQ(WhyInvalid(before, after), "");
  after.throttled = 0x50004;
  EXPECT_THAT(WhyInvalid(before, after),
              AllOf(HasSubstr("reported throttled"), HasSubstr("0x50004")));
  after.throttled = 0x70000;  // occurred between the readings, and is over
  EXPECT_THAT(WhyInvalid(before, after), HasSubstr("frequency capped"));
  before.throttled = 0x1;
  after.throttled = 0x0;
  EXPECT_THAT(WhyInvalid(before, after), HasSubstr("under-voltage"));
}

TEST(WhyInvalid, SwappedOrFaulted) {
  Conditions before;
  Conditions after;
  before.pages_swapped = 100;
  after.pages_swapped = 103;
  EXPECT_THAT(WhyInvalid(before, after), HasSubstr("swapped 3 pages"));
  after.pages_swapped = 100;
  before.major_faults = 1;
  after.major_faults = 2;
  EXPECT_THAT(WhyInvalid(before, after),
              AllOf(HasSubstr("1 major page fault while"), HasSubstr(": free memory")));
  after.major_faults = 1;
  after.nonvoluntary_switches = 1000;  // recorded, but no reason
  EXPECT_EQ(WhyInvalid(before, after), "");
}

// What helps against the one does nothing against the other.
TEST(WhyInvalid, AdvisesWhatFits) {
  const auto with = [](uint32_t bits) {
    Conditions before;
    Conditions after;
    before.throttled = 0;
    after.throttled = bits;
    return WhyInvalid(before, after);
  };
  EXPECT_THAT(with(0x1), AllOf(HasSubstr("power supply"), Not(HasSubstr("cool"))));
  EXPECT_THAT(with(0x5), AllOf(HasSubstr("power supply"), Not(HasSubstr("cool"))));
  EXPECT_THAT(with(0x8), AllOf(HasSubstr("cool"), Not(HasSubstr("power supply"))));
  EXPECT_THAT(with(0x6), AllOf(HasSubstr("cool"), Not(HasSubstr("power supply"))));
  EXPECT_THAT(with(0x9), AllOf(HasSubstr("cool"), HasSubstr("power supply")));
}

TEST(DescribeThrottled, NamesTheBits) {
  EXPECT_EQ(DescribeThrottled(0), "");
  EXPECT_EQ(DescribeThrottled(0xF),
            "under-voltage, frequency capped, throttled, soft temperature limit");
}

}  // namespace
}  // namespace qbench::measure
