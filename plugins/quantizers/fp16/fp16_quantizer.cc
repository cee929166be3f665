// The `fp16` quantizer: weights stored as float16, about half of the file; float32 arithmetic.
#include "graph/tflite/tflite_writer.h"
#include "plugins/support/quantizer_plugin.h"
#include "quantize/recipe/recipe.h"
#include "quantize/weights/half_weights.h"

namespace qbench {
namespace {

class Fp16Quantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    recipe_file_ = options.Text("recipe");
    return OkStatus();
  }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model rewritten, quantize::ReadFloatModel(model, "fp16"));
    QB_ASSIGN_OR_RETURN(const quantize::OperatorChoices choices,
                        quantize::ReadWeightRecipe(recipe_file_, rewritten, /*per_tensor=*/false));
    quantize::Warnings warnings;
    QB_RETURN_IF_ERROR(quantize::StoreConstantsAsHalf(rewritten, warnings, choices));
    for (const std::string& warning : warnings) host.Warn(warning);
    QB_ASSIGN_OR_RETURN(const Bytes artifact, graph::WriteTflite(std::move(rewritten)));
    return host.EmitModel(artifact);
  }

 private:
  std::string recipe_file_;  // empty: none
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "fp16",
       .summary = "float16 weights, float32 activations",
       .options = {plugin::Option("recipe", "", "FILE",
                                  "which layers keep float32 weights (docs/recipes.md)")},
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<Fp16Quantizer>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
