// The `dynamic` quantizer: int8 weights, float32 activations; needs no samples.
#include "graph/tflite_writer.h"
#include "plugins/quantizers/common/dynamic_weights.h"
#include "plugins/support/quantizer_plugin.h"

namespace qbench {
namespace {

class DynamicQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& /*options*/) override { return OkStatus(); }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model rewritten, quantize::ReadFloatModel(model, "dynamic"));
    QB_RETURN_IF_ERROR(quantize::QuantizeWeightsDynamically(rewritten));
    QB_ASSIGN_OR_RETURN(const Bytes artifact, graph::WriteTflite(rewritten));
    return host.EmitModel(artifact);
  }
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "dynamic",
       .summary = "dynamic range quantization: int8 weights, float32 activations",
       .options = {},
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<DynamicQuantizer>();
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
