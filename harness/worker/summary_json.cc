#include "harness/worker/summary_json.h"

namespace qbench::worker {
namespace {

Json ToJson(const graph::TensorSummary& tensor) {
  Json json = {{"name", tensor.name},
               {"type", graph::DataTypeName(tensor.type)},
               {"shape", tensor.shape},
               {"constant", tensor.is_constant}};
  if (tensor.learned_range.has_value()) {
    const graph::LearnedRange& range = *tensor.learned_range;
    json["learned_range"] = {{"min", range.min}, {"max", range.max}, {"axis", range.axis}};
  }
  if (!tensor.quantization.has_value()) return json;
  const graph::Quantization& quantization = *tensor.quantization;
  if (quantization.scales.size() == 1) {
    json["scale"] = quantization.scales[0];
    json["zero_point"] = quantization.zero_points.empty() ? 0 : quantization.zero_points[0];
  } else {
    json["scales"] = quantization.scales.size();
  }
  return json;
}

Json ToJson(const std::vector<graph::TensorSummary>& tensors) {
  Json json = Json::array();
  for (const graph::TensorSummary& tensor : tensors) json.push_back(ToJson(tensor));
  return json;
}

Json ToJson(const graph::TfliteTensorEntry& tensor) {
  return {{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}};
}

Json ToJson(const std::vector<graph::TfliteTensorEntry>& tensors) {
  Json json = Json::array();
  for (const graph::TfliteTensorEntry& tensor : tensors) json.push_back(ToJson(tensor));
  return json;
}

}  // namespace

Json ContentsToJson(const graph::TfliteContents& contents) {
  Json ops = Json::array();
  Json counts = Json::object();
  for (const graph::TfliteOpEntry& op : contents.ops) {
    const bool has_output = !op.outputs.empty();
    ops.push_back({{"index", ops.size()},
                   {"subgraph", op.subgraph},
                   {"kind", op.kind},
                   {"custom", op.custom},
                   {"known", op.known},
                   {"name", has_output ? op.outputs[0].name : ""},
                   {"output", has_output ? ToJson(op.outputs[0]) : Json()}});
    counts[op.kind] = counts.value(op.kind, 0) + 1;
  }
  return {{"description", contents.description},
          {"subgraphs", contents.subgraphs},
          {"inputs", ToJson(contents.inputs)},
          {"outputs", ToJson(contents.outputs)},
          {"ops", ops},
          {"operators", counts},
          {"signatures", contents.signatures},
          {"signature", contents.signature},
          {"unsupported", contents.unsupported}};
}

Json SummaryToJson(const graph::ModelSummary& summary) {
  Json ops = Json::array();
  for (const graph::OpSummary& op : summary.ops) {
    ops.push_back({{"index", op.index},
                   {"name", op.name},
                   {"kind", op.kind},
                   {"options", op.options},
                   {"inputs", ToJson(op.inputs)},
                   {"output", ToJson(op.output)},
                   {"parameters", op.parameters},
                   {"weight_bytes", op.weight_bytes},
                   {"macs", op.macs}});
  }
  return {{"description", summary.description},
          {"inputs", ToJson(summary.inputs)},
          {"outputs", ToJson(summary.outputs)},
          {"ops", ops},
          {"parameters", summary.parameters},
          {"weight_bytes", summary.weight_bytes},
          {"macs", summary.macs},
          {"peak_activation_bytes", summary.peak_activation_bytes}};
}

}  // namespace qbench::worker
