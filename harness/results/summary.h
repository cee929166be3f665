// From raw rows to figures: one CellSummary a cell. Its field table is the one list of what is said
// of a cell: the columns of the CSV report and the keys of a cell in JSON in their order (an
// interface: new fields come at the end), the columns of the tables that people read, and
// docs/formats.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/json.h"
#include "harness/store/records.h"
#include "harness/store/store.h"

namespace qbench::results {

// What each field means stands in its row below. An empty optional is "not measured". Fractions are
// 0 to 1, times milliseconds.
struct CellSummary {
  int64_t run_id = 0;
  std::string model;
  std::string quantizer;
  std::string quantizer_options;
  std::string runtime;
  std::string runtime_options;
  int32_t threads = 1;
  std::string dataset;
  std::string split;
  store::Outcome status = store::Outcome::kNotMeasured;
  store::Outcome accuracy_status = store::Outcome::kNotMeasured;
  store::Outcome latency_status = store::Outcome::kNotMeasured;
  std::string reason;
  std::optional<int64_t> file_bytes;
  std::string artifact_sha256;
  std::string artifact_path;
  std::optional<double> load_ms;
  std::optional<double> first_ms;
  std::optional<double> median_ms;
  std::optional<double> p90_ms;
  std::optional<double> mad_ms;
  std::optional<int64_t> samples;
  std::optional<int64_t> processes;
  std::optional<int64_t> images;
  std::optional<double> top1;
  std::optional<double> top1_low;
  std::optional<double> top1_high;
  std::optional<double> agreement_with_float;
  std::optional<int64_t> peak_rss_bytes;
  std::string model_sha256;
  std::string sidecar_sha256;
  std::string dataset_sha256;
  std::string host_id;
  std::optional<double> top1_difference_to_float;
  std::optional<double> size_ratio_to_float;
  std::optional<double> median_ratio_to_float;
  std::optional<double> p90_ratio_to_float;
  std::optional<int64_t> outlier_samples;
  std::string runtime_facts;
  std::string delegate;
  std::optional<int64_t> operators;
  std::optional<int64_t> undelegated_operators;
  std::string undelegated_kinds;
  std::optional<int64_t> partitions;
  std::optional<double> undelegated_macs_share;
  std::optional<double> undelegated_time_share;
  std::optional<double> ratio_low;
  std::optional<double> ratio_high;
  std::optional<double> ratio_confidence;
  std::optional<int64_t> images_lost;
  std::optional<int64_t> images_gained;
  std::optional<double> loss_p;
  std::optional<double> top1_drop_high;
  std::vector<std::string> warnings;
  std::optional<double> min_ms;
  std::optional<double> mean_ms;
  std::optional<double> p95_ms;
  std::optional<double> p99_ms;
  std::optional<double> fps;
};

// Fewer samples name no such percentile. MLPerf's loadgen asks for 64 and 662: the fewest of which
// at least two lie beyond the percentile p with a probability of 99 %,
//   p^n + n p^(n-1) (1-p) <= 0.01
// (its "early stopping"), which for the 95th gives 130.
inline constexpr int64_t kMinSamplesForP90 = 64;
inline constexpr int64_t kMinSamplesForP95 = 130;
inline constexpr int64_t kMinSamplesForP99 = 662;

// What the interval of a ratio of latencies is asked to cover; few processes cover less.
inline constexpr double kRatioConfidence = 0.99;

// One class of a confusion matrix.
struct ClassAccuracy {
  std::string label;
  int64_t images = 0;  // of this label, with a prediction
  int64_t right = 0;
};

// confusion[label][predicted]: counts. Empty where accuracy was not measured.
using ConfusionMatrix = std::vector<std::vector<int64_t>>;

// One summary a cell, in the order of run.cells. The float cell of a cell has the baseline
// quantizer and the same model, runtime, runtime options, threads and data set; a cell whose float
// cell has no figure has no ratio. Latency figures of an invalid measurement are given
// (latency_status says that they do not count), but for the interval of the ratio.
std::vector<CellSummary> Summarize(const store::RunData& run);

// The index in run.cells of the float cell that Summarize compares this one with; a float cell's is
// itself. None where the run has no such cell.
std::optional<size_t> FloatCellOf(const store::RunData& run, size_t cell_index);

// The same of every cell, in the order of run.cells.
std::vector<std::optional<size_t>> FloatCells(const store::RunData& run);

// Whether its quantizer leaves the model as it is.
bool IsFloatCell(const store::RunData& run, const store::CellData& cell);

// On how many images two cells of one split differ in being right. Images that either could not use
// are left out.
struct PairedVerdicts {
  int64_t images = 0;
  int64_t lost = 0;    // base right, other wrong
  int64_t gained = 0;  // base wrong, other right
};
PairedVerdicts ComparePaired(const store::CellData& base, const store::CellData& other,
                             const store::DatasetSplit& split);

// What the runtime told about itself when it had run the cell's model: the facts of its last
// latency process, or else of the accuracy; an empty object where neither succeeded. The names are
// the plugin's own; where operators of a faster engine fell back to slow kernels,
// `operators_on_kernels` names them and `time_on_kernels` says their share of the time ("12.5 %").
Json RuntimeFacts(const store::CellData& cell);

// Of the samples of one of the cell's measurements, which a run that was read in short
// (reduced_run.h) no longer has: how many there are, their median in nanoseconds, and how many lie
// further than 14.826 median absolute deviations from it.
int64_t SampleCount(const store::CellData& cell, const store::Measurement& process);
double MedianNs(const store::CellData& cell, const store::Measurement& process);
int64_t OutlierCount(const store::CellData& cell, const store::Measurement& process);
// What the samples of all of the cell's latency processes come to; zeros where there are none.
store::PooledSamples Pool(const store::CellData& cell);

// The cell's accuracy measurement, or null where there is none that succeeded.
const store::Measurement* AccuracyOf(const store::CellData& cell);
// The cell's latency measurements that have samples, in the order of repetition.
std::vector<const store::Measurement*> LatencyOf(const store::CellData& cell);
// The median of each of those, in milliseconds.
std::vector<double> ProcessMediansMs(const store::CellData& cell);

std::vector<ClassAccuracy> PerClassAccuracy(const store::CellData& cell,
                                            const store::DatasetSplit& split);
ConfusionMatrix Confusion(const store::CellData& cell, const store::DatasetSplit& split);

// In which of the reports' tables a figure is a column.
enum class Table {
  kNone,     // in none: it stands in the CSV and in JSON alone
  kResults,  // the main table of a run, in HTML, Markdown and the terminal
  kLatency,  // "Latency in detail" of the HTML page
};

// How such a column writes its figure (reports/figure_columns.h).
enum class Style {
  kCount,
  kSignificant,  // three digits
  kMilliseconds,
  kMegabytes,  // of bytes
  kPercent,    // of a fraction
  kPoints,     // a difference of fractions, in percentage points
  kRatio,
  kPercentOfMedian,       // of median_ms
  kTop1Interval,          // top1_low to top1_high
  kLatencyRatio,          // the ratio, or "tie" and the like where the processes do not tell it
  kLatencyRatioInterval,  // ratio_low to ratio_high
};

// A figure as a column of a table that people read.
struct Shown {
  Table table = Table::kNone;
  int place = 0;  // columns stand in the order of their places; those of a table differ
  const char* title = "";
  Style style = Style::kCount;
  // A sentence without its full stop, for a tooltip; it has none of HTML's special characters.
  const char* explanation = "";
  // Where there is little room (the closing table), the columns with the highest numbers are left
  // out first; 0: never.
  int leave_out = 0;
};

template <typename Value>
struct Figure : store::Field<CellSummary, Value> {
  constexpr Figure(const char* field_name, Value CellSummary::*field_member, const char* field_unit,
                   const char* field_meaning, Shown field_shown = {})
      : store::Field<CellSummary, Value>(field_name, field_member, field_unit, field_meaning),
        shown(field_shown) {}

