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

// Names: board.{model, compatible, id, revision}, cpu.{name, features (sorted), cores, governor,
// min_khz, max_khz, cache_kib (the largest of core 0), isolated}, memory.{total_kib, swap_kib},
// page_size, kernel, machine, os, perf_event_paranoid, firmware, firmware.config. board.id is a
// hash of the board's serial number. `root` is another root of the file system, for tests
// (page_size and machine are asked of the kernel in any case).
std::vector<HostFact> ReadHostFacts(const std::filesystem::path& root = "/");

// SHA-256 of what stays the same from boot to boot and from update to update: the board, or the
// machine and its processor; cores, memory, page size.
std::string HostId(const std::vector<HostFact>& facts);

// The value of a fact; empty where it is absent.
std::string FactValue(const std::vector<HostFact>& facts, const std::string& name);

}  // namespace qbench::measure
