// Two sides cell by cell: which cells belong together, what their figures say, which images changed
// their class, and the answer to the question whether the new side is worse. Pure functions over
// loaded runs; any thread. docs/comparing.md has the rules.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "harness/results/comparison_side.h"
#include "harness/results/environment.h"
#include "harness/results/judgement.h"
#include "harness/store/field_table.h"

namespace qbench::results {

// How a cell of one side found its counterpart. In every format by its name.
enum class Pairing {
  kSame,      // "same": model, quantizer, runtime, both with their options, threads and split
  kOptions,   // "options": all but the options, and neither side has another such cell left
  kChosen,    // "chosen": the quantizers or runtimes were named for it
  kBaseOnly,  // "base only": the new side has none
  kNewOnly,   // "new only"
};
std::string_view Name(Pairing value);

// What each field means stands in its row below. Empty: not measured, or there is no such side.
// Fractions are 0 to 1, times milliseconds.
struct CellComparison {
  Judgement judgement = Judgement::kNone;
  Pairing pairing = Pairing::kSame;
  std::optional<int64_t> base_run_id;
  std::optional<int64_t> new_run_id;
  std::string model;
  std::string quantizer;
  std::string base_quantizer_options;
  std::string new_quantizer_options;
  std::string runtime;
  std::string base_runtime_options;
  std::string new_runtime_options;
  int32_t threads = 1;
  std::string dataset;
  std::string split;
  std::string base_status;
  std::string new_status;
  Judgement size_judgement = Judgement::kNone;
  std::optional<int64_t> base_file_bytes;
  std::optional<int64_t> new_file_bytes;
  std::optional<int64_t> grown_bytes;
  std::string base_artifact_sha256;
  std::string new_artifact_sha256;
  Judgement latency_judgement = Judgement::kNone;
  std::optional<double> base_median_ms;
  std::optional<double> new_median_ms;
  std::optional<double> latency_ratio;
  std::optional<double> latency_ratio_low;
  std::optional<double> latency_ratio_high;
  std::optional<double> latency_ratio_confidence;
  std::string latency_test;
  std::optional<int64_t> base_processes;
  std::optional<int64_t> new_processes;
  std::optional<double> slower_p;
  std::optional<double> slower_p_adjusted;
  std::optional<double> faster_p;
  std::optional<double> faster_p_adjusted;
  Judgement accuracy_judgement = Judgement::kNone;
  std::optional<int64_t> images;
  std::optional<double> base_top1;
  std::optional<double> new_top1;
  std::optional<double> top1_drop;
  std::optional<double> top1_drop_high;
  std::optional<int64_t> images_lost;
  std::optional<int64_t> images_gained;
  std::optional<int64_t> images_flipped;
  std::optional<double> loss_p;
  std::optional<int64_t> base_peak_rss_bytes;
  std::optional<int64_t> new_peak_rss_bytes;
  std::string new_quantizer;
  std::string new_runtime;
  std::optional<double> latency_floor;
};

// An image that the two sides put into different classes. Indices are those of the split.
struct Flip {
  size_t image = 0;
  int32_t base_class = 0;
  int32_t new_class = 0;
  float base_confidence = 0;
  float new_confidence = 0;
};

// Those the base had right first, then those that it alone had wrong, then the others; within each
// the ones that the new side is surest of first. Images that either could not use are left out.
// Both cells have an accuracy (AccuracyOf) on this split.
std::vector<Flip> FlipsBetween(const store::CellData& base, const store::CellData& now,
                               const store::DatasetSplit& split);

// A pair of cells, or one cell without a counterpart.
struct CellPair {
  std::optional<Side::CellRef> base;
  std::optional<Side::CellRef> now;
  CellComparison figures;
  // FlipsBetween the two; empty where the images are not the same.
  std::vector<Flip> flips;
  bool too_few = false;  // processes to call any difference of latencies
  bool noisy = false;    // the processes of a side disagree (reports call that noisy, too)
};

enum class Answer {
  kNoRegression,  // "no regression"
  kRegression,    // "regression"
  kCannotTell,    // "cannot tell"
};
std::string_view Name(Answer value);

struct Comparison {
  const Side* base = nullptr;
  const Side* now = nullptr;
  Limits limits;
  std::vector<CellPair>
      pairs;  // in the order of the base's cells, then those of the new side alone
  std::vector<FactDifference> differences;  // what could explain a difference first
  // Where the latencies of a pair are given side by side and not judged: the first such pair's two
  // boards, "Raspberry Pi 4 Model B Rev 1.4 against Raspberry Pi 5 Model B Rev 1.0".
  std::string other_boards;
  size_t latency_cells = 0;  // whose latencies were tested, one family
  Answer answer = Answer::kNoRegression;
};

// Which names were given to choose the cells of either side; then cells are paired without those.
struct PairBy {
  bool quantizer = true;
  bool runtime = true;
};

// Refers to both sides, which must outlive it. Processes of one series (SeriesOf) are taken as
// measured in pairs, by their repetition.
//   kRegression    something is worse: a size, a latency, an accuracy, or a cell that worked fails
//   kCannotTell    else, where the sides have no cell in common; where of sizes, latencies or
//                  accuracies that both sides measured none could be judged (all are invalid, or of
//                  other images); or where a latency looks worse and the processes do not settle
//                  it: they are too few, or differ by as much among themselves
//   kNoRegression  else
// `floors`: cells, by the new side's key, that have a floor of their own (LatencyEvidence::floor).
Comparison Compare(const Side& base, const Side& now, const Limits& limits, PairBy by = {},
                   const std::map<CellKey, double>& floors = {});

}  // namespace qbench::results

