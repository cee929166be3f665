// Ranges that the user gives instead of calibrating (quantize/ranges/given_ranges.h).
#include "quantize/ranges/given_ranges.h"

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutate_json.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::fuzz {
namespace {

const graph::Model& Model() {
  static const graph::Model model = quantize::TinyClassifier();
  return model;
}

std::vector<Bytes> Seeds() {
  Json tensors = Json::array();
  for (const graph::TensorId id : quantize::TensorsToMeasure(Model())) {
    tensors.push_back({{"name", Model().graph.tensors[static_cast<size_t>(id)].name},
                       {"measured", true},
                       {"min", -0.5},
                       {"max", 1.5}});
  }
  const Json ranges = {{"calibration", "mse"},  {"runtime", "litert 2.3.0"}, {"samples", 100},
                       {"equalization", false}, {"bias_absorption", false},  {"tensors", tensors}};
  return {BytesOf(DumpJson(ranges))};
}

bool Run(ByteSpan input) {
  const auto given = quantize::ReadRanges(Model(), {}, TextOf(input));
  if (!given.ok()) return !Refused(given.status());
  for (const graph::TensorId id : quantize::TensorsToMeasure(Model())) {
    const auto& range = given->ranges[static_cast<size_t>(id)];
    if (!range || !(range->min <= range->max)) Fail("a range is missing or makes no sense");
  }
  return true;
}

}  // namespace

const FuzzTarget& Target() {
  static const FuzzTarget target = {"ranges", Seeds, Run, MutateJson};
  return target;
}

}  // namespace qbench::fuzz
