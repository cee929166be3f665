// The `weight_only` quantizer: int8 weights that are dequantized before use; needs no samples.
#include "graph/tflite_writer.h"
#include "plugins/quantizers/common/weight_only.h"
#include "plugins/support/quantizer_plugin.h"

namespace qbench {
namespace {

class WeightOnlyQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& /*options*/) override { return OkStatus(); }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model rewritten, quantize::ReadFloatModel(model, "weight_only"));
    QB_RETURN_IF_ERROR(quantize::StoreWeightsAsInt8(rewritten));
    QB_ASSIGN_OR_RETURN(const Bytes artifact, graph::WriteTflite(rewritten));
    return host.EmitModel(artifact);
  }
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "weight_only",
       .summary = "int8 weights, dequantized when the model is loaded; float32 arithmetic",
       .options = {},
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<WeightOnlyQuantizer>();
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
