// The `int16x8` quantizer: TensorFlow Lite's 16x8 scheme. Activations have 16 bits, so little is
// lost; LiteRT runs it on reference kernels, many times slower than float.
#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

namespace qbench {
namespace {

constexpr const char* kId = "int16x8";

std::vector<qbench_option_info> OptionTable() {
  std::vector<qbench_option_info> table = quantize::FullIntegerOptionTable(graph::DataType::kInt16);
  quantize::AddBoundaryOptions("float", "float|int16", "io|float|int16", table);
  return table;
}

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = kId,
       .summary = "full integer quantization: int8 weights, int16 activations, int64 biases",
       .options = OptionTable(),
       .needs_samples = true,
       // LiteRT has reference kernels for them: whoever asks for everything would wait for hours on
       // a board.
       .only_when_named = "its models run some 30 times slower than float",
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<quantize::FullIntegerQuantizer>(kId, graph::DataType::kInt16);
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
