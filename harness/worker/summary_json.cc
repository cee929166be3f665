#include "harness/worker/summary_json.h"

namespace qbench::worker {
namespace {

Json QuantizationToJson(const std::optional<graph::Quantization>& quantization) {
  if (!quantization) return nullptr;
  return {{"scales", quantization->scales},
          {"zero_points", quantization->zero_points},
          {"axis", quantization->axis}};
}

Json TensorToJson(const graph::TensorSummary& tensor) {
  return {{"name", tensor.name},
          {"type", graph::DataTypeName(tensor.type)},
          {"shape", tensor.shape},
          {"constant", tensor.is_constant},
          {"dynamic_batch", tensor.dynamic_batch},
          {"quantization", QuantizationToJson(tensor.quantization)}};
}

Json TensorToJson(const graph::TfliteTensorInfo& tensor) {
  return {{"name", tensor.name},
          {"type", graph::DataTypeName(tensor.type)},
          {"shape", tensor.shape},
          {"quantization", QuantizationToJson(tensor.quantization)}};
}

template <typename Tensor>
Json TensorsToJson(const std::vector<Tensor>& tensors) {
  Json json = Json::array();
  for (const Tensor& tensor : tensors) json.push_back(TensorToJson(tensor));
  return json;
}

}  // namespace

Json SummaryToJson(const graph::ModelSummary& summary) {
  Json layers = Json::array();
  for (const graph::OpSummary& op : summary.ops) {
    layers.push_back({{"index", op.index},
                      {"name", op.name},
                      {"kind", op.kind},
                      {"options", op.options},
                      {"inputs", TensorsToJson(op.inputs)},
                      {"output", TensorToJson(op.output)},
                      {"parameters", op.parameters},
                      {"weight_bytes", op.weight_bytes},
                      {"macs", op.macs}});
  }
  return {{"description", summary.description},
          {"inputs", TensorsToJson(summary.inputs)},
          {"outputs", TensorsToJson(summary.outputs)},
          {"layers", std::move(layers)},
          {"parameters", summary.parameters},
          {"weight_bytes", summary.weight_bytes},
          {"macs", summary.macs},
          {"peak_activation_bytes", summary.peak_activation_bytes}};
}

Json SummaryToJson(const graph::TfliteInfo& info, const std::string& reason) {
  Json layers = Json::array();
  for (size_t i = 0; i < info.operator_names.size(); ++i) {
    layers.push_back({{"index", i}, {"kind", info.operator_names[i]}});
  }
  return {{"description", info.description},
          {"inputs", TensorsToJson(info.inputs)},
          {"outputs", TensorsToJson(info.outputs)},
          {"layers", std::move(layers)},
          {"reason", reason}};
}

}  // namespace qbench::worker
