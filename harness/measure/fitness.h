// Is this machine, in its present state, fit to measure latency on? What `qbench doctor` says of
// it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/measure/conditions.h"
#include "harness/measure/host_facts.h"
#include "harness/measure/machine_peak.h"

namespace qbench::measure {

enum class Fitness {
  kOk,
  kWarning,  // figures will be noisy, or mean less than they seem
  kError,    // measurements would be invalid, or cannot be made
};

// "ok", "warn", "error".
const char* FitnessName(Fitness level);

// One line of the doctor's.
struct Check {
  std::string name;  // "governor"
  Fitness level = Fitness::kOk;
  std::string text;         // what was found
  std::string remedy = {};  // what to do; empty where all is well or nothing can be done
};

// Processor (with the features that decide how fast int8 and float16 are), governor, throttling,
// temperature, load, memory, swap, page size; what the kernel does not say has no line. `root` as
// for ReadHostFacts, whose facts `facts` are; `now` is what ReadConditions read.
std::vector<Check> CheckMachine(const std::vector<HostFact>& facts, const Conditions& now,
                                const std::filesystem::path& root = "/");

// A line for each number of threads, and how int8's rate compares with float's.
std::vector<Check> CheckPeaks(const MachinePeaks& peaks);

// The room on the disk of `folder`, or of the nearest folder above it that exists.
Check CheckDisk(const std::string& name, const std::filesystem::path& folder);
// The same where the figure is known.
Check CheckFreeBytes(const std::string& name, const std::filesystem::path& folder, uint64_t bytes);

}  // namespace qbench::measure
