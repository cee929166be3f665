#include "harness/results/summary.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "harness/results/profile_summary.h"
#include "harness/stats/descriptive.h"
#include "harness/stats/proportions.h"
#include "harness/stats/sample_ratio.h"
#include "harness/store/plugin_facts.h"

namespace qbench::results {
namespace {

constexpr double kNsPerMs = 1e6;

// Whether a quantizer leaves the model as it is. It says so itself, but earlier versions did not
// store that: theirs had the one that is called `float`.
bool IsBaseline(const store::Plugin& quantizer) {
  const auto said = quantizer.facts.find(store::kBaselineFact);
  if (said != quantizer.facts.end()) return said->is_boolean() && said->get<bool>();
  return quantizer.name == "float";
}

// Null where the cell has its samples.
const store::ShortMeasurement* InShort(const store::CellData& cell,
                                       const store::Measurement& measurement) {
  if (cell.in_short.empty()) return nullptr;
  return &cell.in_short.at(static_cast<size_t>(&measurement - cell.measurements.data()));
}

std::optional<double> MedianOf(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return stats::Median(values);
}

// A figure of each latency process that has it.
template <typename T>
std::vector<T> OfProcesses(const store::CellData& cell,
                           std::optional<T> store::Measurement::*figure) {
  std::vector<T> values;
  for (const store::Measurement* measurement : LatencyOf(cell)) {
    if (const std::optional<T>& value = measurement->*figure) values.push_back(*value);
  }
  return values;
}

template <typename T>
std::optional<T> HighestOf(const std::vector<T>& values) {
  if (values.empty()) return std::nullopt;
  return *std::ranges::max_element(values);
}

void SummarizeLatency(const store::CellData& cell, CellSummary* summary) {
  const std::vector<double> medians_ms = ProcessMediansMs(cell);
  if (medians_ms.empty()) return;
  summary->load_ms = MedianOf(OfProcesses(cell, &store::Measurement::load_ms));
  summary->first_ms = MedianOf(OfProcesses(cell, &store::Measurement::first_ms));
  summary->peak_rss_bytes = HighestOf(OfProcesses(cell, &store::Measurement::peak_rss_bytes));
  summary->median_ms = stats::Median(medians_ms);
  if (*summary->median_ms > 0) summary->fps = 1000 / *summary->median_ms;
  if (medians_ms.size() > 1) summary->mad_ms = stats::MedianAbsoluteDeviation(medians_ms);
  summary->processes = static_cast<int64_t>(medians_ms.size());
  int64_t outliers = 0;
  int64_t samples = 0;
  for (const store::Measurement* measurement : LatencyOf(cell)) {
    outliers += OutlierCount(cell, *measurement);
    samples += SampleCount(cell, *measurement);
  }
  summary->outlier_samples = outliers;
  summary->samples = samples;
  const store::PooledSamples pooled = Pool(cell);
  summary->min_ms = pooled.min_ns / kNsPerMs;
  summary->mean_ms = pooled.mean_ns / kNsPerMs;
  if (samples >= kMinSamplesForP90) summary->p90_ms = pooled.p90_ns / kNsPerMs;
  if (samples >= kMinSamplesForP95) summary->p95_ms = pooled.p95_ns / kNsPerMs;
  if (samples >= kMinSamplesForP99) summary->p99_ms = pooled.p99_ns / kNsPerMs;
}

void SummarizeAccuracy(const store::CellData& cell, const store::DatasetSplit& split,
                       CellSummary* summary) {
  if (AccuracyOf(cell) == nullptr) return;
  int64_t images = 0;
  int64_t right = 0;
  for (const ClassAccuracy& one : PerClassAccuracy(cell, split)) {
    images += one.images;
    right += one.right;
  }
  summary->images = images;
  if (images == 0) return;
  const stats::Interval interval = stats::WilsonInterval(right, images);
  summary->top1 = static_cast<double>(right) / static_cast<double>(images);
  summary->top1_low = interval.low;
  summary->top1_high = interval.high;
}

// Facts that the plugin has for every model stand with the plugin.
std::string FactsOfThisCell(const store::RunData& run, const store::CellData& data) {
  const Json& known = run.plugins.at(data.cell.runtime_id).facts;
  std::string text;
  const Json facts = RuntimeFacts(data);
  for (const auto& [name, value] : facts.items()) {
    if (!value.is_string() || (known.contains(name) && known.at(name) == value)) continue;
    text += (text.empty() ? "" : "; ") + name + ": " + value.get<std::string>();
  }
  return text;
}

void TakeDelegation(const Delegation& delegation, CellSummary* summary) {
  summary->delegate = delegation.delegate;
  summary->operators = delegation.operators;
  summary->undelegated_operators = delegation.undelegated;
  summary->undelegated_kinds = delegation.undelegated_kinds;
  summary->partitions = delegation.partitions;
  summary->undelegated_macs_share = delegation.undelegated_macs_share;
  summary->undelegated_time_share = delegation.undelegated_time_share;
}

std::vector<std::string> WarningsOf(const store::RunData& run, const store::CellData& data) {
  std::vector<std::string> warnings;
  const auto add = [&](const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      if (std::ranges::find(warnings, line) == warnings.end()) warnings.push_back(line);
    }
  };
  if (data.cell.artifact_id) add(run.artifacts.at(*data.cell.artifact_id).warnings);
  for (const store::Measurement& measurement : data.measurements) add(measurement.warnings);
  return warnings;
}

CellSummary SummarizeAlone(const store::RunData& run, const store::CellData& data) {
  const store::Cell& cell = data.cell;
  const store::Model& model = run.models.at(cell.model_id);
  const store::DatasetSplit& split = run.splits.at(cell.split_id);
  CellSummary summary;
  summary.run_id = run.run.id;
  summary.model = model.stem;
  summary.quantizer = run.plugins.at(cell.quantizer_id).name;
  summary.quantizer_options = cell.quantizer_options;
  summary.runtime = run.plugins.at(cell.runtime_id).name;
  summary.runtime_options = cell.runtime_options;
  summary.threads = cell.threads;
  summary.dataset = split.name;
  summary.split = split.split;
  summary.status = cell.status;
  summary.accuracy_status = cell.accuracy_status;
  summary.latency_status = cell.latency_status;
  summary.reason = cell.reason;
  if (cell.artifact_id) {
    const store::Artifact& artifact = run.artifacts.at(*cell.artifact_id);
    summary.file_bytes = artifact.file_bytes;
    summary.artifact_sha256 = artifact.sha256;
    summary.artifact_path = artifact.path;
  }
  summary.model_sha256 = model.sha256;
  summary.sidecar_sha256 = model.sidecar_sha256;
  summary.dataset_sha256 = split.sha256;
  summary.host_id = run.run.host_id;
  summary.runtime_facts = FactsOfThisCell(run, data);
  summary.warnings = WarningsOf(run, data);
  if (const auto delegation = DelegationOf(data)) TakeDelegation(*delegation, &summary);
  SummarizeLatency(data, &summary);
  SummarizeAccuracy(data, split, &summary);
  return summary;
}

template <typename T>
std::optional<double> Ratio(const std::optional<T>& value, const std::optional<T>& base) {
  if (!value || !base || !(*base > 0)) return std::nullopt;
  return static_cast<double>(*value) / static_cast<double>(*base);
}

// The share of the images on which both gave the same prediction, of those both could use.
std::optional<double> Agreement(const store::CellData& cell, const store::CellData& base) {
  const store::Measurement* mine = AccuracyOf(cell);
  const store::Measurement* theirs = AccuracyOf(base);
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  int64_t both = 0;
  int64_t same = 0;
  for (size_t i = 0; i < mine->predictions.size(); ++i) {
    if (mine->predictions[i] < 0 || theirs->predictions[i] < 0) continue;
    ++both;
    if (mine->predictions[i] == theirs->predictions[i]) ++same;
  }
  if (both == 0) return std::nullopt;
  return static_cast<double>(same) / static_cast<double>(both);
}

void CompareProcesses(const store::CellData& cell, const store::CellData& base,
                      CellSummary* summary) {
  const auto ratio =
      stats::RatioOfSamples(ProcessMediansMs(base), ProcessMediansMs(cell), kRatioConfidence);
  if (!ratio.ok() || ratio->coverage <= 0) return;
  summary->ratio_low = ratio->interval.low;
  summary->ratio_high = ratio->interval.high;
  summary->ratio_confidence = ratio->coverage;
}

void CompareImages(const store::CellData& cell, const store::CellData& base,
                   const store::DatasetSplit& split, CellSummary* summary) {
  const PairedVerdicts paired = ComparePaired(base, cell, split);
  if (paired.images == 0) return;
  summary->images_lost = paired.lost;
  summary->images_gained = paired.gained;
  summary->loss_p = stats::McNemarOneSidedP(paired.lost, paired.gained);
  summary->top1_drop_high = stats::PairedDropBound(paired.lost, paired.gained, paired.images);
}

void CompareWithFloat(const store::CellData& cell, const store::CellData& base,
                      const CellSummary& base_summary, CellSummary* summary) {
  summary->agreement_with_float = Agreement(cell, base);
  if (summary->top1 && base_summary.top1) {
    summary->top1_difference_to_float = *summary->top1 - *base_summary.top1;
  }
  summary->size_ratio_to_float = Ratio(summary->file_bytes, base_summary.file_bytes);
  summary->median_ratio_to_float = Ratio(summary->median_ms, base_summary.median_ms);
  summary->p90_ratio_to_float = Ratio(summary->p90_ms, base_summary.p90_ms);
}

}  // namespace

