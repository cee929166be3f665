// `int8` under its name, with one scale for all channels of a layer's weights and ranges that clip
// a tenth of every activation: a worse quantizer. For the gate's tests.
#include <array>

#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

namespace qbench {
namespace {

class ClippingInt8 : public quantize::FullIntegerQuantizer {
 public:
  ClippingInt8() : FullIntegerQuantizer("int8", graph::DataType::kInt8) {}
  Status Init(const plugin::Options& /*options*/) override {
    const std::vector<qbench_option_info> table = Table();
    const std::array planted = {qbench_option{"per_channel", "false"},
                                qbench_option{"calibration", "percentile"},
                                qbench_option{"percentile", "90"}};
    QB_ASSIGN_OR_RETURN(const plugin::Options options,
                        plugin::ParseOptions("int8", table, planted));
    return FullIntegerQuantizer::Init(options);
  }
  static std::vector<qbench_option_info> Table() {
    std::vector<qbench_option_info> table =
        quantize::FullIntegerOptionTable(graph::DataType::kInt8);
    quantize::AddBoundaryOptions("float", "float|int8|uint8", "io|float|int8|uint8", table);
    return table;
  }
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "int8",
       .summary = "int8 that clips",
       .options = ClippingInt8::Table(),
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<ClippingInt8>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
