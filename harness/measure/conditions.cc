#include "harness/measure/conditions.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <system_error>
#include <vector>

#include "fmt/format.h"
#include "harness/measure/proc_text.h"
#include "harness/measure/vcgencmd.h"

namespace qbench::measure {
namespace {

namespace fs = std::filesystem;

// Of get_throttled.
constexpr uint32_t kUnderVoltage = 1U << 0;
constexpr uint32_t kSoftTemperatureLimit = 1U << 3;

std::optional<uint32_t> ParseHex(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  uint32_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (error != std::errc()) return std::nullopt;
  return bits;
}

// The firmware's own answer ("throttled=0x50000"), else the kernel's copy of it.
std::optional<uint32_t> ReadThrottled(const fs::path& root) {
  constexpr std::string_view kPrefix = "throttled=";
  if (auto answer = AskFirmware(root, {"get_throttled"}); answer && answer->starts_with(kPrefix)) {
    return ParseHex(std::string_view(*answer).substr(kPrefix.size()));
  }
  const auto line = ReadFirstLine(root / "sys/devices/platform/soc/soc:firmware/get_throttled");
  return line ? ParseHex(*line) : std::nullopt;
}

std::optional<bool> ReadUnderVoltage(const fs::path& root) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root / "sys/class/hwmon", error)) {
    if (ReadFirstLine(entry.path() / "name") != "rpi_volt") continue;
    const auto alarm = ReadFirstLine(entry.path() / "in0_lcrit_alarm");
    if (alarm) return *alarm != "0";
  }
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(const fs::path& path) {
  const auto line = ReadFirstLine(path);
  return line ? FirstInteger(*line) : std::nullopt;
}

std::optional<double> ReadLoad(const fs::path& root) {
  const auto line = ReadFirstLine(root / "proc/loadavg");
  if (!line) return std::nullopt;
  std::istringstream stream(*line);
  double load = 0;
  if (!(stream >> load)) return std::nullopt;
  return load;
}

std::optional<int64_t> ReadPagesSwapped(const fs::path& root) {
  const Result<std::string> vmstat = ReadProcFile(root / "proc/vmstat");
  if (!vmstat.ok()) return std::nullopt;
  std::istringstream lines(*vmstat);
  std::optional<int64_t> pages;
  std::string key;
  for (int64_t value = 0; lines >> key >> value;) {
    if (key == "pswpin" || key == "pswpout") pages = pages.value_or(0) + value;
  }
  return pages;
}

// Field 12 of /proc/self/stat, counted behind the program's name, which may contain anything.
std::optional<int64_t> ReadMajorFaults(const fs::path& root) {
  const auto line = ReadFirstLine(root / "proc/self/stat");
  if (!line) return std::nullopt;
  const size_t name_end = line->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line->substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 12; ++number) {
    if (!(fields >> field)) return std::nullopt;
  }
  return FirstInteger(field);
}

std::optional<int64_t> ReadNonvoluntarySwitches(const fs::path& root) {
  std::optional<int64_t> switches;
  std::error_code error;
  for (const fs::directory_entry& task : fs::directory_iterator(root / "proc/self/task", error)) {
    const Result<std::string> status = ReadProcFile(task.path() / "status");
    if (!status.ok()) continue;  // a thread that has just ended
    if (auto count = FirstInteger(FieldValue(*status, "nonvoluntary_ctxt_switches"))) {
      switches = switches.value_or(0) + *count;
    }
  }
  return switches;
}

// The second number of each thread's schedstat, in nanoseconds (the kernel's
// Documentation/scheduler/sched-stats.rst); absent where the kernel does not count.
std::optional<int64_t> ReadWaited(const fs::path& root) {
  std::optional<int64_t> waited_ns;
  std::error_code error;
  for (const fs::directory_entry& task : fs::directory_iterator(root / "proc/self/task", error)) {
    const auto line = ReadFirstLine(task.path() / "schedstat");
    int64_t ran = 0;
    int64_t waited = 0;
    if (line && std::istringstream(*line) >> ran >> waited) {
      waited_ns = waited_ns.value_or(0) + waited;
    }
  }
  if (waited_ns) return *waited_ns / 1000;
  return std::nullopt;
}

// The eighth number of the line "cpu" of /proc/stat, in clock ticks.
std::optional<int64_t> ReadStolen(const fs::path& root) {
  const auto line = ReadFirstLine(root / "proc/stat");
  if (!line || !line->starts_with("cpu ")) return std::nullopt;
  std::istringstream fields(line->substr(4));
  int64_t ticks = 0;
  for (int i = 0; i < 8; ++i) {
    if (!(fields >> ticks)) return std::nullopt;
  }
  return ticks * 1000 / std::max<int64_t>(1, sysconf(_SC_CLK_TCK));
}

