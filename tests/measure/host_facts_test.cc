#include "harness/measure/host_facts.h"

#include "gmock/gmock.h"
#include "tests/measure/fake_root.h"

namespace qbench::measure {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A Raspberry Pi 4, as its files say it.
void MakePi4(const FakeRoot& root) {
  root.Write("proc/device-tree/model", std::string("Raspberry Pi 4 Model B Rev 1.4\0", 31));
  root.Write("proc/device-tree/compatible",
             std::string("raspberrypi,4-model-b\0brcm,bcm2711\0", 35));
  root.Write("proc/device-tree/serial-number", std::string("10000000abcdef01\0", 17));
  root.Write("proc/cpuinfo",
             "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
             "CPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nprocessor\t: 1\n\nprocessor\t: 2\n\n"
             "processor\t: 3\n\nHardware\t: BCM2835\nRevision\t: c03114\n");
  root.Write("proc/meminfo", "MemTotal:        3884396 kB\nSwapTotal:        102396 kB\n");
  root.Write("proc/sys/kernel/osrelease", "6.1.0-rpi7-rpi-v8\n");
  root.Write("etc/os-release", "NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n");
  root.Write("sys/devices/system/cpu/isolated", "\n");
  root.Write("sys/devices/system/cpu/cpu0/cache/index2/size", "1024K\n");
  root.WriteProgram("usr/bin/vcgencmd",
                    "case $1 in version) printf 'Aug 10 2023\\nversion abc\\n';;\n"
                    "get_config) printf 'arm_freq=1800\\ntotal_mem=4096\\n';; esac\n");
}

TEST(HostFacts, OfAPi4) {
  const FakeRoot root;
  MakePi4(root);
  const std::vector<HostFact> facts = ReadHostFacts(root.path());
  EXPECT_EQ(FactValue(facts, "board.model"), "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(FactValue(facts, "board.compatible"), "raspberrypi,4-model-b brcm,bcm2711");
  EXPECT_EQ(FactValue(facts, "board.revision"), "c03114");
  EXPECT_EQ(FactValue(facts, "cpu.name"), "Cortex-A72");
  EXPECT_EQ(FactValue(facts, "cpu.features"), "asimd cpuid crc32 evtstrm fp");
  EXPECT_EQ(FactValue(facts, "cpu.cores"), "4");
  EXPECT_EQ(FactValue(facts, "cpu.governor"), "ondemand");
  EXPECT_EQ(FactValue(facts, "cpu.cache_kib"), "1024");
  EXPECT_EQ(FactValue(facts, "memory.total_kib"), "3884396");
  EXPECT_EQ(FactValue(facts, "memory.swap_kib"), "102396");
  EXPECT_EQ(FactValue(facts, "kernel"), "6.1.0-rpi7-rpi-v8");
  EXPECT_EQ(FactValue(facts, "os"), "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(FactValue(facts, "firmware"), "Aug 10 2023, version abc");
  EXPECT_EQ(FactValue(facts, "firmware.config"), "arm_freq=1800 total_mem=4096");
  // Absent, not empty or made up.
  EXPECT_EQ(FactValue(facts, "cpu.isolated"), "");
  for (const HostFact& fact : facts) {
    EXPECT_NE(fact.value, "") << fact.name;
    EXPECT_THAT(fact.value, Not(HasSubstr("10000000abcdef01"))) << fact.name;
  }
}

TEST(HostFacts, IdentityOutlivesUpdates) {
  const FakeRoot root;
  MakePi4(root);
  const std::string id = HostId(ReadHostFacts(root.path()));
  EXPECT_EQ(id.size(), 64U);
  root.Write("proc/sys/kernel/osrelease", "6.6.0\n");
  root.Write("proc/meminfo", "MemTotal:        3794000 kB\nSwapTotal:        0 kB\n");
  root.Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  EXPECT_EQ(HostId(ReadHostFacts(root.path())), id);
  // Another board of the same kind is another host.
  root.Write("proc/device-tree/serial-number", "10000000abcdef02");
  EXPECT_NE(HostId(ReadHostFacts(root.path())), id);
}

TEST(HostFacts, OfThisMachine) {
  const std::vector<HostFact> facts = ReadHostFacts();
  EXPECT_NE(FactValue(facts, "cpu.cores"), "");
  EXPECT_NE(FactValue(facts, "kernel"), "");
  EXPECT_NE(FactValue(facts, "memory.total_kib"), "");
}

TEST(HostFacts, OfNothing) {
  const FakeRoot root;
  EXPECT_EQ(FactValue(ReadHostFacts(root.path()), "cpu.name"), "");
}

}  // namespace
}  // namespace qbench::measure