std::vector<CellSummary> Summarize(const store::RunData& run) {
  std::vector<CellSummary> summaries;
  summaries.reserve(run.cells.size());
  for (const store::CellData& cell : run.cells) summaries.push_back(SummarizeAlone(run, cell));
  const std::vector<std::optional<size_t>> floats = FloatCells(run);
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const std::optional<size_t>& base = floats[i];
    if (!base) continue;
    const store::CellData& cell = run.cells[i];
    const store::CellData& base_cell = run.cells[*base];
    CompareWithFloat(cell, base_cell, summaries[*base], &summaries[i]);
    if (*base == i) continue;
    CompareImages(cell, base_cell, run.splits.at(cell.cell.split_id), &summaries[i]);
    if (summaries[i].latency_status == store::Outcome::kInvalid ||
        summaries[*base].latency_status == store::Outcome::kInvalid) {
      continue;
    }
    CompareProcesses(cell, base_cell, &summaries[i]);
  }
  return summaries;
}

std::vector<std::optional<size_t>> FloatCells(const store::RunData& run) {
  // What a cell and its float cell share.
  using Key = std::tuple<int64_t, int64_t, int64_t, std::string, int32_t>;
  const auto key_of = [](const store::Cell& cell) {
    return Key(cell.model_id, cell.split_id, cell.runtime_id, cell.runtime_options, cell.threads);
  };
  const auto is_float = [&](const store::Cell& cell) {
    return IsBaseline(run.plugins.at(cell.quantizer_id));
  };
  std::map<Key, size_t> first;
  for (size_t i = 0; i < run.cells.size(); ++i) {
    if (is_float(run.cells[i].cell)) first.emplace(key_of(run.cells[i].cell), i);
  }
  std::vector<std::optional<size_t>> floats(run.cells.size());
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const store::Cell& cell = run.cells[i].cell;
    const auto found = first.find(key_of(cell));
    if (is_float(cell)) {
      floats[i] = i;
    } else if (found != first.end()) {
      floats[i] = found->second;
    }
  }
  return floats;
}