std::optional<int64_t> ReadUptime(const fs::path& root) {
  const auto line = ReadFirstLine(root / "proc/uptime");
  double seconds = 0;
  if (!line || !(std::istringstream(*line) >> seconds)) return std::nullopt;
  return static_cast<int64_t>(seconds * 1000);
}

// What went up between the two readings; 0 where either is not known.
int64_t Increase(const std::optional<int64_t>& before, const std::optional<int64_t>& after) {
  return before && after ? *after - *before : 0;
}

}  // namespace

Conditions ReadConditions(const fs::path& root) {
  Conditions now;
  if (auto millidegrees = ReadInteger(root / "sys/class/thermal/thermal_zone0/temp")) {
    now.temperature_c = static_cast<double>(*millidegrees) / 1000;
  }
  now.throttled = ReadThrottled(root);
  if (!now.throttled) now.under_voltage = ReadUnderVoltage(root);
  const fs::path frequency = root / "sys/devices/system/cpu/cpu0/cpufreq";
  now.frequency_khz = ReadInteger(frequency / "scaling_cur_freq");
  now.governor = ReadFirstLine(frequency / "scaling_governor");
  now.load_1min = ReadLoad(root);
  now.pages_swapped = ReadPagesSwapped(root);
  now.major_faults = ReadMajorFaults(root);
  now.nonvoluntary_switches = ReadNonvoluntarySwitches(root);
  now.waited_us = ReadWaited(root);
  now.stolen_ms = ReadStolen(root);
  now.uptime_ms = ReadUptime(root);
  return now;
}

std::string DescribeThrottled(uint32_t bits) {
  constexpr const char* kNames[] = {"under-voltage", "frequency capped", "throttled",
                                    "soft temperature limit"};
  std::vector<std::string> names;
  for (uint32_t bit = 0; bit < 4; ++bit) {
    if (bits & (1U << bit)) names.emplace_back(kNames[bit]);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// The clock is capped and throttled for want of voltage or for heat; where the board names the
// first, that is it.
std::string RemedyForThrottled(uint32_t bits) {
  constexpr const char* kPower = "give the board a better power supply";
  const bool power = (bits & kUnderVoltage) != 0;
  const bool heat = (bits & kSoftTemperatureLimit) != 0;
  if (power && heat) return fmt::format("{}, cool it", kPower);
  return power ? kPower : "cool the board (a heat sink, a fan)";
}

std::string WhyInvalid(const Conditions& before, const Conditions& after) {
  // Bits 0 to 3 are the state now, 16 to 19 the same "has occurred since boot": one that is new
  // occurred in between, however short it was.
  const uint32_t old_bits = before.throttled.value_or(0);
  const uint32_t new_bits = after.throttled.value_or(0);
  const uint32_t occurred = ((new_bits & ~old_bits) >> 16) & 0xF;
  const uint32_t throttled = (old_bits & 0xF) | (new_bits & 0xF) | occurred;
  if (throttled != 0) {
    return fmt::format(
        "the board reported {} (get_throttled {:#x} before, {:#x} after): {} and measure again",
        DescribeThrottled(throttled), old_bits, new_bits, RemedyForThrottled(throttled));
  }
  if (before.under_voltage.value_or(false) || after.under_voltage.value_or(false)) {
    return fmt::format("the board reported under-voltage: {} and measure again",
                       RemedyForThrottled(kUnderVoltage));
  }
  if (const int64_t pages = Increase(before.pages_swapped, after.pages_swapped); pages > 0) {
    return fmt::format(
        "the machine swapped {} page{} while the clock ran: free memory (close other programs) and "
        "measure again",
        pages, pages == 1 ? "" : "s");
  }
  if (const int64_t faults = Increase(before.major_faults, after.major_faults); faults > 0) {
    return fmt::format(
        "{} major page fault{} while the clock ran, so memory was read back from the disk: free "
        "memory (close other programs) and measure again",
        faults, faults == 1 ? "" : "s");
  }
  return {};
}

Json ConditionsToJson(const Conditions& conditions) {
  Json json = Json::object();
  auto put = [&](const char* key, const auto& value) {
    if (value) json[key] = *value;
  };
  put("temperature_c", conditions.temperature_c);
  put("throttled", conditions.throttled);
  put("under_voltage", conditions.under_voltage);
  put("frequency_khz", conditions.frequency_khz);
  put("governor", conditions.governor);
  put("load_1min", conditions.load_1min);
  put("pages_swapped", conditions.pages_swapped);
  put("major_faults", conditions.major_faults);
  put("nonvoluntary_switches", conditions.nonvoluntary_switches);
  put("waited_us", conditions.waited_us);
  put("stolen_ms", conditions.stolen_ms);
  put("uptime_ms", conditions.uptime_ms);
  return json;
}

}  // namespace qbench::measure
