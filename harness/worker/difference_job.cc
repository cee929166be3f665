#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/one_line.h"
#include "graph/numerics/quantize_math.h"
#include "graph/pairing/model_pairing.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/host/runtime_pool.h"
#include "harness/host/sample_source.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

using graph::TensorId;

Result<graph::Model> ReadModel(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(AlignedBytes bytes, ReadModelFile(path));
  const auto shared = std::make_shared<const AlignedBytes>(std::move(bytes));
  Result<graph::Model> model = graph::ReadTflite(shared, shared->span());
  if (!model.ok()) return model.status().WithContext(path.string());
  return model;
}

const graph::Tensor& OutputOf(const graph::Model& model, size_t op) {
  return model.graph.tensors[static_cast<size_t>(model.graph.ops[op].outputs[0])];
}

std::vector<std::string> NamesOf(const graph::Model& model, const std::vector<size_t>& ops) {
  std::vector<std::string> names;
  names.reserve(ops.size());
  for (const size_t op : ops) {
    names.push_back(SafeName(graph::DisplayName(model.graph, model.graph.ops[op])));
  }
  return names;
}

// The layers whose activations reach the inputs of `op`, looking through operators that are no
// layers.
std::vector<size_t> LayersBefore(const graph::Model& model, const graph::Uses& uses,
                                 const std::map<size_t, size_t>& layer_of_op, size_t op) {
  std::vector<size_t> layers;
  std::vector<size_t> pending = {op};
  std::vector<bool> seen(model.graph.ops.size(), false);  // diamonds have ever more ways through
  while (!pending.empty()) {
    const graph::Op& reader = model.graph.ops[pending.back()];
    pending.pop_back();
    for (const TensorId input : reader.inputs) {
      if (input == graph::kNoTensor) continue;
      const int32_t producer = uses.producer[static_cast<size_t>(input)];
      if (producer < 0 || seen[static_cast<size_t>(producer)]) continue;
      seen[static_cast<size_t>(producer)] = true;
      const auto layer = layer_of_op.find(static_cast<size_t>(producer));
      if (layer == layer_of_op.end()) {
        pending.push_back(static_cast<size_t>(producer));
      } else {
        layers.push_back(layer->second);
      }
    }
  }
  return layers;
}

void Describe(const graph::Model& a, const graph::Model& b, const graph::ModelPairing& pairing,
              jobs::DifferenceResult& result) {
  const graph::Uses uses = graph::FindUses(a.graph);
  std::map<size_t, size_t> layer_of_op;
  for (const graph::LayerPair& pair : pairing.layers) {
    const graph::Tensor& quantized = OutputOf(b, pair.op_b);
    jobs::DifferenceResult::Layer layer;
    layer.name = SafeName(graph::DisplayName(a.graph, a.graph.ops[pair.op_a]));
    layer.kind = graph::OpKindName(a.graph.ops[pair.op_a].kind);
    layer.op = static_cast<int32_t>(pair.op_a);
    layer.type = graph::DataTypeName(quantized.type);
    layer.same_name = OutputOf(a, pair.op_a).name == quantized.name;
    if (quantized.type != graph::DataType::kFloat32 && quantized.quantization) {
      layer.scale = quantized.quantization->scales[0];
      layer.zero_point = quantized.quantization->zero_points[0];
    }
    layer.inputs = LayersBefore(a, uses, layer_of_op, pair.op_a);
    layer_of_op[pair.op_a] = result.layers.size();
    result.layers.push_back(std::move(layer));
  }
  result.only_float = NamesOf(a, pairing.only_a);
  result.only_quantized = NamesOf(b, pairing.only_b);
  result.flaws = graph::FindFlaws(b);
  result.float_is_float = !graph::IsQuantized(a);
  result.quantized_is_quantized = graph::IsQuantized(b);
}

// What runs the models.
struct Engine {
  const jobs::DifferenceJob& job;
  std::shared_ptr<host::PluginLibrary> library;
  const qbench_host* host;
  const host::TensorInfo& sample;
};

