#include "plugins/quantizers/common/given_ranges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/json.h"

namespace qbench::quantize {
namespace {

Result<ValueRange> RangeOf(const Json& entry, const std::string& name) {
  const auto number = [&](const char* key) {
    const auto found = entry.find(key);
    return found != entry.end() && found->is_number() ? found->get<float>() : std::nanf("");
  };
  const ValueRange range{number("min"), number("max")};
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    return Error(StatusCode::kInvalidArgument,
                 "the range of tensor \"{}\" must have numbers min <= max", graph::Printable(name));
  }
  return range;
}

// What the document says of measured tensors.
Result<std::map<std::string, ValueRange>> ParseRanges(std::string_view text) {
  QB_ASSIGN_OR_RETURN(const Json document, ParseJson(text));
  if (!document.is_object() || !document.contains("tensors") ||
      !document.at("tensors").is_array()) {
    return Error(StatusCode::kCorrupt,
                 "not a file of ranges: it has no array \"tensors\" (quantizing writes one beside "
                 "the artifact, FILE.ranges.json)");
  }
  std::map<std::string, ValueRange> ranges;
  for (const Json& entry : document.at("tensors")) {
    if (!entry.is_object() || !entry.contains("name") || !entry.at("name").is_string()) {
      return Error(StatusCode::kCorrupt, "an entry of \"tensors\" has no name");
    }
    const auto name = entry.at("name").get<std::string>();
    const auto measured = entry.find("measured");
    if (measured != entry.end() && measured->is_boolean() && !measured->get<bool>()) continue;
    QB_ASSIGN_OR_RETURN(const ValueRange range, RangeOf(entry, name));
    if (!ranges.emplace(name, range).second) {
      return Error(StatusCode::kInvalidArgument, "tensor \"{}\" stands twice",
                   graph::Printable(name));
    }
  }
  return ranges;
}

}  // namespace

Result<TensorRanges> MakeDummyRanges(const graph::Model& model, const DummyRanges& dummy) {
  if (!(dummy.min < dummy.max)) {
    return Error(StatusCode::kInvalidArgument,
                 "default_ranges_min={} must be below default_ranges_max={}", dummy.min, dummy.max);
  }
  TensorRanges ranges(model.graph.tensors.size());
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    const bool input = std::ranges::find(model.graph.inputs, id) != model.graph.inputs.end();
    ranges[static_cast<size_t>(id)] =
        input ? ValueRange{-dummy.mean / dummy.std_dev, (255.0F - dummy.mean) / dummy.std_dev}
              : ValueRange{dummy.min, dummy.max};
  }
  return ranges;
}

Result<TensorRanges> ReadRanges(const graph::Model& model, std::string_view json) {
  QB_ASSIGN_OR_RETURN(auto given, ParseRanges(json));
  TensorRanges ranges(model.graph.tensors.size());
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    const std::string& name = model.graph.tensors[static_cast<size_t>(id)].name;
    const auto found = given.find(name);
    if (found == given.end()) {
      return Error(StatusCode::kInvalidArgument,
                   "no range for tensor \"{}\": the file was made for another model, or with other "
                   "options",
                   graph::Printable(name));
    }
    ranges[static_cast<size_t>(id)] = found->second;
    given.erase(found);
  }
  if (!given.empty()) {
    return Error(
        StatusCode::kInvalidArgument,
        "the model has no tensor \"{}\" that is measured; qbench inspect shows its tensors",
        graph::Printable(given.begin()->first));
  }
  return ranges;
}

}  // namespace qbench::quantize
