// The `weight_only` quantizer: int8 weights that are dequantized before use.
#include <algorithm>
#include <utility>

#include "base/json.h"
#include "plugins/quantizers/full_integer/sample_calibration.h"
#include "plugins/support/quantizer_plugin.h"
#include "quantize/recipe/recipe.h"
#include "quantize/scale_limits.h"
#include "quantize/weights/weight_only.h"

namespace qbench {
namespace {

// Elements. Chosen on training images (docs/quantizers.md).
constexpr int64_t kSmallLayer = 512;

class WeightOnlyQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    rounding_ = options.Text("rounding");
    images_ = static_cast<uint64_t>(options.Integer("images"));
    recipe_file_ = options.Text("recipe");
    small_int8_ = options.Text("small_layers") == "int8";
    return OkStatus();
  }

  Status Quantize(ByteSpan bytes, const plugin::HostServices& host) override {
    QB_ASSIGN_OR_RETURN(graph::Model model, quantize::ReadFloatModel(bytes, "weight_only"));
    QB_ASSIGN_OR_RETURN(quantize::OperatorChoices choices,
                        quantize::ReadWeightRecipe(recipe_file_, model, /*per_tensor=*/true));
    const quantize::WeightStorage storage{.float_below = small_int8_ ? 0 : kSmallLayer,
                                          .choices = std::move(choices)};
    quantize::CalibratedRanges calibrated;
    const bool images = host.SampleCount(QBENCH_SPLIT_CALIBRATION) > 0;
    if (rounding_ == "gptq" || (rounding_ == "auto" && images)) {
      const quantize::CalibrationOptions quick{
          .images =
              std::min(images_, std::max<uint64_t>(host.SampleCount(QBENCH_SPLIT_CALIBRATION), 1))};
      QB_ASSIGN_OR_RETURN(
          calibrated,
          quantize::Calibrate(model, quick,
                              {.means = true, .moments = true, .choices = storage.choices}, host));
    }
    QB_RETURN_IF_ERROR(quantize::StoreWeights(model, storage, calibrated.layer_inputs));
    QB_ASSIGN_OR_RETURN(const Bytes artifact, quantize::WriteArtifact(std::move(model)));
    QB_RETURN_IF_ERROR(host.EmitJson(
        "rounding",
        DumpJson({{"method", calibrated.samples > 0 ? "gptq" : "nearest"},
                  {"samples", calibrated.samples},
                  {"runtime", calibrated.samples > 0 ? host.InferenceRuntime() : std::string()}})));
    return host.EmitModel(artifact);
  }

 private:
  std::string rounding_;
  uint64_t images_ = 0;
  std::string recipe_file_;  // empty: none
  bool small_int8_ = false;
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "weight_only",
       .summary = "int8 weights, dequantized when the model is loaded; float32 arithmetic",
       .options = {plugin::Option("rounding", "auto", "auto|nearest|gptq",
                                  "of weights: to the nearest integer, or as their inputs ask for; "
                                  "auto: gptq where there are calibration images"),
                   plugin::Option("images", "100", "1..100000",
                                  "number of calibration samples, for rounding=gptq"),
                   plugin::Option("small_layers", "float", "float|int8",
                                  "weights with fewer than 512 elements, which save little and "
                                  "cost most of the accuracy"),
                   plugin::Option("recipe", "", "FILE",
                                  "which layers keep float32 weights or have one scale for the "
                                  "tensor (docs/recipes.md)")},
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> {
         return std::make_unique<WeightOnlyQuantizer>();
       }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
