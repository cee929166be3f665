#include "plugins/quantizers/full_integer/full_integer_quantizer.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "graph/operators.h"
#include "plugins/quantizers/full_integer/sample_calibration.h"
#include "quantize/ranges/expected_inputs.h"
#include "quantize/ranges/input_range.h"
#include "quantize/rewrites/equalization.h"
#include "quantize/rewrites/expand_hard_swish.h"
#include "quantize/rewrites/float_head.h"
#include "quantize/scale_limits.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using plugin::HostServices;

constexpr const char* kCalibrationOption =
    "minmax|moving-average|percentile|mse|octav|entropy|dummy";
constexpr const char* kMadeUp = "the activations' ranges are made up (calibration=dummy)";

// What was measured and chosen, tensor by tensor.
Json RangesOfTensors(const graph::Model& model, const TensorRanges& ranges,
                     const std::vector<std::optional<ActivationScale>>& scales) {
  Json tensors = Json::array();
  for (size_t id = 0; id < scales.size(); ++id) {
    if (!scales[id]) continue;
    const ValueRange& range = ranges[id] ? *ranges[id] : scales[id]->range;
    tensors.push_back({{"name", model.graph.tensors[id].name},
                       {"measured", ranges[id].has_value()},
                       {"min", range.min},
                       {"max", range.max},
                       {"scale", scales[id]->parameters.scale},
                       {"zero_point", scales[id]->parameters.zero_point}});
  }
  return tensors;
}

// kInvalidArgument, naming the first of `names` that the user gave, and what it goes with.
Status RefuseGiven(const plugin::Options& options, std::initializer_list<const char*> names,
                   std::string_view why) {
  for (const char* name : names) {
    if (!options.Given(name)) continue;
    return Error(StatusCode::kInvalidArgument, "option \"{}\" {}", name, why);
  }
  return OkStatus();
}

// Gives the layers the means that batch normalization tells.
Status ExpectInputs(const graph::Model& model, const OperatorChoices& choices,
                    const HostServices& host, CalibratedRanges& calibrated) {
  QB_ASSIGN_OR_RETURN(ExpectedMeans expected, ExpectedInputs(model, choices));
  if (!expected.unknown.empty()) {
    const graph::Op& first = model.graph.ops[expected.unknown.front()];
    const size_t others = expected.unknown.size() - 1;
    host.Warn(
        fmt::format("bias_correction=analytic does not correct \"{}\"{}: batch normalization does "
                    "not tell what "
                    "comes in; bias_correction=true measures it",
                    graph::DisplayName(model.graph, first),
                    others > 0 ? fmt::format(" and {} more", others) : ""));
  }
  calibrated.layer_inputs.resize(expected.inputs.size());
  for (size_t i = 0; i < expected.inputs.size(); ++i) {
    calibrated.layer_inputs[i].means = std::move(expected.inputs[i]);
  }
  return OkStatus();
}

// The type of an input or output: what its own option says, or else `io`.
DataType BoundaryType(const plugin::Options& options, const char* own) {
  const std::string& own_text = options.Text(own);
  const std::string& text = own_text == "io" ? options.Text("io") : own_text;
  if (text == "int8") return DataType::kInt8;
  if (text == "uint8") return DataType::kUInt8;
  if (text == "int16") return DataType::kInt16;
  return DataType::kFloat32;
}

}  // namespace