// A model with whatever outputs it has, on the runtime.
class ShownModel {
 public:
  static Result<ShownModel> Load(const Engine& engine, const graph::Model& shown) {
    const jobs::DifferenceJob& job = engine.job;
    QB_ASSIGN_OR_RETURN(AlignedBytes bytes, graph::WriteAlignedTflite(shown));
    QB_ASSIGN_OR_RETURN(host::RuntimePool pool,
                        host::RuntimePool::LoadInPlace({.library = engine.library,
                                                        .id = job.runtime.id,
                                                        .options = job.runtime.options,
                                                        .threads = 1,
                                                        .instances = 1,
                                                        .host = engine.host},
                                                       bytes.span()));
    if (pool.input_count() != shown.graph.inputs.size() ||
        pool.outputs().size() != shown.graph.outputs.size()) {
      return Error(StatusCode::kInternal, "{} shows {} of {} layers", job.runtime.id,
                   pool.outputs().size(), shown.graph.outputs.size());
    }
    QB_RETURN_IF_ERROR(CheckModelInput(pool.input(), engine.sample));
    return ShownModel(std::move(bytes), std::move(pool));
  }

  Status SetInput(size_t index, std::span<const float> values) {
    const host::TensorInfo& info = pool_.runtime(0).inputs()[index];
    if (info.ElementCount() != values.size()) {
      return Error(StatusCode::kInternal, "input {} of the model is {}, not of {} values", index,
                   host::DescribeTensor(info), values.size());
    }
    Bytes input(info.ByteSize());
    WriteModelInput(info, values, input);
    return pool_.runtime(0).SetInput(static_cast<uint32_t>(index), input);
  }

  Status Invoke() {
    QB_RETURN_IF_ERROR(pool_.runtime(0).Invoke());
    return pool_.runtime(0).CheckAfterInvoke();
  }

  // A layer's activation, dequantized.
  Result<std::vector<float>> Output(size_t layer) {
    const host::TensorInfo& info = pool_.outputs()[layer];
    Bytes bytes(info.ByteSize());
    QB_RETURN_IF_ERROR(pool_.runtime(0).GetOutput(static_cast<uint32_t>(layer), bytes));
    return ReadScores(info, bytes);
  }

  host::RuntimePool& pool() { return pool_; }

 private:
  ShownModel(AlignedBytes bytes, host::RuntimePool pool)
      : bytes_(std::move(bytes)), pool_(std::move(pool)) {}
  AlignedBytes bytes_;  // before the objects that point into them
  host::RuntimePool pool_;
};

// The real values that a layer's integers stand for, rounding included; of a float layer all.
std::pair<double, double> Reach(const jobs::DifferenceResult::Layer& layer) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  graph::QuantizedRange range;
  for (const auto type :
       {graph::DataType::kInt8, graph::DataType::kUInt8, graph::DataType::kInt16}) {
    if (layer.type == graph::DataTypeName(type)) range = graph::ActivationRange(type);
  }
  if (layer.scale == 0 || range.min == range.max) return {-kInfinity, kInfinity};
  const auto zero = static_cast<double>(layer.zero_point);
  return {layer.scale * (range.min - zero - 0.5), layer.scale * (range.max - zero + 0.5)};
}

using Activations = std::vector<std::vector<float>>;

Result<Activations> Run(ShownModel& model, std::span<const float> sample) {
  QB_RETURN_IF_ERROR(model.SetInput(0, sample));
  QB_RETURN_IF_ERROR(model.Invoke());
  Activations activations(model.pool().outputs().size());
  for (size_t i = 0; i < activations.size(); ++i) {
    QB_ASSIGN_OR_RETURN(activations[i], model.Output(i));
  }
  return activations;
}

Status AddLayer(const jobs::DifferenceResult::Layer& layer, std::span<const float> expected,
                std::span<const float> actual, stats::DifferenceSums& sums) {
  if (expected.size() != actual.size()) {
    return Error(StatusCode::kInternal, "layer \"{}\" has {} values in float, {} quantized",
                 layer.name, expected.size(), actual.size());
  }
  const auto [low, high] = Reach(layer);
  stats::AddDifference(expected, actual, low, high, sums);
  if (std::isfinite(sums.dd) && std::isfinite(sums.aa)) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "layer \"{}\" has values that are not finite: check the model", layer.name);
}

