#include "harness/measure/host_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <sstream>
#include <string_view>

#include "base/sha256.h"
#include "fmt/format.h"
#include "harness/measure/machine_peak.h"
#include "harness/measure/proc_text.h"
#include "harness/measure/vcgencmd.h"

namespace qbench::measure {
namespace {

namespace fs = std::filesystem;

class FactList {
 public:
  void Add(const std::string& name, std::string value) {
    if (!value.empty()) facts_.push_back({name, std::move(value)});
  }
  void AddFile(const std::string& name, const fs::path& path) {
    Add(name, ReadFirstLine(path).value_or(""));
  }
  std::vector<HostFact> Finish() { return std::move(facts_); }

 private:
  std::vector<HostFact> facts_;
};

// One line of a text of several, joined by `separator`.
std::string JoinLines(const std::string& text, std::string_view separator) {
  std::istringstream lines(text);
  std::string joined;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (!joined.empty()) joined += separator;
    joined += line;
  }
  return joined;
}

std::string SortedWords(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  std::sort(words.begin(), words.end());
  return fmt::format("{}", fmt::join(words, " "));
}

// "Cortex-A76" for the part numbers of boards in use (Arm's Main ID Register); others stay numbers.
std::string ArmCoreName(const std::string& implementer, const std::string& part) {
  struct Core {
    std::string_view part;
    std::string_view name;
  };
  constexpr std::array<Core, 12> kCores = {{{"0xd03", "Cortex-A53"},
                                            {"0xd04", "Cortex-A35"},
                                            {"0xd05", "Cortex-A55"},
                                            {"0xd07", "Cortex-A57"},
                                            {"0xd08", "Cortex-A72"},
                                            {"0xd09", "Cortex-A73"},
                                            {"0xd0a", "Cortex-A75"},
                                            {"0xd0b", "Cortex-A76"},
                                            {"0xd0c", "Neoverse-N1"},
                                            {"0xd40", "Neoverse-V1"},
                                            {"0xd49", "Neoverse-N2"},
                                            {"0xd4f", "Neoverse-V2"}}};
  if (part.empty()) return {};
  if (implementer == "0x41") {
    for (const Core& core : kCores) {
      if (core.part == part) return std::string(core.name);
    }
  }
  return fmt::format("implementer {} part {}", implementer, part);
}

int CountProcessors(const std::string& cpuinfo) {
  std::istringstream lines(cpuinfo);
  int processors = 0;
  for (std::string line; std::getline(lines, line);) {
    // "processor\t: 0"; a single "Processor :" of old ARM kernels is the model's name.
    if (line.starts_with("processor")) ++processors;
  }
  return processors;
}

void AddBoard(const fs::path& root, FactList& facts) {
  const fs::path tree = root / "proc/device-tree";
  facts.AddFile("board.model", tree / "model");
  std::string compatible;
  if (auto text = ReadProcFile(tree / "compatible"); text.ok()) {
    compatible = *text;  // NUL-terminated strings in a row
    while (!compatible.empty() && compatible.back() == '\0') compatible.pop_back();
    std::replace(compatible.begin(), compatible.end(), '\0', ' ');
  }
  facts.Add("board.compatible", compatible);
  if (const auto serial = ReadFirstLine(tree / "serial-number")) {
    // Tells two boards of a kind apart without giving the number away in reports.
    facts.Add("board.id", Sha256Hex("qbench board " + *serial).substr(0, 16));
  }
}

void AddProcessor(const fs::path& root, FactList& facts) {
  const std::string cpuinfo = [&] {
    Result<std::string> text = ReadProcFile(root / "proc/cpuinfo");
    return text.ok() ? *text : std::string();
  }();
  facts.Add("board.revision", FieldValue(cpuinfo, "Revision"));
  std::string name = FieldValue(cpuinfo, "model name");
  if (name.empty()) {
    name = ArmCoreName(FieldValue(cpuinfo, "CPU implementer"), FieldValue(cpuinfo, "CPU part"));
  }
  facts.Add("cpu.name", name);
  std::string features = FieldValue(cpuinfo, "Features");  // ARM
  if (features.empty()) features = FieldValue(cpuinfo, "flags");
  facts.Add("cpu.features", SortedWords(features));
  if (const int cores = CountProcessors(cpuinfo); cores > 0) {
    facts.Add("cpu.cores", std::to_string(cores));
  }
  const fs::path frequency = root / "sys/devices/system/cpu/cpu0/cpufreq";
  facts.AddFile("cpu.governor", frequency / "scaling_governor");
  facts.AddFile("cpu.min_khz", frequency / "scaling_min_freq");
  facts.AddFile("cpu.max_khz", frequency / "scaling_max_freq");
  if (const uint64_t cache = LargestCacheBytes(root); cache > 0) {
    facts.Add("cpu.cache_kib", std::to_string(cache / 1024));
  }
  facts.AddFile("cpu.isolated", root / "sys/devices/system/cpu/isolated");
}

void AddSystem(const fs::path& root, FactList& facts) {
  if (auto meminfo = ReadProcFile(root / "proc/meminfo"); meminfo.ok()) {
    for (const auto& [fact, key] :
         {std::pair{"memory.total_kib", "MemTotal"}, std::pair{"memory.swap_kib", "SwapTotal"}}) {
      if (auto kib = FirstInteger(FieldValue(*meminfo, key))) facts.Add(fact, std::to_string(*kib));
    }
  }
  facts.Add("page_size", std::to_string(sysconf(_SC_PAGESIZE)));
  facts.AddFile("kernel", root / "proc/sys/kernel/osrelease");
  utsname names{};
  if (uname(&names) == 0) facts.Add("machine", names.machine);
  if (auto release = ReadProcFile(root / "etc/os-release"); release.ok()) {
    std::istringstream lines(*release);
    for (std::string line; std::getline(lines, line);) {
      constexpr std::string_view kKey = "PRETTY_NAME=";
      if (!line.starts_with(kKey)) continue;
      std::string value = line.substr(kKey.size());
      std::erase(value, '"');
      facts.Add("os", value);
    }
  }
  facts.AddFile("perf_event_paranoid", root / "proc/sys/kernel/perf_event_paranoid");
}

void AddFirmware(const fs::path& root, FactList& facts) {
  facts.Add("firmware", JoinLines(AskFirmware(root, {"version"}).value_or(""), ", "));
  facts.Add("firmware.config",
            JoinLines(AskFirmware(root, {"get_config", "int"}).value_or(""), " "));
}

}  // namespace

std::vector<HostFact> ReadHostFacts(const fs::path& root) {
  FactList facts;
  AddBoard(root, facts);
  AddProcessor(root, facts);
  AddSystem(root, facts);
  AddFirmware(root, facts);
  return facts.Finish();
}

std::string FactValue(const std::vector<HostFact>& facts, const std::string& name) {
  for (const HostFact& fact : facts) {
    if (fact.name == name) return fact.value;
  }
  return {};
}

std::string HostId(const std::vector<HostFact>& facts) {
  std::string identity;
  for (const char* name : {"board.model", "board.revision", "board.id", "machine", "cpu.name",
                           "cpu.cores", "page_size"}) {
    identity += fmt::format("{}={}\n", name, FactValue(facts, name));
  }
  // MemTotal is what the kernel and the firmware left over, which changes with their updates: the
  // next power of two is what is soldered on.
  const auto kib = FirstInteger(FactValue(facts, "memory.total_kib")).value_or(0);
  identity +=
      fmt::format("memory={}\n", std::bit_ceil(static_cast<uint64_t>(std::max<int64_t>(0, kib))));
  return Sha256Hex(identity);
}

}  // namespace qbench::measure
