// A run as the reports see it: its cells with their figures and with names that say what differs
// between them and nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/results/summary.h"
#include "harness/store/store.h"
#include "reports/pace.h"

namespace qbench::reports {

struct Variant {
  const store::CellData* cell;
  const store::DatasetSplit* split;
  results::CellSummary summary;
  std::string quantizer;       // with options: "int8:per_channel=false"
  std::string runtime;         // with options
  std::string dataset;         // "scenes/test"
  std::string name;            // "int8 · 4 threads": the parts that differ between the run's cells
  std::string algorithm;       // the same without the threads
  std::string setup;           // the same without data set and model
  bool noisy = false;          // results::IsNoisy: its times are shown and never win
  Pace pace = Pace::kUnknown;  // against its float variant; kSame: or it is that itself

  bool ok() const;             // everything that was asked for was measured and is valid
  bool latency_valid() const;  // its times may be compared
  std::string status() const;  // "ok", "crashed", "latency invalid", "not measured yet"
};

// Which parts of a cell's name differ within the run.
struct Differences {
  bool model = false;
  bool runtime = false;
  bool threads = false;
  bool dataset = false;
};

// The view of one run. Refers into the RunData, which must outlive it.
struct RunView {
  explicit RunView(const store::RunData& data);

  const store::RunData* data;
  Differences differ;
  std::vector<Variant> variants;  // in the order of the cells
  // Of each variant the place of its float variant (results::FloatCells).
  std::vector<std::optional<size_t>> float_of;
};

// "mbv2_035_96 on scenes/test"; "2 models on scenes/test".
std::string Subject(const RunView& run);

// What is the same in all cells: number of images, runtime, threads.
std::vector<std::string> SharedSetup(const RunView& run);

// When, where and with what: the day, the board, the shared setup, the program's version.
std::vector<std::string> Circumstances(const RunView& run);

std::string Joined(const std::vector<std::string>& parts);  // with " · " between them

}  // namespace qbench::reports