// The operators to show: the layers, and the one that makes the model's output, at `output`.
std::vector<size_t> OpsToShow(const graph::Model& model, std::vector<size_t> ops, size_t& output) {
  const graph::Uses uses = graph::FindUses(model.graph);
  const auto producer =
      static_cast<size_t>(uses.producer[static_cast<size_t>(model.graph.outputs[0])]);
  const auto found = std::ranges::find(ops, producer);
  output = static_cast<size_t>(found - ops.begin());
  if (found == ops.end()) ops.push_back(producer);
  return ops;
}

// Both models, layer by layer, image by image.
class Comparison {
 public:
  static Result<Comparison> Load(const Engine& engine, const graph::Model& a, const graph::Model& b,
                                 const graph::ModelPairing& pairing) {
    std::vector<size_t> ops_a;
    std::vector<size_t> ops_b;
    for (const graph::LayerPair& pair : pairing.layers) {
      ops_a.push_back(pair.op_a);
      ops_b.push_back(pair.op_b);
    }
    size_t output_a = 0;
    size_t output_b = 0;
    QB_ASSIGN_OR_RETURN(const auto shown_a, graph::ShowOps(a, OpsToShow(a, ops_a, output_a)));
    QB_ASSIGN_OR_RETURN(const auto shown_b, graph::ShowOps(b, OpsToShow(b, ops_b, output_b)));
    QB_ASSIGN_OR_RETURN(ShownModel loaded_a, ShownModel::Load(engine, shown_a));
    QB_ASSIGN_OR_RETURN(ShownModel loaded_b, ShownModel::Load(engine, shown_b));
    QB_ASSIGN_OR_RETURN(ShownModel plain, ShownModel::Load(engine, b));
    Comparison comparison(std::move(loaded_a), std::move(loaded_b), std::move(plain));
    comparison.output_a_ = output_a;
    comparison.output_b_ = output_b;
    comparison.cut_status_ = comparison.LoadCut(engine, b, ops_b);
    return comparison;
  }

  // A runtime that cannot run the layers apart from each other costs one column, not the rest.
  const Status& cut_status() const { return cut_status_; }
  Result<std::vector<host::Fact>> Facts() { return a_.pool().runtime(0).Facts(); }

  Status Add(std::span<const float> sample, jobs::DifferenceResult& result) {
    QB_ASSIGN_OR_RETURN(const Activations expected, Run(a_, sample));
    QB_ASSIGN_OR_RETURN(const Activations actual, Run(b_, sample));
    if (result.images < kCheckedImages) {
      QB_RETURN_IF_ERROR(CheckOutput(sample, actual[output_b_]));
    }
    for (size_t i = 0; i < result.layers.size(); ++i) {
      jobs::DifferenceResult::Layer& layer = result.layers[i];
      QB_RETURN_IF_ERROR(AddLayer(layer, expected[i], actual[i], layer.sums));
    }
    if (Predict(expected[output_a_]).output != Predict(actual[output_b_]).output) ++result.flips;
    ++result.images;
    return cut_ ? AddOwn(sample, expected, result) : OkStatus();
  }

 private:
  static constexpr int64_t kCheckedImages = 3;

  Comparison(ShownModel a, ShownModel b, ShownModel plain)
      : a_(std::move(a)), b_(std::move(b)), plain_(std::move(plain)) {}

  Status LoadCut(const Engine& engine, const graph::Model& b, const std::vector<size_t>& ops) {
    QB_ASSIGN_OR_RETURN(graph::CutModel cut, graph::CutAtOps(b, ops));
    QB_ASSIGN_OR_RETURN(ShownModel loaded, ShownModel::Load(engine, cut.model));
    cut_.emplace(std::move(loaded));
    new_inputs_ = std::move(cut.new_inputs);
    return OkStatus();
  }

