// The `int4` quantizer: int4 weights, float32 activations.
#include <algorithm>
#include <string>

#include "plugins/quantizers/full_integer/sample_calibration.h"
#include "plugins/support/quantizer_plugin.h"
#include "quantize/recipe/recipe.h"
#include "quantize/scale_limits.h"
#include "quantize/weights/weight_only.h"

namespace qbench {
namespace {

// Elements. Chosen on training images (docs/quantizers.md).
constexpr int64_t kSmallLayer = 7168;

bool HasDepthwise(const graph::Model& model) {
  return std::ranges::any_of(model.graph.ops, [](const graph::Op& op) {
    return op.kind == graph::OpKind::kDepthwiseConv2D;
  });
}

std::vector<qbench_option_info> OptionTable() {
  return {plugin::Option("rounding", "gptq", "gptq|nearest",
                         "of weights: as the calibration images ask for, biases making up for the "
                         "mean error, or to the nearest integer, without images"),
          plugin::Option("images", "100", "1..100000", "number of calibration samples"),
          plugin::Option("small_layers", "auto", "auto|int4|int8",
                         "of weights with fewer than 7168 elements; auto: int8 in models with "
                         "depthwise convolutions, which they harm most"),
          plugin::Option("arithmetic", "float", "float|dynamic",
                         "float: weights are dequantized when the model is loaded; dynamic: the "
                         "runtime quantizes activations as it goes"),
          plugin::Option("recipe", "", "FILE",
                         "which layers keep float32 weights or have one scale for the tensor "
                         "(docs/recipes.md)")};
}

class Int4Quantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    gptq_ = options.Text("rounding") == "gptq";
    if (!gptq_ && options.Given("images")) {
      return Error(StatusCode::kInvalidArgument, "option \"images\" goes with rounding=gptq");
    }
    calibration_.method = quantize::CalibrationMethod::kMinMax;
    calibration_.images = static_cast<uint64_t>(options.Integer("images"));
    small_layers_ = options.Text("small_layers");
    recipe_file_ = options.Text("recipe");
    storage_.dynamic_int4 = options.Text("arithmetic") == "dynamic";
    return OkStatus();
  }

  Status Quantize(ByteSpan bytes, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model model, quantize::ReadFloatModel(bytes, "int4"));
    const bool small_int8 =
        small_layers_ == "int8" || (small_layers_ == "auto" && HasDepthwise(model));
    storage_.int4_from = small_int8 ? kSmallLayer : 0;
    QB_ASSIGN_OR_RETURN(storage_.choices,
                        quantize::ReadWeightRecipe(recipe_file_, model, /*per_tensor=*/true));
    quantize::CalibratedRanges measured;
    if (gptq_) {
      QB_ASSIGN_OR_RETURN(
          measured,
          quantize::Calibrate(model, calibration_,
                              {.means = true, .moments = true, .choices = storage_.choices}, host));
    }
    QB_RETURN_IF_ERROR(quantize::StoreWeights(model, storage_, measured.layer_inputs));
    QB_ASSIGN_OR_RETURN(const Bytes artifact, quantize::WriteArtifact(std::move(model)));
    return host.EmitModel(artifact);
  }

 private:
  bool gptq_ = true;
  std::string small_layers_;
  std::string recipe_file_;  // empty: none
  quantize::CalibrationOptions calibration_;
  quantize::WeightStorage storage_;
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "int4",
       .summary = "int4 weights, dequantized when the model is loaded; float32 arithmetic",
       .options = OptionTable(),
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<Int4Quantizer>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
