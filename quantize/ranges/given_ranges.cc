#include "quantize/ranges/given_ranges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/one_line.h"
#include "quantize/recipe/near_names.h"

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
                 "the range of tensor \"{}\" must have numbers min <= max", SafeName(name));
  }
  return range;
}

// What the document says of measured tensors.
Result<std::map<std::string, ValueRange>> ParseTensors(const Json& document) {
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
      return Error(StatusCode::kInvalidArgument, "tensor \"{}\" stands twice", SafeName(name));
    }
  }
  return ranges;
}

Status CheckChange(const Json& document, const char* option, bool value) {
  const auto stated = document.find(option);
  if (stated == document.end()) return OkStatus();  // written by hand
  if (stated->is_boolean() && stated->get<bool>() == value) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "the ranges were measured with {}={}, which changes the float model: give the same "
               "option, or calibrate again",
               option, DumpJson(*stated));
}

Result<RangesOrigin> ParseOrigin(const Json& document) {
  RangesOrigin origin;
  QB_ASSIGN_OR_RETURN(origin.calibration, JsonGetOr<std::string>(document, "calibration", ""));
  QB_ASSIGN_OR_RETURN(origin.runtime, JsonGetOr<std::string>(document, "runtime", ""));
  QB_ASSIGN_OR_RETURN(origin.samples, JsonGetOr<uint64_t>(document, "samples", 0));
  return origin;
}

// The float tensors that operators make or the model takes, by name.
std::map<std::string, graph::TensorId> Activations(const graph::Graph& graph) {
  std::map<std::string, graph::TensorId> activations;
  const auto add = [&](graph::TensorId id) {
    const graph::Tensor& tensor = graph.tensors[static_cast<size_t>(id)];
    if (tensor.type == graph::DataType::kFloat32) activations.emplace(tensor.name, id);
  };
  std::ranges::for_each(graph.inputs, add);
  for (const graph::Op& op : graph.ops) std::ranges::for_each(op.outputs, add);
  return activations;
}

template <typename Value>
std::vector<std::string> NamesOf(const std::map<std::string, Value>& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& [name, value] : entries) names.push_back(name);
  return names;
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

Result<GivenRanges> ReadRanges(const graph::Model& model, const FloatModelChanges& changes,
                               std::string_view json) {
  QB_ASSIGN_OR_RETURN(const Json document, ParseJson(json));
  QB_ASSIGN_OR_RETURN(const auto given, ParseTensors(document));
  QB_RETURN_IF_ERROR(CheckChange(document, "equalization", changes.equalization));
  QB_RETURN_IF_ERROR(CheckChange(document, "bias_absorption", changes.bias_absorption));
  GivenRanges result{.ranges = TensorRanges(model.graph.tensors.size()), .origin = {}};
  QB_ASSIGN_OR_RETURN(result.origin, ParseOrigin(document));
  const auto activations = Activations(model.graph);
  for (const auto& [name, range] : given) {
    const auto found = activations.find(name);
    if (found == activations.end()) {
      return Error(StatusCode::kInvalidArgument, "the model has no activation \"{}\"{}",
                   SafeName(name), NearNames(name, NamesOf(activations)));
    }
    result.ranges[static_cast<size_t>(found->second)] = range;
  }
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    if (result.ranges[static_cast<size_t>(id)]) continue;
    const std::string& name = model.graph.tensors[static_cast<size_t>(id)].name;
    return Error(StatusCode::kInvalidArgument,
                 "no range for tensor \"{}\": was the file made for another model?{}",
                 SafeName(name), NearNames(name, NamesOf(given)));
  }
  return result;
}

}  // namespace qbench::quantize
