// The `dynamic` quantizer: int8 weights, float32 activations; needs no samples.
#include "plugins/support/quantizer_plugin.h"
#include "quantize/recipe/recipe.h"
#include "quantize/scale_limits.h"
#include "quantize/weights/dynamic_weights.h"

namespace qbench {
namespace {

class DynamicQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    recipe_file_ = options.Text("recipe");
    hybrid_ = options.Text("hybrid") == "all" ? quantize::HybridOperators::kAll
                                              : quantize::HybridOperators::kDelegated;
    return OkStatus();
  }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model rewritten, quantize::ReadFloatModel(model, "dynamic"));
    QB_ASSIGN_OR_RETURN(const quantize::OperatorChoices choices,
                        quantize::ReadWeightRecipe(recipe_file_, rewritten, /*per_tensor=*/false));
    QB_RETURN_IF_ERROR(quantize::QuantizeWeightsDynamically(rewritten, choices, hybrid_));
    QB_ASSIGN_OR_RETURN(const Bytes artifact, quantize::WriteArtifact(std::move(rewritten)));
    return host.EmitModel(artifact);
  }

 private:
  std::string recipe_file_;  // empty: none
  quantize::HybridOperators hybrid_ = quantize::HybridOperators::kDelegated;
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "dynamic",
       .summary = "dynamic range quantization: int8 weights, float32 activations",
       .options = {plugin::Option("hybrid", "delegated", "delegated|all",
                                  "which operators quantize their inputs as they run: those that "
                                  "XNNPACK takes so, or all that TensorFlow's converter chooses "
                                  "(depthwise convolutions too, which LiteRT then runs slowly)"),
                   plugin::Option("recipe", "", "FILE",
                                  "which layers keep float32 weights (docs/recipes.md)")},
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<DynamicQuantizer>();
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
