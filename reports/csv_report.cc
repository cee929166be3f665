#include <optional>
#include <string>
#include <utility>

#include "harness/results/profile_summary.h"
#include "harness/results/summary.h"
#include "reports/csv_rows.h"
#include "reports/csv_text.h"
#include "reports/reports.h"

namespace qbench::reports {
namespace {

using results::CellSummary;

// None where it has no value.
std::optional<double> Rate(double amount, double time) {
  return time > 0 ? std::optional(amount / time) : std::nullopt;
}

// The header of a CSV with several rows a cell.
template <typename Record>
std::string HeaderWithin() {
  CsvRow header;
  header.AddNames<CellSummary>(store::kNamesCell);
  header.AddNames<Record>();
  return std::move(header).Finish();
}

template <typename Record>
std::string RowWithin(const CellSummary& cell, const Record& record) {
  CsvRow row;
  row.AddValues(cell, store::kNamesCell);
  row.AddValues(record);
  return std::move(row).Finish();
}

}  // namespace

std::string CsvReport(const Runs& runs) {
  CsvRow header;
  header.AddNames<CellSummary>();
  std::string out = std::move(header).Finish();
  for (const store::RunData& run : runs) {
    for (const CellSummary& summary : results::Summarize(run)) {
      CsvRow row;
      row.AddValues(summary);
      out += std::move(row).Finish();
    }
  }
  return out;
}

std::string CsvPredictions(const Runs& runs) {
  std::string out = HeaderWithin<PredictedImage>();
  for (const store::RunData& run : runs) {
    const auto summaries = results::Summarize(run);
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const store::Measurement* accuracy = results::AccuracyOf(run.cells[i]);
      if (accuracy == nullptr) continue;
      const store::DatasetSplit& split = run.splits.at(run.cells[i].cell.split_id);
      for (size_t j = 0; j < split.images.size(); ++j) {
        const store::Image& image = split.images[j];
        const int32_t predicted = accuracy->predictions[j];
        PredictedImage row{.image = image.path,
                           .label = split.labels[static_cast<size_t>(image.label)],
                           .predicted = {},
                           .confidence = {}};
        if (predicted >= 0) {
          row.predicted = split.labels[static_cast<size_t>(predicted)];
          row.confidence = accuracy->confidences[j];
        }
        out += RowWithin(summaries[i], row);
      }
    }
  }
  return out;
}

std::string CsvProfile(const Runs& runs) {
  std::string out = HeaderWithin<ProfiledOperator>();
  for (const store::RunData& run : runs) {
    const auto summaries = results::Summarize(run);
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const store::Measurement* profile = results::ProfileOf(run.cells[i]);
      if (profile == nullptr) continue;
      const double total_us = results::ProfiledMicroseconds(*profile);
      for (const store::OperatorProfile& one : profile->operators) {
        const double bytes = static_cast<double>(one.bytes_read + one.bytes_written);
        out += RowWithin(summaries[i],
                         ProfiledOperator{one, summaries[i].delegate, Rate(one.median_us, total_us),
                                          Rate(static_cast<double>(one.macs) / 1000, one.median_us),
                                          Rate(bytes / 1000, one.median_us)});
      }
    }
  }
  return out;
}

}  // namespace qbench::reports
