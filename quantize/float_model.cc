#include "quantize/float_model.h"

#include <algorithm>
#include <cmath>

#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_reader.h"
#include "quantize/ranges/learned_ranges.h"
#include "quantize/weights/widen_halves.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::OpKind;

Status AlreadyQuantized(std::string_view what, std::string_view name, std::string_view quantizer) {
  return Error(StatusCode::kUnsupported,
               "the model is quantized already ({} \"{}\"): {} takes a float32 model, so give it "
               "the one that this was made from",
               what, name, quantizer);
}

bool IsQuantizedType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 || type == DataType::kInt16 ||
         type == DataType::kFloat16 || type == DataType::kInt4;
}

bool AllFinite(const graph::Constant& constant) {
  const ByteSpan bytes = constant.bytes();
  for (size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    if (!std::isfinite(LoadUnaligned<float>(bytes.subspan(i)))) return false;
  }
  return true;
}

// What helps where a model has operators that qbench does not know; nothing where the file itself
// is the wrong one.
std::string_view InsteadOfQuantizing(ByteSpan tflite) {
  const Result<graph::TfliteInfo> info = graph::InspectTflite(tflite);
  const bool wrong_file =
      info.ok() && std::ranges::any_of(info->operator_names, [](const std::string& name) {
        return !graph::CustomOperatorAdvice(name).empty();
      });
  if (wrong_file) return "";
  return "; have the model quantized by tf.lite.TFLiteConverter, and measure that .tflite with the "
         "quantizer float";
}

}  // namespace

Result<graph::Model> ReadFloatModel(ByteSpan tflite, std::string_view quantizer,
                                    LearnedRangesAre learned) {
  Result<graph::Model> read = graph::ReadTflite(nullptr, tflite);
  if (read.status().code() == StatusCode::kUnsupported) {
    return Error(StatusCode::kUnsupported, "{}{}", read.status().message(),
                 InsteadOfQuantizing(tflite));
  }
  QB_ASSIGN_OR_RETURN(graph::Model model, std::move(read));
  QB_RETURN_IF_ERROR(WidenHalfWeights(model).status());
  if (learned == LearnedRangesAre::kDropped) DropLearnedRanges(model);
  QB_RETURN_IF_ERROR(CheckFloatModel(model, quantizer));
  return model;
}

Status CheckFloatModel(const graph::Model& model, std::string_view quantizer) {
  for (const graph::Op& op : model.graph.ops) {
    if (op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize) {
      return AlreadyQuantized(graph::OpKindName(op.kind), graph::DisplayName(model.graph, op),
                              quantizer);
    }
  }
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.quantization.has_value() || IsQuantizedType(tensor.type)) {
      return AlreadyQuantized(graph::DataTypeName(tensor.type), tensor.name, quantizer);
    }
    if (tensor.is_constant() && tensor.type == DataType::kFloat32 && !AllFinite(*tensor.constant)) {
      return Error(StatusCode::kInvalidArgument,
                   "weight \"{}\" has values that are not finite: repair the model", tensor.name);
    }
  }
  return OkStatus();
}

std::optional<WeightInputs> FindWeights(const graph::Op& op) {
  const graph::OperatorInfo& info = graph::InfoOf(op.kind);
  if (!info.has_weights()) return std::nullopt;
  WeightInputs inputs;
  inputs.weights = op.inputs[kWeightsInput];
  if (op.inputs.size() > kBiasInput) inputs.bias = op.inputs[kBiasInput];
  inputs.channel_axis = info.channel_axis;
  return inputs;
}

}  // namespace qbench::quantize
