#include "harness/measure/fitness.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "fmt/format.h"
#include "harness/measure/proc_text.h"

namespace qbench::measure {
namespace {

namespace fs = std::filesystem;

constexpr double kMiB = 1024.0 * 1024.0;

bool HasFeature(const std::vector<HostFact>& facts, std::string_view feature) {
  std::istringstream features(FactValue(facts, "cpu.features"));
  for (std::string word; features >> word;) {
    if (word == feature) return true;
  }
  return false;
}

bool IsRaspberryPi(const std::vector<HostFact>& facts) {
  return FactValue(facts, "board.model").starts_with("Raspberry Pi");
}

Check CheckProcessor(const std::vector<HostFact>& facts) {
  std::string name = FactValue(facts, "board.model");
  const std::string cpu = FactValue(facts, "cpu.name");
  if (!name.empty() && !cpu.empty()) name += ", ";
  name += cpu.empty() && name.empty() ? "unknown processor" : cpu;
  const std::string cores = FactValue(facts, "cpu.cores");
  return {"processor", Fitness::kOk,
          fmt::format("{}{}{}", name, cores.empty() ? "" : ", cores: " + cores,
                      FactValue(facts, "os").empty() ? "" : ", " + FactValue(facts, "os"))};
}

// The instructions that decide what quantizing can gain: a dot product of 8-bit numbers, and
// arithmetic of 16-bit floats. Boards differ in them (a Raspberry Pi 4 has neither, a 5 has both).
Check CheckFeatures(const std::vector<HostFact>& facts) {
  struct Feature {
    const char* flag;  // as in /proc/cpuinfo
    const char* what;
  };
  constexpr Feature kDotProducts[] = {
      {"asimddp", "asimddp"}, {"avx512_vnni", "avx512_vnni"}, {"avx_vnni", "avx_vnni"}};
  constexpr Feature kHalves[] = {{"asimdhp", "asimdhp"}, {"avx512_fp16", "avx512_fp16"}};
  const auto first = [&](const auto& features) -> std::string {
    for (const Feature& feature : features) {
      if (HasFeature(facts, feature.flag)) return feature.what;
    }
    return {};
  };
  const std::string dot = first(kDotProducts);
  const std::string half = first(kHalves);
  return {"arithmetic", Fitness::kOk,
          fmt::format("{}; {}",
                      dot.empty() ? "no 8-bit dot product: int8 gains little over float here"
                                  : "8-bit dot product (" + dot + ")",
                      half.empty() ? "no float16 arithmetic: fp16 makes files smaller, not faster"
                                   : "float16 arithmetic (" + half + ")")};
}

// The governors of all cores, which may differ.
void AddGovernor(const fs::path& root, std::vector<Check>& checks) {
  std::set<std::string> governors;
  std::error_code error;
  for (const auto& cpu : fs::directory_iterator(root / "sys/devices/system/cpu", error)) {
    if (auto one = ReadFirstLine(cpu.path() / "cpufreq/scaling_governor")) governors.insert(*one);
  }
  if (governors.empty()) return;
  const std::string names = fmt::format("{}", fmt::join(governors, ", "));
  if (governors.size() == 1 && governors.contains("performance")) {
    checks.push_back({"governor", Fitness::kOk, names});
    return;
  }
  checks.push_back({"governor", Fitness::kWarning, names + ": the clock follows the load",
                    "measure with: echo performance | sudo tee "
                    "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"});
}

void AddThrottling(const std::vector<HostFact>& facts, const Conditions& now,
                   std::vector<Check>& checks) {
  const char* kName = "throttling";
  if (!now.throttled) {
    if (now.under_voltage.value_or(false)) {
      checks.push_back({kName, Fitness::kError, "under-voltage now: rows would be invalid",
                        RemedyForThrottled(1)});
    } else if (IsRaspberryPi(facts)) {
      checks.push_back({kName, Fitness::kWarning,
                        "vcgencmd is not installed: throttled measurements cannot be told",
                        "sudo apt install raspi-utils (or libraspberrypi-bin)"});
    }
    return;
  }
  if (const std::string present = DescribeThrottled(*now.throttled); !present.empty()) {
    checks.push_back({kName, Fitness::kError,
                      fmt::format("now: {}; rows would be invalid", present),
                      RemedyForThrottled(*now.throttled & 0xF)});
  } else if (const std::string past = DescribeThrottled(*now.throttled >> 16); !past.empty()) {
    checks.push_back({kName, Fitness::kWarning, fmt::format("not now, but since boot: {}", past),
                      fmt::format("{}; starting the board anew clears this",
                                  RemedyForThrottled((*now.throttled >> 16) & 0xF))});
  } else {
    checks.push_back({kName, Fitness::kOk, "none since boot"});
  }
}

// A Raspberry Pi slows down from 80 °C on (its documentation, "Frequency management and thermal
// control"); ten degrees below, a run of minutes will get there.
void AddTemperature(const std::vector<HostFact>& facts, const Conditions& now,
                    std::vector<Check>& checks) {
  if (!now.temperature_c) return;
  const double limit = IsRaspberryPi(facts) ? 80 : 95;
  Check check{"temperature", Fitness::kOk, fmt::format("{:.0f} °C", *now.temperature_c)};
  if (*now.temperature_c >= limit - 10) {
    check.level = *now.temperature_c >= limit ? Fitness::kError : Fitness::kWarning;
    check.text += fmt::format("; it throttles at about {:.0f} °C", limit);
    check.remedy = "let it cool down, and give it a heat sink or a fan";
  }
  checks.push_back(std::move(check));
}

// Half a core that is busy elsewhere is enough to disturb caches and memory. A load of as many as
// there are cores leaves none free: whatever is timed shares its core, and waits for it in slices
// of milliseconds, longer than an inference takes.
void AddLoad(const std::vector<HostFact>& facts, const Conditions& now,
             std::vector<Check>& checks) {
  constexpr double kBusy = 0.5;
  if (!now.load_1min) return;
  Check check{"load", Fitness::kOk, fmt::format("{:.2f} over the last minute", *now.load_1min)};
  const auto cores = FirstInteger(FactValue(facts, "cpu.cores"));
  if (cores && *now.load_1min >= static_cast<double>(*cores)) {
    check.level = Fitness::kError;
    check.text += fmt::format(" on {} core{}: none is free, times would be those of a busy machine",
                              *cores, *cores == 1 ? "" : "s");
    check.remedy = "stop what `top` shows, or wait a minute and ask again";
  } else if (*now.load_1min >= kBusy) {
    check.level = Fitness::kWarning;
    check.text += ": something else runs, or has just ended";
    check.remedy = "stop what `top` shows, or wait a minute and ask again";
  }
  checks.push_back(std::move(check));
}

void AddVirtualMachine(const std::vector<HostFact>& facts, std::vector<Check>& checks) {
  if (!HasFeature(facts, "hypervisor")) return;
  checks.push_back({"virtual", Fitness::kWarning,
                    "a virtual machine: its neighbours can slow it without a trace",
                    "trust ratios within one run rather than milliseconds"});
}

// A worker may take 80 % of what is available (jobs::DefaultMemoryLimit).
void AddMemory(const std::string& meminfo, std::vector<Check>& checks) {
  const auto total = FirstInteger(FieldValue(meminfo, "MemTotal"));
  const auto available = FirstInteger(FieldValue(meminfo, "MemAvailable"));
  if (!total || !available) return;
  const double mib = static_cast<double>(*available) / 1024;
  Check check{
      "memory", Fitness::kOk,
      fmt::format("{:.0f} of {:.0f} MiB available", mib, static_cast<double>(*total) / 1024)};
  if (mib < 256) {
    check.level = mib < 64 ? Fitness::kError : Fitness::kWarning;
    check.remedy = "stop the desktop and other programs";
  }
  checks.push_back(std::move(check));
}

void AddSwap(const std::string& meminfo, std::vector<Check>& checks) {
  const auto total = FirstInteger(FieldValue(meminfo, "SwapTotal"));
  const auto free = FirstInteger(FieldValue(meminfo, "SwapFree"));
  if (!total || !free) return;
  const int64_t used_mib = (*total - *free) / 1024;
  if (*total == 0) {
    checks.push_back({"swap", Fitness::kOk, "none"});
  } else if (used_mib < 1) {
    checks.push_back({"swap", Fitness::kOk, fmt::format("{} MiB, unused", *total / 1024)});
  } else {
    checks.push_back({"swap", Fitness::kWarning,
                      fmt::format("{} of {} MiB in use: a measurement that swaps is invalid",
                                  used_mib, *total / 1024),
                      "free memory, then: sudo swapoff -a"});
  }
}

void AddPageSize(const std::vector<HostFact>& facts, std::vector<Check>& checks) {
  const auto bytes = FirstInteger(FactValue(facts, "page_size"));
  if (!bytes) return;
  checks.push_back({"page size", Fitness::kOk,
                    fmt::format("{} KiB{}", *bytes / 1024,
                                *bytes == 4096 ? ""
                                               : "; figures differ from those of 4 KiB pages "
                                                 "(kernel=kernel8.img in config.txt)")});
}

std::string Giga(double per_second, const char* unit) {
  return fmt::format("{:.1f} G{}/s", per_second / 1e9, unit);
}

}  // namespace

const char* FitnessName(Fitness level) {
  switch (level) {
    case Fitness::kOk:
      return "ok";
    case Fitness::kWarning:
      return "warn";
    case Fitness::kError:
      return "error";
  }
  return "error";
}

std::vector<Check> CheckMachine(const std::vector<HostFact>& facts, const Conditions& now,
                                const fs::path& root) {
  std::vector<Check> checks = {CheckProcessor(facts), CheckFeatures(facts)};
  AddVirtualMachine(facts, checks);
  AddGovernor(root, checks);
  AddThrottling(facts, now, checks);
  AddTemperature(facts, now, checks);
  AddLoad(facts, now, checks);
  if (const Result<std::string> meminfo = ReadProcFile(root / "proc/meminfo"); meminfo.ok()) {
    AddMemory(*meminfo, checks);
    AddSwap(*meminfo, checks);
  }
  AddPageSize(facts, checks);
  return checks;
}

std::vector<Check> CheckPeaks(const MachinePeaks& peaks) {
  std::vector<Check> checks;
  for (const store::MachinePeak& peak : peaks.peaks) {
    const bool adds = peak.kind == store::PeakKind::kMultiplyAdd;
    const std::string part =
        fmt::format("{} {}", peak.type, Giga(peak.per_second, adds ? "MAC" : "B"));
    const std::string name = fmt::format("{} thread{}", peak.threads, peak.threads == 1 ? "" : "s");
    if (checks.empty() || checks.back().name != name) {
      checks.push_back({name, Fitness::kOk, part});
    } else {
      checks.back().text += ", " + part;
    }
  }
  const auto find = [&](std::string_view type) {
    const auto found = std::ranges::find(peaks.peaks, type, &store::MachinePeak::type);
    return found == peaks.peaks.end() ? 0.0 : found->per_second;
  };
  if (find("float32") > 0 && find("int8") > 0) {
    checks.push_back({"int8 / float32", Fitness::kOk,
                      fmt::format("{:.1f}x: what int8 can gain at best where multiplying, not "
                                  "memory, takes the time",
                                  find("int8") / find("float32"))});
  }
  if (peaks.buffer_bytes < 2 * peaks.cache_bytes) {
    checks.push_back({"bandwidth", Fitness::kWarning,
                      fmt::format("measured over {:.0f} MiB, which the cache of {:.0f} MiB holds "
                                  "in part: memory itself is slower",
                                  static_cast<double>(peaks.buffer_bytes) / kMiB,
                                  static_cast<double>(peaks.cache_bytes) / kMiB),
                      "take shares of the bandwidth with care"});
  }
  return checks;
}

Check CheckFreeBytes(const std::string& name, const fs::path& folder, uint64_t bytes) {
  constexpr double kEnough = 1e9;  // the decoded images of a few thousand pictures
  constexpr double kTooFew = 5e7;
  const auto free = static_cast<double>(bytes);
  Check check{name, Fitness::kOk, fmt::format("{:.1f} GB free at {}", free / 1e9, folder.string())};
  if (free < kEnough) {
    check.level = free < kTooFew ? Fitness::kError : Fitness::kWarning;
    check.remedy = "make room there, or name another folder with --cache DIR and --db FILE";
  }
  return check;
}

Check CheckDisk(const std::string& name, const fs::path& folder) {
  std::error_code error;
  fs::path present = fs::absolute(folder, error);
  while (!fs::exists(present, error) && present.has_relative_path())
    present = present.parent_path();
  const fs::space_info space = fs::space(present, error);
  if (error) {
    return {name, Fitness::kWarning, fmt::format("{}: {}", present.string(), error.message()),
            "look at the folder's disk"};
  }
  return CheckFreeBytes(name, present, space.available);
}

}  // namespace qbench::measure