  Shown shown;
};

}  // namespace qbench::results

// A specialization stands in its template's namespace.
namespace qbench::store {

template <>
inline constexpr auto kFields<results::CellSummary> = [] {
  using results::CellSummary;
  using results::Figure;
  using results::Shown;
  using results::Style;
  using results::Table;
  return std::tuple{
      Field{"run_id", &CellSummary::run_id, "", "number of the run in this database", kNamesCell},
      Field{"model", &CellSummary::model, "", "the model file's stem", kNamesCell},
      Field{"quantizer", &CellSummary::quantizer, "", "canonical name of the quantizer",
            kNamesCell},
      Field{"quantizer_options", &CellSummary::quantizer_options, "",
            "its options, as on the command line: `calibration=percentile:per_channel=false`; an "
            "alias stands among them (`alias=DEFAULT:hybrid=all`). A row of the preset `tf24` for "
            "the model's own file has quantizer `source` and runtime `none`",
            kNamesCell},
      Field{"runtime", &CellSummary::runtime, "", "name of the runtime", kNamesCell},
      Field{"runtime_options", &CellSummary::runtime_options, "", "its options", kNamesCell},
      Field{"threads", &CellSummary::threads, "", "threads of one inference", kNamesCell},
      Field{"dataset", &CellSummary::dataset, "", "name of the data set", kNamesCell},
      Field{"split", &CellSummary::split, "", "the split that was measured, usually `test`",
            kNamesCell},
      Field{"status", &CellSummary::status, "",
            "`ok`, `unsupported`, `failed`, `crashed`, `timeout`; empty: not reached yet"},
      Field{"accuracy_status", &CellSummary::accuracy_status, "",
            "the same, for accuracy, or `invalid`: the artifact is for timing alone "
            "(`calibration=dummy`), so there is no `top1`"},
      Field{"latency_status", &CellSummary::latency_status, "",
            "the same, or `invalid`: measured, but the board was not fit (throttled, swapping)"},
      Field{
          "reason", &CellSummary::reason, "",
          "why a status is not `ok`, one line; several causes (a made up range, a hot board) stand "
          "one after the other with `; ` between them"},
      Figure{"file_bytes", &CellSummary::file_bytes, "bytes", "size of the artifact",
             Shown{Table::kResults, 10, "size MB", Style::kMegabytes,
                   "Size of the .tflite file, in millions of bytes"}},
      Field{"artifact_sha256", &CellSummary::artifact_sha256, "", "hash of the artifact"},
      Field{"artifact_path", &CellSummary::artifact_path, "", "where it lies"},
      Figure{"load_ms", &CellSummary::load_ms, "ms",
             "from the artifact's bytes to a model that is ready to run; median over the processes",
             Shown{Table::kLatency, 10, "load ms", Style::kMilliseconds,
                   "From the file's bytes to a model that is ready to run"}},
      Figure{"first_ms", &CellSummary::first_ms, "ms",
             "the first inference; median over the processes",
             Shown{Table::kLatency, 20, "first ms", Style::kMilliseconds, "The first inference"}},
      Figure{"median_ms", &CellSummary::median_ms, "ms", "median of the process medians",
             Shown{Table::kResults, 30, "median ms", Style::kMilliseconds,
                   "Latency: median of the process medians"}},
      Figure{"p90_ms", &CellSummary::p90_ms, "ms",
             "90th percentile of all samples pooled, linear interpolation (definition 7 of Hyndman "
             "and Fan, as NumPy's default); empty where they are fewer than 64",
             Shown{Table::kResults, 40, "p90 ms", Style::kMilliseconds,
                   "Latency: 90th percentile of all samples", 4}},
      Figure{
          "mad_ms", &CellSummary::mad_ms, "ms",
          "median absolute deviation of the process medians, not scaled; empty of a single process",
          Shown{Table::kLatency, 30, "MAD %", Style::kPercentOfMedian,
                "Median absolute deviation of the process medians, in per cent of the median"}},
      Figure{"samples", &CellSummary::samples, "", "latency samples of all processes",
             Shown{Table::kLatency, 40, "samples", Style::kCount, "Samples of all processes"}},
      Field{"processes", &CellSummary::processes, "", "fresh processes that measured latency"},
      Field{"images", &CellSummary::images, "",
            "images with a prediction; broken images have none"},
      Figure{
          "top1", &CellSummary::top1, "fraction",
          "predictions that equal the label, of `images`; of equal scores the lowest class index "
          "wins",
          Shown{Table::kResults, 70, "top-1 %", Style::kPercent,
                "Share of the images whose best class is the label", 1}},
      Figure{"top1_low", &CellSummary::top1_low, "fraction",
             "lower end of the Wilson score interval of `top1`, 95 %",
             Shown{Table::kResults, 80, "top-1 interval", Style::kTop1Interval,
                   "Wilson score interval of top-1, 95 %", 5}},
      Field{"top1_high", &CellSummary::top1_high, "fraction", "upper end of that interval"},
      Figure{"agreement_with_float", &CellSummary::agreement_with_float, "fraction",
             "images on which the prediction equals that of the `float` cell of the same model, "
             "runtime, options, threads and split",
             Shown{Table::kResults, 100, "agree %", Style::kPercent,
                   "Share of the images on which it predicts what float predicts"}},
      Figure{"peak_rss_bytes", &CellSummary::peak_rss_bytes, "bytes",
             "highest resident set of the latency processes",
             Shown{Table::kLatency, 60, "memory MB", Style::kMegabytes,
                   "Highest resident set of the latency processes, in millions of bytes"}},
      Field{"model_sha256", &CellSummary::model_sha256, "", "hash of the model file"},
      Field{"sidecar_sha256", &CellSummary::sidecar_sha256, "",
            "hash of its sidecar; empty: it has none"},
      Field{"dataset_sha256", &CellSummary::dataset_sha256, "",
            "hash of the split's labels, paths and images"},
      Field{"host_id", &CellSummary::host_id, "", "hash of the host's stable facts"},
      Figure{"top1_difference_to_float", &CellSummary::top1_difference_to_float, "fraction",
             "`top1` minus that of the `float` cell",
             Shown{Table::kResults, 90, "vs float", Style::kPoints,
                   "Top-1 minus float's, in percentage points"}},
      Figure{"size_ratio_to_float", &CellSummary::size_ratio_to_float, "ratio",
             "`file_bytes` divided by the `float` cell's",
             Shown{Table::kResults, 20, "size ×", Style::kRatio, "Size divided by the float file's",
                   3}},
      Figure{"median_ratio_to_float", &CellSummary::median_ratio_to_float, "ratio",
             "`median_ms` divided by the `float` cell's",
             Shown{Table::kResults, 50, "time ×", Style::kLatencyRatio,
                   "Median latency divided by float's, same runtime and threads"}},
      Field{"p90_ratio_to_float", &CellSummary::p90_ratio_to_float, "ratio",
            "`p90_ms` divided by the `float` cell's"},
      Figure{"outlier_samples", &CellSummary::outlier_samples, "",
             "samples further than 14.826 median absolute deviations from their process's median",
             Shown{Table::kLatency, 50, "outliers", Style::kCount,
                   "Samples further than 14.826 MAD from their process's median"}},
      Field{
          "runtime_facts", &CellSummary::runtime_facts, "",
          "what the runtime told when it had run this model, `name: value; name: value`: "
          "`operators_on_xnnpack: 64 in 1 subgraphs; operators_on_kernels: SOFTMAX x1; "
          "time_on_kernels: 0.4 %` (`docs/runtimes.md`). What it tells of every model stands with "
          "the plugin"},
      Field{"delegate", &CellSummary::delegate, "",
            "of a cell on a runtime that has a delegate, its name: `XNNPACK`; the next six too are "
            "of such cells alone ([profiling](profiling.md))"},
      Field{"operators", &CellSummary::operators, "", "operators of the artifact"},
      Field{"undelegated_operators", &CellSummary::undelegated_operators, "",
            "those that the delegate left to the runtime's own kernels"},
      Field{"undelegated_kinds", &CellSummary::undelegated_kinds, "",
            "which: `DEPTHWISE_CONV_2D x10; SOFTMAX`"},
      Field{"partitions", &CellSummary::partitions, "",
            "stretches of operators that the delegate runs"},
      Field{"undelegated_macs_share", &CellSummary::undelegated_macs_share, "fraction",
            "of the multiplications, those of operators that were not delegated"},
      Field{"undelegated_time_share", &CellSummary::undelegated_time_share, "fraction",
            "of the operators' time, theirs; where it was measured (`--profile`)"},
      Figure{
          "ratio_low", &CellSummary::ratio_low, "ratio",
          "lower end of the interval of `median_ratio_to_float`, from the medians of the "
          "processes of both cells (below); empty for the `float` cell itself, where a latency is "
          "invalid, and where both have one process",
          Shown{Table::kResults, 60, "time × interval", Style::kLatencyRatioInterval,
                "Of that ratio, from the medians of the processes of both", 2}},
      Field{"ratio_high", &CellSummary::ratio_high, "ratio", "upper end of that interval"},
      Field{
          "ratio_confidence", &CellSummary::ratio_confidence, "fraction",
          "the share of such intervals that hold the truth, where nothing but chance lies between "
          "processes: 0.99 or more with five processes a cell, 0.9 with three, 0.667 with two"},
      Field{"images_lost", &CellSummary::images_lost, "",
            "images on which the `float` cell is right and this one wrong; empty for the `float` "
            "cell itself"},
      Field{"images_gained", &CellSummary::images_gained, "", "the reverse"},
      Field{"loss_p", &CellSummary::loss_p, "fraction",
            "one-sided exact McNemar test of these two: small where a loss is more than chance"},
      Field{"top1_drop_high", &CellSummary::top1_drop_high, "fraction",
            "upper bound of the drop of `top1` against the `float` cell, 95 %, one-sided (Tango's "
            "score test for paired proportions): not to show a loss is not to have none"},
      Field{"warnings", &CellSummary::warnings, "",
            "what the plugins warned of, of the artifact and of all measurements, each text once, "
            "with `; ` between them"},
      Figure{"min_ms", &CellSummary::min_ms, "ms", "the shortest of all samples",
             Shown{Table::kLatency, 22, "min ms", Style::kMilliseconds,
                   "The shortest of the samples of all processes"}},
      Figure{"mean_ms", &CellSummary::mean_ms, "ms", "mean of all samples pooled",
             Shown{Table::kLatency, 24, "mean ms", Style::kMilliseconds,
                   "Mean of the samples of all processes"}},
      Figure{"p95_ms", &CellSummary::p95_ms, "ms",
             "95th percentile of all samples pooled, as `p90_ms`; empty where they are fewer than "
             "130",
             Shown{Table::kLatency, 26, "p95 ms", Style::kMilliseconds,
                   "95th percentile of the samples of all processes; of at least 130"}},
      Figure{"p99_ms", &CellSummary::p99_ms, "ms",
             "99th percentile, the same way; empty where they are fewer than 662",
             Shown{Table::kLatency, 28, "p99 ms", Style::kMilliseconds,
                   "99th percentile of the samples of all processes; of at least 662"}},
      Figure{"fps", &CellSummary::fps, "1/s",
             "inferences a second, one after the other: 1000 / "
             "`median_ms`",
             Shown{Table::kResults, 45, "FPS", Style::kSignificant,
                   "Inferences a second, one after the other, at the median latency", 6}},
  };
}();

}  // namespace qbench::store
