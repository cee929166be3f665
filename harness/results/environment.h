// What differs between the circumstances of two sides, and what of it could explain a difference.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/results/comparison_side.h"
#include "harness/store/field_table.h"

namespace qbench::results {

// A fact that the two sides do not share. A side with several values (a database of several runs)
// has them all, with ", " between them.
struct FactDifference {
  std::string area;  // "machine", "conditions", "programs", "inputs", "settings", "run"
  std::string name;  // "cpu.governor", "litert, engine", "models, intel-cnn"
  std::string base;
  std::string now;
  // What it can change: of "size", "latency", "accuracy", with ", " between them; empty: nothing
  // that is measured.
  std::string can_explain;
};

// The differences of the runs that the cells are of. First those that can explain what is named in
// `found` (of "size", "latency", "accuracy"), then those that can explain something, then the rest;
// within each from the inputs and programs to the machine, its conditions and the settings. `known`
// are differences that the caller found, which are put in their places.
std::vector<FactDifference> CompareEnvironments(const Side& base, const Side& now,
                                                const std::vector<std::string>& found,
                                                std::vector<FactDifference> known = {});

// Why latencies of the two runs are not to be compared: they are of another board model, processor,
// number of cores or architecture. "Raspberry Pi 4 Model B against Raspberry Pi 5 Model B"; empty:
// they may be. What a run does not know of its machine speaks against nothing.
std::string OtherBoard(const store::Run& base, const store::Run& now);

}  // namespace qbench::results

namespace qbench::store {

template <>
inline constexpr auto kFields<results::FactDifference> = std::tuple{
    Field{"area", &results::FactDifference::area, "",
          "`inputs`, `programs`, `machine`, `conditions`, `settings` or `run`"},
    Field{"name", &results::FactDifference::name, "", "what differs: `cpu.governor`"},
    Field{"base", &results::FactDifference::base, "", "on the base; empty: it has none"},
    Field{"new", &results::FactDifference::now, "", "on the new side"},
    Field{"can_explain", &results::FactDifference::can_explain, "",
          "which figures it can change: `size`, `latency`, `accuracy`, with `, ` between them"},
};

}  // namespace qbench::store
