// From raw rows to figures: one CellSummary a cell, whose first fields are the columns of the CSV
// report, in their order (an interface: new fields come at the end).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "harness/store/records.h"
#include "harness/store/store.h"

namespace qbench::store {

// An empty optional is "not measured". Fractions are 0 to 1, times milliseconds.
struct CellSummary {
  int64_t run_id = 0;
  std::string model;  // stem
  std::string quantizer;
  std::string quantizer_options;
  std::string runtime;
  std::string runtime_options;
  int32_t threads = 1;
  std::string dataset;
  std::string split;
  Outcome status = Outcome::kNotMeasured;
  Outcome accuracy_status = Outcome::kNotMeasured;
  Outcome latency_status = Outcome::kNotMeasured;
  std::string reason;
  std::optional<int64_t> file_bytes;
  std::string artifact_sha256;
  std::string artifact_path;
  std::optional<double> load_ms;    // median over the processes
  std::optional<double> first_ms;   // median over the processes
  std::optional<double> median_ms;  // median of the process medians
  // Of all samples pooled; none where they are fewer than kMinSamplesForP90.
  std::optional<double> p90_ms;
  // Median absolute deviation of the process medians; none of a single process.
  std::optional<double> mad_ms;
  std::optional<int64_t> samples;
  std::optional<int64_t> processes;  // latency processes that succeeded
  std::optional<int64_t> images;     // images with a prediction
  std::optional<double> top1;        // right / images
  std::optional<double> top1_low;    // Wilson score interval, 95 %
  std::optional<double> top1_high;
  std::optional<double> agreement_with_float;  // same prediction as the float cell, of all images
  std::optional<int64_t> peak_rss_bytes;       // highest of the latency processes
  std::string model_sha256;
  std::string sidecar_sha256;
  std::string dataset_sha256;
  std::string host_id;
  // Additions, after the columns of the first version:
  std::optional<double> top1_difference_to_float;  // top1 minus the float cell's
  std::optional<double> size_ratio_to_float;       // file_bytes / the float cell's
  std::optional<double> median_ratio_to_float;     // median_ms / the float cell's
  std::optional<double> p90_ratio_to_float;
  std::optional<int64_t> outlier_samples;  // |x - median| > 14.826 MAD within a process, summed
  std::string runtime_facts;  // "name: value; …": what the runtime told of this cell alone
  // Of a cell on a runtime that has a delegate and says what it took:
  std::string delegate;                          // its name, "XNNPACK"
  std::optional<int64_t> operators;              // of the artifact
  std::optional<int64_t> undelegated_operators;  // that the delegate left to slower kernels
  std::string undelegated_kinds;                 // "DEPTHWISE_CONV_2D x10; SOFTMAX"
  std::optional<int64_t> partitions;             // stretches of operators that the delegate runs
  std::optional<double> undelegated_macs_share;  // of the multiplications, those not delegated
  std::optional<double> undelegated_time_share;  // of the operators' time, if it was measured
  // The interval of median_ratio_to_float from the medians of the processes of both cells
  // (stats::RatioOfSamples), and the share of such intervals that hold the truth. None for the
  // float cell itself, where a latency is invalid, and where both cells have one process.
  std::optional<double> ratio_low;
  std::optional<double> ratio_high;
  std::optional<double> ratio_confidence;
  // Image by image against the float cell, on the images that both could use; none for itself.
  std::optional<int64_t> images_lost;    // float right, this one wrong
  std::optional<int64_t> images_gained;  // float wrong, this one right
  std::optional<double> loss_p;          // one-sided exact McNemar test (stats::McNemarOneSidedP)
  // Upper bound of the drop in top1 against float, 95 %, one-sided (stats::PairedDropBound).
  std::optional<double> top1_drop_high;
  // Of the artifact and of every measurement, each text once.
  std::vector<std::string> warnings;
};

// Fewer samples name no 90th percentile: MLPerf's loadgen asks for as many.
inline constexpr int64_t kMinSamplesForP90 = 64;

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

// One summary a cell, in the order of run.cells. The float cell of a cell has the baseline quantizer
// and the same model, runtime, runtime options, threads and data set; a cell whose float cell has
// no figure has no ratio. Latency figures of an invalid measurement are given (latency_status says
// that they do not count), but for the interval of the ratio.
std::vector<CellSummary> Summarize(const RunData& run);

// The index in run.cells of the float cell that Summarize compares this one with; a float cell's is
// itself. None where the run has no such cell.
std::optional<size_t> FloatCellOf(const RunData& run, size_t cell_index);

// On how many images two cells of one split differ in being right. Images that either could not use
// are left out.
struct PairedVerdicts {
  int64_t images = 0;
  int64_t lost = 0;    // base right, other wrong
  int64_t gained = 0;  // base wrong, other right
};
PairedVerdicts ComparePaired(const CellData& base, const CellData& other,
                             const DatasetSplit& split);

// What the runtime told about itself when it had run the cell's model: the facts of its last
// latency process, or else of the accuracy; an empty object where neither succeeded. The names are
// the plugin's own; where operators of a faster engine fell back to slow kernels,
// `operators_on_kernels` names them and `time_on_kernels` says their share of the time ("12.5 %").
Json RuntimeFacts(const CellData& cell);

// The cell's accuracy measurement, or null where there is none that succeeded.
const Measurement* AccuracyOf(const CellData& cell);
// The cell's latency measurements that have samples, in the order of repetition.
std::vector<const Measurement*> LatencyOf(const CellData& cell);
// The median of each of those, in milliseconds.
std::vector<double> ProcessMediansMs(const CellData& cell);

std::vector<ClassAccuracy> PerClassAccuracy(const CellData& cell, const DatasetSplit& split);
ConfusionMatrix Confusion(const CellData& cell, const DatasetSplit& split);

template <>
inline constexpr auto kFields<CellSummary> = std::tuple(
    Field{"run_id", &CellSummary::run_id}, Field{"model", &CellSummary::model},
    Field{"quantizer", &CellSummary::quantizer},
    Field{"quantizer_options", &CellSummary::quantizer_options},
    Field{"runtime", &CellSummary::runtime},
    Field{"runtime_options", &CellSummary::runtime_options},
    Field{"threads", &CellSummary::threads}, Field{"dataset", &CellSummary::dataset},
    Field{"split", &CellSummary::split}, Field{"status", &CellSummary::status},
    Field{"accuracy_status", &CellSummary::accuracy_status},
    Field{"latency_status", &CellSummary::latency_status}, Field{"reason", &CellSummary::reason},
    Field{"file_bytes", &CellSummary::file_bytes},
    Field{"artifact_sha256", &CellSummary::artifact_sha256},
    Field{"artifact_path", &CellSummary::artifact_path}, Field{"load_ms", &CellSummary::load_ms},
    Field{"first_ms", &CellSummary::first_ms}, Field{"median_ms", &CellSummary::median_ms},
    Field{"p90_ms", &CellSummary::p90_ms}, Field{"mad_ms", &CellSummary::mad_ms},
    Field{"samples", &CellSummary::samples}, Field{"processes", &CellSummary::processes},
    Field{"images", &CellSummary::images}, Field{"top1", &CellSummary::top1},
    Field{"top1_low", &CellSummary::top1_low}, Field{"top1_high", &CellSummary::top1_high},
    Field{"agreement_with_float", &CellSummary::agreement_with_float},
    Field{"peak_rss_bytes", &CellSummary::peak_rss_bytes},
    Field{"model_sha256", &CellSummary::model_sha256},
    Field{"sidecar_sha256", &CellSummary::sidecar_sha256},
    Field{"dataset_sha256", &CellSummary::dataset_sha256}, Field{"host_id", &CellSummary::host_id},
    Field{"top1_difference_to_float", &CellSummary::top1_difference_to_float},
    Field{"size_ratio_to_float", &CellSummary::size_ratio_to_float},
    Field{"median_ratio_to_float", &CellSummary::median_ratio_to_float},
    Field{"p90_ratio_to_float", &CellSummary::p90_ratio_to_float},
    Field{"outlier_samples", &CellSummary::outlier_samples},
    Field{"runtime_facts", &CellSummary::runtime_facts}, Field{"delegate", &CellSummary::delegate},
    Field{"operators", &CellSummary::operators},
    Field{"undelegated_operators", &CellSummary::undelegated_operators},
    Field{"undelegated_kinds", &CellSummary::undelegated_kinds},
    Field{"partitions", &CellSummary::partitions},
    Field{"undelegated_macs_share", &CellSummary::undelegated_macs_share},
    Field{"undelegated_time_share", &CellSummary::undelegated_time_share},
    Field{"ratio_low", &CellSummary::ratio_low}, Field{"ratio_high", &CellSummary::ratio_high},
    Field{"ratio_confidence", &CellSummary::ratio_confidence},
    Field{"images_lost", &CellSummary::images_lost},
    Field{"images_gained", &CellSummary::images_gained}, Field{"loss_p", &CellSummary::loss_p},
    Field{"top1_drop_high", &CellSummary::top1_drop_high},
    Field{"warnings", &CellSummary::warnings});

}  // namespace qbench::store
