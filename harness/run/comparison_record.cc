#include "harness/run/comparison_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/utc_time.h"
#include "harness/jobs/outcome.h"
#include "harness/run/run_records.h"
#include "harness/stats/layer_difference.h"

namespace qbench::run {

using store::Outcome;

namespace {

store::ComparedLayer LayerRecord(const jobs::DifferenceResult::Layer& layer) {
  store::ComparedLayer record;
  record.op = layer.op;
  record.name = layer.name;
  record.kind = layer.kind;
  record.paired_by = layer.same_name ? "name" : "structure";
  record.inputs.assign(layer.inputs.begin(), layer.inputs.end());
  record.type = layer.type;
  if (layer.scale > 0) {
    record.scale = layer.scale;
    record.zero_point = layer.zero_point;
  }
  record.noise = stats::NoiseShare(layer.sums);
  if (layer.own) record.own_noise = stats::NoiseShare(*layer.own);
  record.cosine = stats::Cosine(layer.sums);
  record.rmse = stats::Rmse(layer.sums);
  record.saturated_share =
      static_cast<double>(layer.sums.saturated) / static_cast<double>(layer.sums.count);
  record.float_min = layer.sums.a_min;
  record.float_max = layer.sums.a_max;
  record.quantized_min = layer.sums.b_min;
  record.quantized_max = layer.sums.b_max;
  return record;
}

// The first layer with values that are no numbers; null where there is none.
const store::ComparedLayer* FindNan(const std::vector<store::ComparedLayer>& layers) {
  const auto found = std::ranges::find_if(layers, [](const store::ComparedLayer& layer) {
    return std::isnan(layer.noise) || std::isnan(layer.cosine) || std::isnan(layer.rmse) ||
           std::isnan(layer.saturated_share);
  });
  return found == layers.end() ? nullptr : &*found;
}

}  // namespace

store::LayerComparison ComparisonRecord(const jobs::DifferenceResult& result) {
  store::LayerComparison record;
  record.at = UtcNow();
  record.images = result.images;
  record.flips = result.flips;
  record.own_missing = result.own_missing;
  record.only_float = result.only_float;
  record.only_quantized = result.only_quantized;
  record.warnings = result.flaws;
  std::ranges::copy(result.warnings, std::back_inserter(record.warnings));
  if (!result.quantized_is_quantized) {
    record.status = Outcome::kUnsupported;
    record.reason = "nothing in the artifact is quantized";
    return record;
  }
  for (const auto& layer : result.layers) record.layers.push_back(LayerRecord(layer));
  if (const store::ComparedLayer* broken = FindNan(record.layers); broken != nullptr) {
    record.status = Outcome::kInvalid;
    record.reason = fmt::format("\"{}\" computes values that are no numbers", broken->name);
    record.layers.clear();
  }
  return record;
}

store::LayerComparison ComparisonRecord(const jobs::JobOutcome& outcome) {
  store::LayerComparison record;
  if (outcome.ok()) {
    record = ComparisonRecord(std::get<jobs::DifferenceResult>(outcome.result));
  } else {
    record.at = UtcNow();
    record.status = outcome.status;
    record.reason = ReasonOf(outcome);
    record.warnings = outcome.warnings;
  }
  record.log = outcome.log;
  return record;
}

}  // namespace qbench::run