std::vector<qbench_option_info> FullIntegerOptionTable(DataType activations) {
  std::vector<qbench_option_info> table = {
      plugin::Option("calibration", "mse", kCalibrationOption,
                     "how a tensor's range is found from the calibration samples; dummy: made up, "
                     "for timing alone"),
      plugin::Option(
          "ranges", "", "FILE",
          "ranges that an earlier run measured (FILE.ranges.json), instead of calibration"),
      plugin::Option("default_ranges_min", "0", "-1000000.0..1000000.0",
                     "of every activation, for calibration=dummy"),
      plugin::Option("default_ranges_max", "6", "-1000000.0..1000000.0",
                     "of every activation, for calibration=dummy"),
      plugin::Option("mean", "127.5", "-1000.0..1000.0",
                     "of the pixels, for calibration=dummy and for learned ranges that lack the "
                     "input's: the input is (pixel - mean) / std_dev"),
      plugin::Option("std_dev", "127.5", "0.001..1000.0", "of the pixels, as mean"),
      plugin::Option("percentile", "99.99", "50.1..100.0",
                     "share of the values below the upper end, for calibration=percentile"),
      plugin::Option("images", "100", "1..100000", "number of calibration samples"),
      plugin::Option("per_channel", "true", "true|false",
                     "a weight scale for each output channel, or one a tensor"),
      plugin::Option("recipe", "", "FILE",
                     "rules for single layers: which stay float, per-tensor weights, symmetric "
                     "activations (docs/recipes.md)"),
      plugin::Option("rounding", "auto", "auto|nearest|gptq",
                     "of weights: to the nearest integer, or as their inputs ask for; auto: gptq, "
                     "but nearest with calibration=minmax, the quick way, and with given ranges"),
      plugin::Option("bias_correction", "auto", "auto|true|analytic|false",
                     "make up for the mean error of rounded weights in the biases; true: as "
                     "measured on the samples; analytic: as the model's batch normalization tells, "
                     "without samples; auto: true with rounding=gptq")};
  table.push_back(plugin::Option("equalization", "false", "true|false",
                                 "give the channels between two layers like ranges (cross-layer "
                                 "equalization)"));
  table.push_back(plugin::Option("bias_absorption", "false", "true|false",
                                 "move what a channel never falls below into the next layer's "
                                 "biases"));
  table.push_back(plugin::Option("expand_hard_swish", "true", "true|false",
                                 "HARD_SWISH as additions and multiplications, which more engines "
                                 "have for integers"));
  if (activations == DataType::kInt8) {
    table.push_back(plugin::Option("float_head", "true", "true|false",
                                   "where the output is float: softmax and a small last layer in "
                                   "float; not by default where ranges are learned"));
    table.push_back(plugin::Option(
        "learned_ranges", "true", "true|false",
        "where quantization-aware training left ranges in the model, take those and calibrate "
        "nothing; false: calibrate all the same"));
  }
  return table;
}

void AddBoundaryOptions(const char* default_io, const char* types, const char* either,
                        std::vector<qbench_option_info>& table) {
  table.push_back(plugin::Option("io", default_io, types, "type of the model's input and output"));
  table.push_back(plugin::Option("input", "io", either, "type of the input; io: as that says"));
  table.push_back(plugin::Option("output", "io", either, "type of the output; io: as that says"));
}

FullIntegerQuantizer::FullIntegerQuantizer(const char* id, DataType activations) : id_(id) {
  options_.activations = activations;
}

Status FullIntegerQuantizer::ChooseRanges(const plugin::Options& options) {
  calibration_name_ = options.Text("calibration");
  ranges_file_ = options.Text("ranges");
  if (calibration_name_ != "percentile") {
    QB_RETURN_IF_ERROR(RefuseGiven(options, {"percentile"}, "goes with calibration=percentile"));
  }
  if (!ranges_file_.empty()) {
    QB_RETURN_IF_ERROR(RefuseGiven(options, {"calibration"},
                                   "does not go with ranges, which say what it would find"));
  }
  if (options.Given("mean") || options.Given("std_dev")) {
    const auto mean = static_cast<float>(options.Real("mean"));
    const auto std_dev = static_cast<float>(options.Real("std_dev"));
    pixel_range_ = ValueRange{-mean / std_dev, (255.0F - mean) / std_dev};
  }
  if (calibration_name_ != "dummy") {
    calibration_.method = ParseCalibrationMethod(calibration_name_);
    if (options_.activations != DataType::kInt8) {
      QB_RETURN_IF_ERROR(RefuseGiven(options, {"mean", "std_dev"}, "goes with calibration=dummy"));
    }
    return RefuseGiven(options, {"default_ranges_min", "default_ranges_max"},
                       "goes with calibration=dummy");
  }
  if (options.Text("rounding") == "gptq" || options.Text("bias_correction") == "true" ||
      options.Flag("bias_absorption")) {
    return Error(StatusCode::kInvalidArgument,
                 "calibration=dummy looks at no images: rounding=gptq, bias_correction=true and "
                 "bias_absorption=true do not go with it");
  }
  dummy_ = DummyRanges{.min = static_cast<float>(options.Real("default_ranges_min")),
                       .max = static_cast<float>(options.Real("default_ranges_max")),
                       .mean = static_cast<float>(options.Real("mean")),
                       .std_dev = static_cast<float>(options.Real("std_dev"))};
  return OkStatus();
}

