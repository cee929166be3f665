// The `int8` quantizer: full integer quantization with ranges from calibration samples.
#include "base/json.h"
#include "graph/tflite_writer.h"
#include "plugins/quantizers/common/full_integer.h"
#include "plugins/quantizers/int8/sample_calibration.h"
#include "plugins/support/quantizer_plugin.h"

namespace qbench {
namespace {

using plugin::HostServices;

// What was measured and chosen, tensor by tensor, and what it was measured with.
std::string RangesAsJson(const graph::Model& model, const quantize::CalibratedRanges& calibrated,
                         const std::vector<std::optional<quantize::ActivationScale>>& scales,
                         const std::string& runtime) {
  Json tensors = Json::array();
  for (size_t id = 0; id < scales.size(); ++id) {
    if (!scales[id]) continue;
    const auto& measured = calibrated.ranges[id];
    const quantize::ValueRange& range = measured ? *measured : scales[id]->range;
    tensors.push_back({{"name", model.graph.tensors[id].name},
                       {"measured", measured.has_value()},
                       {"min", range.min},
                       {"max", range.max},
                       {"scale", scales[id]->parameters.scale},
                       {"zero_point", scales[id]->parameters.zero_point}});
  }
  return DumpJson({{"calibration", "minmax"},
                   {"split", "calibration"},
                   {"first_sample", 0},
                   {"samples", calibrated.samples},
                   {"runtime", runtime},
                   {"tensors", std::move(tensors)}});
}

class Int8Quantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    samples_ = static_cast<uint64_t>(options.Integer("images"));
    options_.per_channel = options.Flag("per_channel");
    options_.integer_io = options.Text("io") == "int8";
    return OkStatus();
  }

  Status Quantize(ByteSpan bytes, const HostServices& host) override {
    QB_ASSIGN_OR_RETURN(const graph::Model model, quantize::ReadFloatModel(bytes, "int8"));
    QB_ASSIGN_OR_RETURN(const auto calibrated, quantize::MeasureMinMax(model, samples_, host));
    quantize::Warnings warnings;
    QB_ASSIGN_OR_RETURN(const auto scales,
                        quantize::ChooseActivationScales(model, calibrated.ranges, warnings));
    QB_ASSIGN_OR_RETURN(const graph::Model integer,
                        quantize::QuantizeFullInteger(model, scales, options_, warnings));
    for (const std::string& warning : warnings) host.Warn(warning);
    QB_ASSIGN_OR_RETURN(const Bytes artifact, graph::WriteTflite(integer));
    QB_RETURN_IF_ERROR(
        host.EmitJson("ranges", RangesAsJson(model, calibrated, scales, host.InferenceRuntime())));
    return host.EmitModel(artifact);
  }

 private:
  uint64_t samples_ = 0;
  quantize::FullIntegerOptions options_;
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "int8",
       .summary = "full integer quantization: int8 weights and activations, int32 biases",
       .options = {Option("calibration", "minmax", "minmax",
                          "how a tensor's range is found from the calibration samples"),
                   Option("images", "100", "1..100000", "number of calibration samples"),
                   Option("io", "float", "float|int8", "type of the model's input and output"),
                   Option("per_channel", "true", "true|false",
                          "a weight scale for each output channel, or one a tensor")},
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<Int8Quantizer>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
