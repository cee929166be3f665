#include <cmath>
#include <string>
#include <type_traits>

#include "fmt/format.h"
#include "harness/results/profile_summary.h"
#include "harness/results/summary.h"
#include "reports/reports.h"

namespace qbench::reports {
namespace {

// RFC 4180, section 2: a field with a comma, a quote or a line break stands in quotes, and its
// quotes are doubled.
std::string Text(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
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

// Appends the fields, with commas between them.
template <typename... Fields>
void AppendRow(std::string* out, const Fields&... fields) {
  bool first = true;
  ((*out += first ? "" : ",", *out += Text(fields), first = false), ...);
  *out += "\n";
}

}  // namespace

std::string CsvReport(const Runs& runs) {
  std::string out;
  std::apply([&](const auto&... field) { AppendRow(&out, std::string_view(field.name)...); },
             store::kFields<store::CellSummary>);
  for (const store::RunData& run : runs) {
    for (const store::CellSummary& summary : store::Summarize(run)) {
      std::apply([&](const auto&... field) { AppendRow(&out, summary.*field.member...); },
                 store::kFields<store::CellSummary>);
    }
  }
  return out;
}

std::string CsvPredictions(const Runs& runs) {
  std::string out =
      "run_id,model,quantizer,quantizer_options,runtime,runtime_options,threads,dataset,split,"
      "image,label,predicted,confidence\n";
  for (const store::RunData& run : runs) {
    const auto summaries = store::Summarize(run);
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const store::Measurement* accuracy = store::AccuracyOf(run.cells[i]);
      if (accuracy == nullptr) continue;
      const store::CellSummary& cell = summaries[i];
      const store::DatasetSplit& split = run.splits.at(run.cells[i].cell.split_id);
      for (size_t j = 0; j < split.images.size(); ++j) {
        const store::Image& image = split.images[j];
        const int32_t predicted = accuracy->predictions[j];
        const bool used = predicted >= 0;
        AppendRow(&out, cell.run_id, cell.model, cell.quantizer, cell.quantizer_options,
                  cell.runtime, cell.runtime_options, cell.threads, cell.dataset, cell.split,
                  image.path, split.labels[static_cast<size_t>(image.label)],
                  used ? split.labels[static_cast<size_t>(predicted)] : std::string(),
                  used ? std::optional(accuracy->confidences[j]) : std::nullopt);
      }
    }
  }
  return out;
}

std::string CsvProfile(const Runs& runs) {
  std::string out =
      "run_id,model,quantizer,quantizer_options,runtime,runtime_options,threads,dataset,split,"
      "op,kind,name,input_type,weight_type,output_type,steps,delegate,partition,median_us,share,"
      "macs,bytes_read,bytes_written,gmacs_per_s,gbytes_per_s\n";
  for (const store::RunData& run : runs) {
    const auto summaries = store::Summarize(run);
    for (size_t i = 0; i < run.cells.size(); ++i) {
      const store::Measurement* profile = store::ProfileOf(run.cells[i]);
      if (profile == nullptr) continue;
      const store::CellSummary& cell = summaries[i];
      const double total_us = store::ProfiledMicroseconds(*profile);
      for (const store::OperatorProfile& row : profile->operators) {
        const double bytes = static_cast<double>(row.bytes_read + row.bytes_written);
        AppendRow(&out, cell.run_id, cell.model, cell.quantizer, cell.quantizer_options,
                  cell.runtime, cell.runtime_options, cell.threads, cell.dataset, cell.split,
                  row.op, row.kind, row.name, row.input_type, row.weight_type, row.output_type,
                  row.steps, cell.delegate, row.partition, row.median_us,
                  Rate(row.median_us, total_us), row.macs, row.bytes_read, row.bytes_written,
                  Rate(static_cast<double>(row.macs) / 1000, row.median_us),
                  Rate(bytes / 1000, row.median_us));
      }
    }
  }
  return out;
}

}  // namespace qbench::reports