std::optional<size_t> FloatCellOf(const store::RunData& run, size_t cell_index) {
  return FloatCells(run).at(cell_index);
}

bool IsFloatCell(const store::RunData& run, const store::CellData& cell) {
  return IsBaseline(run.plugins.at(cell.cell.quantizer_id));
}

Json RuntimeFacts(const store::CellData& cell) {
  const auto latency = LatencyOf(cell);
  const store::Measurement* measurement = latency.empty() ? AccuracyOf(cell) : latency.back();
  if (measurement == nullptr || !measurement->conditions.contains("runtime")) {
    return Json::object();
  }
  return measurement->conditions.at("runtime");
}

PairedVerdicts ComparePaired(const store::CellData& base, const store::CellData& other,
                             const store::DatasetSplit& split) {
  PairedVerdicts verdicts;
  const store::Measurement* before = AccuracyOf(base);
  const store::Measurement* after = AccuracyOf(other);
  if (before == nullptr || after == nullptr) return verdicts;
  for (size_t i = 0; i < split.images.size(); ++i) {
    if (before->predictions[i] < 0 || after->predictions[i] < 0) continue;
    const bool was_right = before->predictions[i] == split.images[i].label;
    const bool is_right = after->predictions[i] == split.images[i].label;
    ++verdicts.images;
    verdicts.lost += was_right && !is_right ? 1 : 0;
    verdicts.gained += !was_right && is_right ? 1 : 0;
  }
  return verdicts;
}

