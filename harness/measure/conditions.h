// The state of the board around a timed region, and whether the measurement is valid.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"

namespace qbench::measure {

// What is not known is absent.
struct Conditions {
  std::optional<double> temperature_c;   // thermal_zone0
  std::optional<uint32_t> throttled;     // bits of `vcgencmd get_throttled`
  std::optional<bool> under_voltage;     // hwmon rpi_volt, where the bits are not known
  std::optional<int64_t> frequency_khz;  // scaling_cur_freq of cpu0: what was asked for
  std::optional<std::string> governor;
  std::optional<double> load_1min;
  std::optional<int64_t> pages_swapped;          // pswpin + pswpout of the machine, since boot
  std::optional<int64_t> major_faults;           // of this process
  std::optional<int64_t> nonvoluntary_switches;  // of this process, all threads
  // How long threads of this process were ready to run and got no processor, together.
  std::optional<int64_t> waited_us;
  // Processor time that the machine, a virtual one, was refused, of all processors since boot.
  std::optional<int64_t> stolen_ms;
  std::optional<int64_t> uptime_ms;  // of the machine: between two readings, how long that was
};

// `root` is another root of the file system, for tests; /proc/self is read below it too.
Conditions ReadConditions(const std::filesystem::path& root = "/");

// Why what was measured between the two is not valid: under-voltage, frequency capped, throttled
// or soft temperature limit (at either end, or newly "has occurred"); swapping; major faults of
// this process. Behind the last colon stands what helps against it. Empty: valid.
std::string WhyInvalid(const Conditions& before, const Conditions& after);

// "under-voltage, throttled" of the low four bits; empty for none.
std::string DescribeThrottled(uint32_t bits);

// What helps against them: a better power supply, cooling, or both. `bits` are not all 0.
std::string RemedyForThrottled(uint32_t bits);

Json ConditionsToJson(const Conditions& conditions);

}  // namespace qbench::measure
