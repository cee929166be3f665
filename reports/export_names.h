// Names and figures of cells for programs that follow them from run to run. Internal to reports.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/reports.h"
#include "reports/variants.h"

namespace qbench::reports {

// "mobilenetv2-035-96/int8:io=int8/litert/threads:1": the same for the same combination in every
// run, so that files of different runs compare; with `run`, which tells runs in one file apart,
// "run:12/" before it.
std::string BenchmarkName(const Variant& variant, bool with_run);

// Such names with the data set behind them, no two of them the same: the second of two cells that
// are called alike has "#2" behind it.
class UniqueNames {
 public:
  explicit UniqueNames(const Runs& runs) : with_run_(runs.size() > 1) {}
  std::string Of(const Variant& variant);

 private:
  bool with_run_;
  std::set<std::string> taken_;
};

// What a cell's fresh processes measured. None where it may not be compared: there is none, it is
// invalid, or it is no number.
struct ExportedLatency {
  double median_ms = 0;
  double low_ms = 0;  // the least and the largest of the processes' medians
  double high_ms = 0;
};
std::optional<ExportedLatency> LatencyToExport(const Variant& variant);

}  // namespace qbench::reports
