#include "plugins/runtimes/litert/model_refusals.h"

#include <algorithm>
#include <memory>

#include "graph/tflite/tflite_names.h"

namespace qbench::litert {
namespace {

constexpr size_t kMaxLogBytes = 600;

// Operators that only another machine or library has, by the names of custom ones.
Status RefuseForeignOperators(const graph::TfliteInfo& info) {
  for (const std::string& name : info.operator_names) {
    const std::string advice = graph::CustomOperatorAdvice(name);
    if (advice.empty()) continue;
    return Error(StatusCode::kUnsupported, "custom operator {}: {}", graph::Printable(name),
                 advice);
  }
  return OkStatus();
}

// LiteRT has no int16 kernel for HARD_SWISH, loads such a model all the same and fails when it is
// run. The copy is gone before LiteRT makes larger ones.
Status RefuseWhatOnlyRunningTells(const graph::TfliteInfo& info, ByteSpan bytes) {
  const auto& names = info.operator_names;
  if (std::find(names.begin(), names.end(), "HARD_SWISH") == names.end()) return OkStatus();
  const auto model = graph::ReadTflite(std::make_shared<const Bytes>(bytes.begin(), bytes.end()));
  if (!model.ok()) return OkStatus();  // LiteRT may have operators that qbench's graphs do not
  for (const graph::Op& op : model->graph.ops) {
    const graph::Tensor& input = model->graph.tensors[static_cast<size_t>(op.inputs[0])];
    if (op.kind != graph::OpKind::kHardSwish || input.type != graph::DataType::kInt16) continue;
    return Error(StatusCode::kUnsupported,
                 "LiteRT has no kernel for HARD_SWISH with int16 activations; keep it in float, or "
                 "quantize to int8");
  }
  return OkStatus();
}

}  // namespace

Status RefuseWhatCannotRun(const graph::TfliteInfo& info, ByteSpan bytes) {
  QB_RETURN_IF_ERROR(RefuseForeignOperators(info));
  QB_RETURN_IF_ERROR(graph::CheckInputSizes(info));
  return RefuseWhatOnlyRunningTells(info, bytes);
}

Status DescribeFailure(const Status& failure, const std::vector<std::string>& lines,
                       bool loads_without_delegate) {
  std::string said;
  for (const std::string& line : lines) {
    if (said.size() + line.size() > kMaxLogBytes) break;
    if (!line.empty()) said += (said.empty() ? "" : " / ") + line;
  }
  return Error(
      failure.code(), "{}{}{}", failure.message(),
      loads_without_delegate ? "; it loads without XNNPACK, with the option kernels=builtin" : "",
      said.empty() ? "" : "; LiteRT says: " + said);
}

}  // namespace qbench::litert