int64_t SampleCount(const store::CellData& cell, const store::Measurement& process) {
  const store::ShortMeasurement* known = InShort(cell, process);
  return known != nullptr ? known->samples : static_cast<int64_t>(process.samples_ns.size());
}

double MedianNs(const store::CellData& cell, const store::Measurement& process) {
  const store::ShortMeasurement* known = InShort(cell, process);
  return known != nullptr ? known->median_ns : stats::Median(process.samples_ns);
}

int64_t OutlierCount(const store::CellData& cell, const store::Measurement& process) {
  const store::ShortMeasurement* known = InShort(cell, process);
  return known != nullptr ? known->outliers
                          : static_cast<int64_t>(stats::CountOutliers(process.samples_ns));
}

store::PooledSamples Pool(const store::CellData& cell) {
  if (cell.pooled) return *cell.pooled;
  std::vector<double> samples;
  for (const store::Measurement* process : LatencyOf(cell)) {
    samples.insert(samples.end(), process->samples_ns.begin(), process->samples_ns.end());
  }
  store::PooledSamples pooled;
  if (samples.empty()) return pooled;
  std::ranges::sort(samples);  // once, for all percentiles
  pooled.min_ns = samples.front();
  pooled.mean_ns =
      std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  pooled.p90_ns = stats::QuantileOfSorted(samples, 0.9);
  pooled.p95_ns = stats::QuantileOfSorted(samples, 0.95);
  pooled.p99_ns = stats::QuantileOfSorted(samples, 0.99);
  return pooled;
}

const store::Measurement* AccuracyOf(const store::CellData& cell) {
  for (const store::Measurement& measurement : cell.measurements) {
    if (measurement.kind == store::MeasurementKind::kAccuracy &&
        measurement.status == store::Outcome::kOk && !measurement.predictions.empty()) {
      return &measurement;
    }
  }
  return nullptr;
}

std::vector<const store::Measurement*> LatencyOf(const store::CellData& cell) {
  std::vector<const store::Measurement*> measurements;
  for (const store::Measurement& measurement : cell.measurements) {
    const bool measured =
        measurement.status == store::Outcome::kOk || measurement.status == store::Outcome::kInvalid;
    if (measurement.kind == store::MeasurementKind::kLatency && measured &&
        SampleCount(cell, measurement) > 0) {
      measurements.push_back(&measurement);
    }
  }
  return measurements;
}

std::vector<double> ProcessMediansMs(const store::CellData& cell) {
  std::vector<double> medians;
  for (const store::Measurement* measurement : LatencyOf(cell)) {
    medians.push_back(MedianNs(cell, *measurement) / kNsPerMs);
  }
  return medians;
}

std::vector<ClassAccuracy> PerClassAccuracy(const store::CellData& cell,
                                            const store::DatasetSplit& split) {
  std::vector<ClassAccuracy> classes;
  const ConfusionMatrix confusion = Confusion(cell, split);
  for (size_t label = 0; label < confusion.size(); ++label) {
    ClassAccuracy& one = classes.emplace_back();
    one.label = split.labels[label];
    for (int64_t count : confusion[label]) one.images += count;
    one.right = confusion[label][label];
  }
  return classes;
}

ConfusionMatrix Confusion(const store::CellData& cell, const store::DatasetSplit& split) {
  const store::Measurement* measurement = AccuracyOf(cell);
  if (measurement == nullptr) return {};
  const size_t classes = split.labels.size();
  ConfusionMatrix confusion(classes, std::vector<int64_t>(classes, 0));
  for (size_t i = 0; i < split.images.size(); ++i) {
    const int32_t predicted = measurement->predictions[i];
    if (predicted < 0) continue;
    const auto label = static_cast<size_t>(split.images[i].label);
    ++confusion[label][static_cast<size_t>(predicted)];
  }
  return confusion;
}

}  // namespace qbench::results
