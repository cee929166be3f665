// What this machine is: the facts that belong into the provenance of a run. On boards without a
// file or tool a fact is absent, never made up.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace qbench::measure {

struct HostFact {
  std::string name;
  std::string value;
};

// Names, those that are found in this order: board.model, board.revision, board.compatible,
// cpu.name, cpu.features (sorted), cpu.cores, cpu.governor, cpu.min_khz, cpu.max_khz,
// cpu.isolated, memory.total_kib, page_size, kernel, machine, os, firmware, firmware.config,
// perf_event_paranoid, swap, hostname. `root` is another root of the file system, for tests.
std::vector<HostFact> ReadHostFacts(const std::filesystem::path& root = "/");

// SHA-256 of those facts that stay the same from boot to boot and from update to update: board
// (or machine and processor), processor features, cores, memory and page size.
std::string HostId(const std::vector<HostFact>& facts);

// The value of a fact; empty where it is absent.
std::string FactValue(const std::vector<HostFact>& facts, const std::string& name);

}  // namespace qbench::measure