Status FullIntegerQuantizer::Init(const plugin::Options& options) {
  recipe_file_ = options.Text("recipe");
  QB_RETURN_IF_ERROR(ChooseRanges(options));
  calibration_.percentile = options.Real("percentile");
  calibration_.images = static_cast<uint64_t>(options.Integer("images"));
  const graph::QuantizedRange integers = graph::ActivationRange(options_.activations);
  calibration_.steps = integers.max - integers.min;
  per_channel_ = options.Flag("per_channel");
  const std::string& rounding = options.Text("rounding");
  const bool quick =
      dummy_ || !ranges_file_.empty() || calibration_.method == CalibrationMethod::kMinMax;
  layers_.moments = rounding == "auto" ? !quick : rounding == "gptq";
  const std::string& correction = options.Text("bias_correction");
  layers_.means = correction == "auto" ? layers_.moments : correction == "true";
  analytic_ = correction == "analytic";
  options_.input = BoundaryType(options, "input");
  options_.output = BoundaryType(options, "output");
  equalization_ = options.Flag("equalization");
  bias_absorption_ = options.Flag("bias_absorption");
  float_head_ = options_.activations == DataType::kInt8 && options.Flag("float_head") &&
                options_.output == DataType::kFloat32;
  expand_hard_swish_ = options.Flag("expand_hard_swish");
  learned_ranges_ = options_.activations == DataType::kInt8 && options.Flag("learned_ranges");
  gptq_given_ = rounding == "gptq";
  correction_given_ = correction == "true";
  for (const char* name : {"calibration", "float_head"}) {
    if (options.Given(name)) given_.emplace_back(name);
  }
  return OkStatus();
}

Status FullIntegerQuantizer::Prepare(graph::Model& model, const HostServices& host) const {
  if (expand_hard_swish_) ExpandHardSwish(model);
  if (equalization_) {
    QB_ASSIGN_OR_RETURN(const int64_t pairs, EqualizeCrossLayer(model));
    if (pairs == 0) {
      host.Warn(
          "equalization=true changes nothing: the model has no two layers with nothing but RELU, "
          "pooling, padding or a mean between them (RELU6 and additions do not count)");
    }
  }
  if (bias_absorption_) {
    CalibrationOptions quick = calibration_;
    quick.method = CalibrationMethod::kMinMax;
    QB_ASSIGN_OR_RETURN(const CalibratedRanges measured,
                        Calibrate(model, quick, {.minima = true}, host));
    QB_ASSIGN_OR_RETURN(const int64_t channels, AbsorbHighBiases(model, measured.layer_inputs));
    if (channels == 0) {
      host.Warn(
          "bias_absorption=true changes nothing: every channel behind a RELU falls to zero in some "
          "calibration image");
    }
  }
  return OkStatus();
}

Result<OperatorChoices> FullIntegerQuantizer::Choices(const graph::Model& model) const {
  OperatorChoices choices(model.graph.ops.size(), {.per_tensor = !per_channel_});
  const std::vector<bool> head =
      float_head_ ? FindHead(model) : std::vector<bool>(choices.size(), false);
  for (size_t i = 0; i < choices.size(); ++i) {
    choices[i].in_float = choices[i].int8_storage = head[i];
    // What TensorFlow Lite has no integer kernel for stays float among integers.
    if (!graph::HasKernel(model.graph.ops[i].kind, options_.activations))
      choices[i].in_float = true;
  }
  if (recipe_file_.empty()) return choices;
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(recipe_file_));
  QB_ASSIGN_OR_RETURN(const Recipe recipe, ParseRecipe(text, recipe_file_));
  QB_RETURN_IF_ERROR(CheckActivations(recipe, options_.activations));
  const BoundaryEnds ends{.float_input = options_.input == DataType::kFloat32,
                          .float_output = options_.output == DataType::kFloat32};
  QB_RETURN_IF_ERROR(ApplyRecipe(recipe, model, ends, choices));
  return choices;
}

Result<CalibratedRanges> FullIntegerQuantizer::Ranges(const graph::Model& model,
                                                      const LayerInputsOptions& layers,
                                                      const HostServices& host,
                                                      Json& source) const {
  CalibratedRanges calibrated;
  source["calibration"] = ranges_file_.empty() ? calibration_name_ : "given";
  if (dummy_) {
    QB_ASSIGN_OR_RETURN(calibrated.ranges, MakeDummyRanges(model, *dummy_));
    source["made_up"] = true;
    host.Warn(fmt::format("{}, for timing alone: the accuracy means nothing", kMadeUp));
    return calibrated;
  }
  if (ranges_file_.empty() || layers.any()) {
    QB_ASSIGN_OR_RETURN(calibrated, Calibrate(model, calibration_, layers, host));
  }
  if (ranges_file_.empty()) {
    QB_RETURN_IF_ERROR(RefineInputRange(model, host, calibrated.ranges));
    return calibrated;
  }
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(ranges_file_));
  Result<GivenRanges> given =
      ReadRanges(model, {.equalization = equalization_, .bias_absorption = bias_absorption_}, text);
  if (!given.ok()) return given.status().WithContext(ranges_file_);
  calibrated.ranges = std::move(given->ranges);
  source["given"] = {{"sha256", Sha256Hex(text)},
                     {"calibration", given->origin.calibration},
                     {"runtime", given->origin.runtime},
                     {"samples", given->origin.samples}};
  return calibrated;
}

