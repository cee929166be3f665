// The `uint8` quantizer: an int8 model with uint8 input and output, as the converter of TensorFlow
// 2 makes it for accelerators and applications that want bytes (inference_input_type=tf.uint8).
#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

namespace qbench {
namespace {

constexpr const char* kId = "uint8";

std::vector<qbench_option_info> OptionTable() {
  std::vector<qbench_option_info> table = quantize::FullIntegerOptionTable(graph::DataType::kInt8);
  quantize::AddBoundaryOptions("uint8", "float|int8|uint8", "io|float|int8|uint8", table);
  return table;
}

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = kId,
       .summary = "full integer quantization as int8, with uint8 input and output",
       .options = OptionTable(),
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<quantize::FullIntegerQuantizer>(kId, graph::DataType::kInt8);
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
