// FullIntegerQuantizer for models that quantization-aware training left ranges in.
#include <algorithm>
#include <utility>

#include "fmt/ranges.h"
#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

namespace qbench::quantize {

using plugin::HostServices;

Status FullIntegerQuantizer::QuantizeTrained(graph::Model model, const HostServices& host) const {
  const auto given = [this](const char* name) {
    return std::ranges::find(given_, name) != given_.end();
  };
  FullIntegerQuantizer trained = *this;
  trained.trained_ = true;
  // The weights were trained for these ranges, and for being rounded to the nearest integer.
  std::vector<std::string> left_out;
  const auto leave_out = [&](bool& option, const char* name) {
    if (option) left_out.emplace_back(name);
    option = false;
  };
  leave_out(trained.equalization_, "equalization=true");
  leave_out(trained.bias_absorption_, "bias_absorption=true");
  leave_out(trained.analytic_, "bias_correction=analytic");
  if (gptq_given_) left_out.emplace_back("rounding=gptq");
  if (correction_given_) left_out.emplace_back("bias_correction=true");
  trained.layers_ = {};
  if (given("calibration") && !dummy_) left_out.push_back("calibration=" + calibration_name_);
  if (!given("float_head")) trained.float_head_ = false;
  if (!left_out.empty()) {
    host.Warn(fmt::format(
        "{} left out: the model has the ranges that it was trained with, and its weights go with "
        "those (learned_ranges=false calibrates it as if it had none)",
        fmt::join(left_out, ", ")));
  }
  if (pixel_range_ && !dummy_) {
    for (const graph::TensorId id : model.graph.inputs) {
      graph::Tensor& input = model.graph.tensors[static_cast<size_t>(id)];
      if (input.learned_range || input.type != graph::DataType::kFloat32) continue;
      input.learned_range =
          graph::LearnedRange{.min = {pixel_range_->min}, .max = {pixel_range_->max}};
    }
  }
  return trained.QuantizeModel(std::move(model), host);
}

Result<CalibratedRanges> FullIntegerQuantizer::TrainedRanges(const graph::Model& model,
                                                             const OperatorChoices& choices,
                                                             const HostServices& host,
                                                             Json& source) const {
  LearnedRanges learned = FindLearnedRanges(model, choices);
  source["calibration"] = "learned";
  source["derived"] = learned.derived.size();
  source["learned_weights"] = CountLearnedWeights(model);
  source["notes"] = {
      "weights are rounded to the nearest integer and biases are not corrected, as "
      "the model was trained so"};
  if (!learned.missing.empty()) {
    if (!dummy_) return MissingRangeError(model, learned.missing);
    QB_RETURN_IF_ERROR(FillWithDummies(model, *dummy_, learned));
    source["calibration"] = "learned and dummy";
    source["made_up"] = true;
    host.Warn(fmt::format(
        "the ranges of {} activations (\"{}\" is the first) are made up (calibration=dummy), for "
        "timing alone: the accuracy means nothing",
        learned.missing.size(),
        model.graph.tensors[static_cast<size_t>(learned.missing.front())].name));
  }
  return CalibratedRanges{.ranges = std::move(learned.ranges), .layer_inputs = {}, .samples = 0};
}

}  // namespace qbench::quantize
