#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "harness/results/profile_summary.h"
#include "harness/results/summary.h"
#include "reports/csv_rows.h"
#include "reports/reports.h"

namespace qbench::reports {
namespace {

using results::CellSummary;

// A spreadsheet takes a text that begins so for a formula, and runs it.
bool IsFormula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
}

// RFC 4180, section 2: a field with a comma, a quote or a line break stands in quotes, and its
// quotes are doubled. Before what would be a formula stands an apostrophe, as OWASP's page on CSV
// injection advises.
std::string Text(std::string_view text) {
  const std::string shown = (IsFormula(text) ? "'" : "") + std::string(text);
  if (shown.find_first_of(",\"\r\n") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (char c : shown) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Text(const std::string& text) { return Text(std::string_view(text)); }
std::string Text(const std::vector<std::string>& texts) {
  return Text(fmt::format("{}", fmt::join(texts, "; ")));
}
std::string Text(store::Outcome outcome) { return Text(Name(outcome)); }
std::string Text(int32_t number) { return std::to_string(number); }
std::string Text(int64_t number) { return std::to_string(number); }
// The shortest text that reads back as the same number.
std::string Text(float number) { return std::isfinite(number) ? fmt::format("{}", number) : ""; }
std::string Text(double number) { return std::isfinite(number) ? fmt::format("{}", number) : ""; }
template <typename T>
std::string Text(const std::optional<T>& value) {
  return value ? Text(*value) : "";
}

// None where it has no value.
std::optional<double> Rate(double amount, double time) {
  return time > 0 ? std::optional(amount / time) : std::nullopt;
}

// A row of fields, which are written with commas between them.
class Row {
 public:
  template <typename T>
  void Add(const T& value) {
    text_ += (empty_ ? "" : ",") + Text(value);
    empty_ = false;
  }
  // The names of the columns that the record's table has, of those with all `traits`.
  template <typename Record>
  void AddNames(unsigned traits = store::kPlain) {
    store::ForEachRow<Record>([&](const auto& row) {
      if ((row.traits & traits) == traits) Add(std::string_view(row.name));
    });
  }
  // The record's values, in the same order.
  template <typename Record>
  void AddValues(const Record& record, unsigned traits = store::kPlain) {
    store::ForEachRow<Record>([&](const auto& row) {
      if ((row.traits & traits) == traits) Add(record.*row.member);
    });
  }
  std::string Finish() && { return std::move(text_) + "\n"; }

 private:
  std::string text_;
  bool empty_ = true;
};

// The header of a CSV with several rows a cell.
template <typename Record>
std::string HeaderWithin() {
  Row header;
  header.AddNames<CellSummary>(store::kNamesCell);
  header.AddNames<Record>();
  return std::move(header).Finish();
}

template <typename Record>
std::string RowWithin(const CellSummary& cell, const Record& record) {
  Row row;
  row.AddValues(cell, store::kNamesCell);
  row.AddValues(record);
  return std::move(row).Finish();
}

}  // namespace

std::string CsvReport(const Runs& runs) {
  Row header;
  header.AddNames<CellSummary>();
  std::string out = std::move(header).Finish();
  for (const store::RunData& run : runs) {
    for (const CellSummary& summary : results::Summarize(run)) {
      Row row;
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
