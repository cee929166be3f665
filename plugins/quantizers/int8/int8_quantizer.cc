// The `int8` quantizer: full integer quantization with ranges from calibration samples.
#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

namespace qbench {
namespace {

constexpr const char* kId = "int8";

std::vector<qbench_option_info> OptionTable() {
  std::vector<qbench_option_info> table = quantize::FullIntegerOptionTable(graph::DataType::kInt8);
  quantize::AddBoundaryOptions("float", "float|int8|uint8", "io|float|int8|uint8", table);
  return table;
}

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = kId,
       .summary = "full integer quantization: int8 weights and activations, int32 biases",
       .options = OptionTable(),
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<quantize::FullIntegerQuantizer>(kId, graph::DataType::kInt8);
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