  // Showing the layers must not change what the model computes.
  Status CheckOutput(std::span<const float> sample, const std::vector<float>& shown) {
    QB_ASSIGN_OR_RETURN(const Activations plain, Run(plain_, sample));
    if (plain[0] == shown) return OkStatus();
    return Error(StatusCode::kInternal,
                 "{} computes another output when the layers are shown: compare on another runtime "
                 "(--runtime reference)",
                 plain_.pool().runtime(0).id());
  }

  // Every layer of the quantized model on the float model's values.
  Status AddOwn(std::span<const float> sample, const Activations& expected,
                jobs::DifferenceResult& result) {
    for (size_t i = 0; i < new_inputs_.size(); ++i) {
      if (new_inputs_[i] < 0) continue;
      QB_RETURN_IF_ERROR(cut_->SetInput(static_cast<size_t>(new_inputs_[i]), expected[i]));
    }
    QB_ASSIGN_OR_RETURN(const Activations actual, Run(*cut_, sample));
    for (size_t i = 0; i < result.layers.size(); ++i) {
      jobs::DifferenceResult::Layer& layer = result.layers[i];
      if (!layer.own) layer.own.emplace();
      QB_RETURN_IF_ERROR(AddLayer(layer, expected[i], actual[i], *layer.own));
    }
    return OkStatus();
  }

  ShownModel a_;
  ShownModel b_;
  ShownModel plain_;                 // the quantized model as it is
  std::optional<ShownModel> cut_;    // its layers apart
  std::vector<int32_t> new_inputs_;  // graph::CutModel::new_inputs
  Status cut_status_;
  size_t output_a_ = 0;
  size_t output_b_ = 0;
};

// Ranges of which these images hardly use anything.
void AddUnusedRanges(jobs::DifferenceResult& result) {
  constexpr double kFewSteps = 8;
  for (const jobs::DifferenceResult::Layer& layer : result.layers) {
    const double steps =
        layer.scale > 0 ? (layer.sums.a_max - layer.sums.a_min) / layer.scale : kFewSteps;
    if (steps >= kFewSteps) continue;
    result.flaws.push_back(
        fmt::format("\"{}\": float's values span {:.1f} steps of its scale {:.4g}: the range is "
                    "degenerate, or far too wide",
                    layer.name, steps, layer.scale));
  }
}

}  // namespace

Result<jobs::DifferenceResult> RunDifference(const WorkerContext& context,
                                             const jobs::DifferenceJob& job) {
  QB_ASSIGN_OR_RETURN(const graph::Model a, ReadModel(job.float_model));
  QB_ASSIGN_OR_RETURN(const graph::Model b, ReadModel(job.quantized_model));
  const graph::ModelPairing pairing = graph::PairLayers(a, b);
  QB_RETURN_IF_ERROR(
      graph::CheckSameNetwork(a, b, pairing)
          .WithContext(job.float_model.string() + " and " + job.quantized_model.string()));
  jobs::DifferenceResult result;
  Describe(a, b, pairing, result);

  QB_ASSIGN_OR_RETURN(const host::SampleSource samples, host::SampleSource::Open(job.samples));
  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link, job.runtime.id),
                              &context.observer);
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  QB_ASSIGN_OR_RETURN(Comparison comparison,
                      Comparison::Load({job, library, host.host(), samples.info()}, a, b, pairing));
  result.own_missing = comparison.cut_status().message();
  std::vector<float> sample(samples.info().ElementCount());
  for (const size_t image : job.samples.order) {
    if (static_cast<uint64_t>(result.images) == job.images) break;
    if (samples.IsBroken(image)) continue;
    if (context.link.Cancelled()) return Error(StatusCode::kCancelled, "stopped by the user");
    samples.ReadImage(image, sample.data());
    QB_RETURN_IF_ERROR(comparison.Add(sample, result));
    context.link.Progress("comparing", static_cast<uint64_t>(result.images),
                          std::min<uint64_t>(job.images, job.samples.order.size()));
  }
  if (result.images == 0) {
    return Error(StatusCode::kInvalidArgument, "the split has no image that can be decoded");
  }
  AddUnusedRanges(result);
  QB_ASSIGN_OR_RETURN(result.facts, comparison.Facts());
  result.warnings = WarningsOf(host);
  return result;
}

}  // namespace qbench::worker
