// The quantizers of full integer models (`int8`, `uint8`, `int16x8`): calibrate, choose scales,
// rewrite. They differ in the type of the activations and in what the boundary is by default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "graph/ir.h"
#include "plugins/quantizers/full_integer/sample_calibration.h"
#include "plugins/support/quantizer_plugin.h"
#include "quantize/full_integer.h"
#include "quantize/ranges/given_ranges.h"
#include "quantize/ranges/learned_ranges.h"
#include "quantize/ranges/range_estimator.h"
#include "quantize/recipe/recipe.h"

namespace qbench::quantize {

// The options that every such quantizer has, with the defaults for activations of this type (kInt8,
// kInt16); int8 alone has float_head.
std::vector<qbench_option_info> FullIntegerOptionTable(graph::DataType activations);

// Appends the options of the boundary: `io`, and `input` and `output`, which win over it. `types`
// is the grammar of io ("float|int8|uint8"), `either` the same with "io" before it.
void AddBoundaryOptions(const char* default_io, const char* types, const char* either,
                        std::vector<qbench_option_info>& table);

class FullIntegerQuantizer : public plugin::Quantizer {
 public:
  // `id` is a literal, for messages; `activations` kInt8 or kInt16.
  FullIntegerQuantizer(const char* id, graph::DataType activations);

  Status Init(const plugin::Options& options) override;
  Status Quantize(ByteSpan bytes, const plugin::HostServices& host) override;

 private:
  // What float_head and the recipe say.
  Result<OperatorChoices> Choices(const graph::Model& model) const;
  // Takes the options that say where ranges come from. kInvalidArgument where they contradict.
  Status ChooseRanges(const plugin::Options& options);
  // The ranges of the model's activations: measured, given or made up, as the options say; where
  // they come from is added to `source`. `layers`: what else is measured.
  Result<CalibratedRanges> Ranges(const graph::Model& model, const LayerInputsOptions& layers,
                                  const plugin::HostServices& host, Json& source) const;
  // Of a model with learned ranges: quantizes it by those, with nothing that would put other values
  // or weights under them. Says what of the user's options is left out for that.
  Status QuantizeTrained(graph::Model model, const plugin::HostServices& host) const;
  Status QuantizeModel(graph::Model model, const plugin::HostServices& host) const;
  // The learned ranges, and those that follow; `source` as of Ranges.
  Result<CalibratedRanges> TrainedRanges(const graph::Model& model, const OperatorChoices& choices,
                                         const plugin::HostServices& host, Json& source) const;
  // What changes the float model before its ranges are measured.
  Status Prepare(graph::Model& model, const plugin::HostServices& host) const;
  // Where the model quantizes its input itself, the better range for that.
  Status RefineInputRange(const graph::Model& model, const plugin::HostServices& host,
                          TensorRanges& ranges) const;

  // As the options say; a model's own choices are Quantize's.
  const char* id_;
  std::string calibration_name_;
  CalibrationOptions calibration_;
  LayerInputsOptions layers_;
  FullIntegerOptions options_;
  bool per_channel_ = true;
  bool float_head_ = false;
  std::string recipe_file_;           // empty: none
  std::string ranges_file_;           // empty: none
  std::optional<DummyRanges> dummy_;  // calibration=dummy
  bool analytic_ = false;             // bias_correction=analytic
  bool equalization_ = false;
  bool bias_absorption_ = false;
  bool expand_hard_swish_ = false;
  bool learned_ranges_ = false;            // taken where the model has them
  std::optional<ValueRange> pixel_range_;  // of the input, by the options mean and std_dev
  std::vector<std::string> given_;         // of calibration and float_head, what the user gave
  bool gptq_given_ = false;                // rounding=gptq
  bool correction_given_ = false;          // bias_correction=true
  bool trained_ = false;                   // the model at hand is quantized by its learned ranges
};

}  // namespace qbench::quantize