Status FullIntegerQuantizer::RefineInputRange(const graph::Model& model, const HostServices& host,
                                              TensorRanges& ranges) const {
  if (options_.input != DataType::kFloat32 || options_.activations != DataType::kInt8) {
    return OkStatus();
  }
  constexpr uint64_t kSamples = 10;
  const auto input = static_cast<size_t>(model.graph.inputs.front());
  const auto elements = static_cast<size_t>(graph::ElementCount(model.graph.tensors[input].shape));
  std::vector<float> values(elements * std::min(kSamples, calibration_.images));
  for (uint64_t sample = 0; sample * elements < values.size(); ++sample) {
    const uint64_t index = sample % host.SampleCount(QBENCH_SPLIT_CALIBRATION);
    QB_RETURN_IF_ERROR(host.ReadSample(QBENCH_SPLIT_CALIBRATION, index,
                                       std::span(values).subspan(sample * elements, elements)));
  }
  ranges[input] = ChooseInputRange(*ranges[input], values);
  return OkStatus();
}

Status FullIntegerQuantizer::Quantize(ByteSpan bytes, const HostServices& host) {
  const auto learned = learned_ranges_ ? LearnedRangesAre::kKept : LearnedRangesAre::kDropped;
  QB_ASSIGN_OR_RETURN(graph::Model model, ReadFloatModel(bytes, id_, learned));
  if (ranges_file_.empty() && HasLearnedRanges(model)) {
    return QuantizeTrained(std::move(model), host);
  }
  if (pixel_range_ && !dummy_) {
    return Error(StatusCode::kInvalidArgument,
                 "options \"mean\" and \"std_dev\" go with calibration=dummy, or with a model that "
                 "has learned ranges");
  }
  return QuantizeModel(std::move(model), host);
}

Status FullIntegerQuantizer::QuantizeModel(graph::Model model, const HostServices& host) const {
  QB_RETURN_IF_ERROR(Prepare(model, host));
  FullIntegerOptions options = options_;
  QB_ASSIGN_OR_RETURN(options.choices, Choices(model));
  LayerInputsOptions layers = layers_;
  layers.choices = options.choices;
  Json document = {{"equalization", equalization_}, {"bias_absorption", bias_absorption_}};
  QB_ASSIGN_OR_RETURN(CalibratedRanges calibrated,
                      trained_ ? TrainedRanges(model, options.choices, host, document)
                               : Ranges(model, layers, host, document));
  if (analytic_) QB_RETURN_IF_ERROR(ExpectInputs(model, options.choices, host, calibrated));
  options.layer_inputs = calibrated.layer_inputs;
  Warnings warnings;
  QB_ASSIGN_OR_RETURN(const auto scales,
                      ChooseActivationScales(model, calibrated.ranges, warnings,
                                             options.activations, options.choices, trained_));
  QB_ASSIGN_OR_RETURN(graph::Model integer, QuantizeFullInteger(model, scales, options, warnings));
  for (const std::string& warning : warnings) host.Warn(warning);
  QB_ASSIGN_OR_RETURN(const Bytes artifact, WriteArtifact(std::move(integer)));
  document["split"] = "calibration";
  document["first_sample"] = 0;
  document["samples"] = calibrated.samples;
  document["runtime"] = calibrated.samples > 0 ? host.InferenceRuntime() : std::string();
  document["tensors"] = RangesOfTensors(model, calibrated.ranges, scales);
  QB_RETURN_IF_ERROR(host.EmitJson("ranges", DumpJson(document)));
  if (document.value("made_up", false)) {
    QB_RETURN_IF_ERROR(host.EmitJson("invalid_accuracy", DumpJson(Json{{"reason", kMadeUp}})));
  }
  return host.EmitModel(artifact);
}

}  // namespace qbench::quantize