namespace qbench::store {

template <>
inline constexpr auto kFields<results::CellComparison> = std::tuple{
    Field{"judgement", &results::CellComparison::judgement, "",
          "the worst of those of size, latency and accuracy: `worse` (a regression), `worse?`, "
          "`invalid`, `unclear`, `not judged`, `better?`, `better`, `same`; empty: nothing could "
          "be compared"},
    Field{"pairing", &results::CellComparison::pairing, "",
          "`same`; `options`: the two differ in their options alone, and are the only such ones "
          "left; `chosen`: by the names given on the command line; `base only`, `new only`: there "
          "is no counterpart"},
    Field{"base_run_id", &results::CellComparison::base_run_id, "",
          "number of the base's run in its database"},
    Field{"new_run_id", &results::CellComparison::new_run_id, "",
          "number of the new side's run in its database"},
    Field{"model", &results::CellComparison::model, "", "the model file's stem"},
    Field{"quantizer", &results::CellComparison::quantizer, "", "canonical name of the quantizer"},
    Field{"base_quantizer_options", &results::CellComparison::base_quantizer_options, "",
          "its options on the base"},
    Field{"new_quantizer_options", &results::CellComparison::new_quantizer_options, "",
          "and on the new side"},
    Field{"runtime", &results::CellComparison::runtime, "", "name of the runtime"},
    Field{"base_runtime_options", &results::CellComparison::base_runtime_options, "",
          "its options on the base"},
    Field{"new_runtime_options", &results::CellComparison::new_runtime_options, "",
          "and on the new side"},
    Field{"threads", &results::CellComparison::threads, "", "threads of one inference"},
    Field{"dataset", &results::CellComparison::dataset, "", "name of the data set"},
    Field{"split", &results::CellComparison::split, "", "the split that was measured"},
    Field{"base_status", &results::CellComparison::base_status, "",
          "how the base's cell ended: `ok`, `failed` and so on, or `latency invalid`; empty: it "
          "has none, or did not reach it"},
    Field{"new_status", &results::CellComparison::new_status, "", "the same of the new side"},
    Field{"size_judgement", &results::CellComparison::size_judgement, "",
          "of the two files' sizes"},
    Field{"base_file_bytes", &results::CellComparison::base_file_bytes, "bytes",
          "size of the base's artifact"},
    Field{"new_file_bytes", &results::CellComparison::new_file_bytes, "bytes",
          "size of the new side's"},
    Field{"grown_bytes", &results::CellComparison::grown_bytes, "bytes",
          "how much larger the new one is; below 0: smaller"},
    Field{"base_artifact_sha256", &results::CellComparison::base_artifact_sha256, "",
          "hash of the base's artifact"},
    Field{"new_artifact_sha256", &results::CellComparison::new_artifact_sha256, "",
          "hash of the new side's"},
    Field{"latency_judgement", &results::CellComparison::latency_judgement, "",
          "of the two latencies"},
    Field{"base_median_ms", &results::CellComparison::base_median_ms, "ms",
          "the base's latency: median of its process medians"},
    Field{"new_median_ms", &results::CellComparison::new_median_ms, "ms", "the new side's latency"},
    Field{"latency_ratio", &results::CellComparison::latency_ratio, "ratio",
          "Hodges and Lehmann's estimate of new to base, from the medians of the processes"},
    Field{"latency_ratio_low", &results::CellComparison::latency_ratio_low, "ratio",
          "lower end of its interval; empty where a side has one process alone"},
    Field{"latency_ratio_high", &results::CellComparison::latency_ratio_high, "ratio",
          "upper end of its interval"},
    Field{"latency_ratio_confidence", &results::CellComparison::latency_ratio_confidence,
          "fraction",
          "the share of such intervals that hold the truth: 0.99 or more with five processes a "
          "side, 0.9 with three"},
    Field{"latency_test", &results::CellComparison::latency_test, "",
          "`mann-whitney`, or `signed-rank` where processes were measured in pairs; empty: none"},
    Field{"base_processes", &results::CellComparison::base_processes, "",
          "fresh processes of the base"},
    Field{"new_processes", &results::CellComparison::new_processes, "",
          "fresh processes of the new side"},
    Field{"slower_p", &results::CellComparison::slower_p, "fraction",
          "one-sided test of that: the probability of so much by chance, were both as fast"},
    Field{"slower_p_adjusted", &results::CellComparison::slower_p_adjusted, "fraction",
          "the same for as many cells as were tested, by Holm"},
    Field{"faster_p", &results::CellComparison::faster_p, "fraction", "the same of being faster"},
    Field{"faster_p_adjusted", &results::CellComparison::faster_p_adjusted, "fraction",
          "the same of being faster, by Holm"},
    Field{"accuracy_judgement", &results::CellComparison::accuracy_judgement, "",
          "of the two accuracies"},
    Field{"images", &results::CellComparison::images, "", "images that both sides could use"},
    Field{"base_top1", &results::CellComparison::base_top1, "fraction",
          "the base's top-1, over all of its images"},
    Field{"new_top1", &results::CellComparison::new_top1, "fraction", "the new side's top-1"},
    Field{"top1_drop", &results::CellComparison::top1_drop, "fraction",
          "(lost − gained) / images; below 0: a gain"},
    Field{"top1_drop_high", &results::CellComparison::top1_drop_high, "fraction",
          "upper bound of the drop, 95 %, one-sided (Tango's score test for paired proportions)"},
    Field{"images_lost", &results::CellComparison::images_lost, "",
          "images on which the base is right and the new side wrong"},
    Field{"images_gained", &results::CellComparison::images_gained, "", "the reverse"},
    Field{"images_flipped", &results::CellComparison::images_flipped, "",
          "images that the two put into different classes"},
    Field{"loss_p", &results::CellComparison::loss_p, "fraction",
          "one-sided exact McNemar test of a loss"},
    Field{"base_peak_rss_bytes", &results::CellComparison::base_peak_rss_bytes, "bytes",
          "highest resident set of the base's latency processes"},
    Field{"new_peak_rss_bytes", &results::CellComparison::new_peak_rss_bytes, "bytes",
          "the new side's; not judged"},
    Field{"new_quantizer", &results::CellComparison::new_quantizer, "",
          "the new side's quantizer, where it was chosen to be another"},
    Field{"new_runtime", &results::CellComparison::new_runtime, "",
          "the new side's runtime, where it was chosen to be another"},
    Field{
        "latency_floor", &results::CellComparison::latency_floor, "fraction",
        "how far beyond 1 the interval has to lie: the floor, or the typical deviation of a side's "
        "processes where that is more"},
};

}  // namespace qbench::store
