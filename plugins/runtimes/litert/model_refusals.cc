#include "plugins/runtimes/litert/model_refusals.h"

#include <algorithm>

#include "base/one_line.h"
#include "graph/operators.h"
#include "graph/tflite/tflite_names.h"

namespace qbench::litert {
namespace {

constexpr size_t kMaxLogBytes = 600;

// Operators that only another machine or library has, by the names of custom ones.
Status RefuseForeignOperators(const graph::TfliteInfo& info) {
  for (const std::string& name : info.operator_names) {
    const std::string advice = graph::CustomOperatorAdvice(name);
    if (advice.empty()) continue;
    return Error(StatusCode::kUnsupported, "custom operator {}: {}", SafeName(name), advice);
  }
  return OkStatus();
}

// LiteRT loads an operator all the same where it has no kernel for its integers, and fails when it
// is run.
Status RefuseWhatOnlyRunningTells(const graph::TfliteInfo& info, ByteSpan bytes) {
  const auto may_lack = [](const std::string& name) {
    const graph::OperatorInfo* op = graph::FindOperator(name);
    return op != nullptr && op->integers != graph::IntegerKernels::k8And16Bits;
  };
  if (std::ranges::none_of(info.operator_names, may_lack)) return OkStatus();
  const auto model = graph::ReadTflite(nullptr, bytes);
  if (!model.ok()) return OkStatus();  // LiteRT may have operators that qbench's graphs do not
  for (const graph::Op& op : model->graph.ops) {
    const graph::Tensor& input = model->graph.tensors[static_cast<size_t>(op.inputs[0])];
    if (graph::HasKernel(op.kind, input.type)) continue;
    return Error(StatusCode::kUnsupported,
                 "LiteRT has no kernel for {} with {} activations; keep it in float{}",
                 graph::OpKindName(op.kind), graph::DataTypeName(input.type),
                 graph::HasKernel(op.kind, graph::DataType::kInt8) ? ", or quantize to int8" : "");
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
