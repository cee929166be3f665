// `fp16` as it is, but for one byte behind the artifact's end. For the gate's tests.
#include "graph/tflite/tflite_writer.h"
#include "plugins/support/quantizer_plugin.h"
#include "quantize/recipe/recipe.h"
#include "quantize/weights/half_weights.h"

namespace qbench {
namespace {

class LargerFp16 : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& /*options*/) override { return OkStatus(); }
  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model rewritten, quantize::ReadFloatModel(model, "fp16"));
    QB_ASSIGN_OR_RETURN(const quantize::OperatorChoices choices,
                        quantize::ReadWeightRecipe("", rewritten, /*per_tensor=*/false));
    quantize::Warnings warnings;
    QB_RETURN_IF_ERROR(quantize::StoreConstantsAsHalf(rewritten, warnings, choices));
    QB_ASSIGN_OR_RETURN(Bytes artifact, graph::WriteTflite(rewritten));
    artifact.push_back({});
    return host.EmitModel(artifact);
  }
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "fp16",
       .summary = "float16 weights, and a byte",
       .options = {},
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<LargerFp16>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
