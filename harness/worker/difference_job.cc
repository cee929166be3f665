#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "graph/model_pairing.h"
#include "graph/quantize_math.h"
#include "graph/tflite_reader.h"
#include "graph/tflite_writer.h"
#include "harness/host/runtime_pool.h"
#include "harness/host/sample_source.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

using graph::TensorId;

Result<graph::Model> ReadModel(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(Bytes bytes, ReadModelFile(path));
  Result<graph::Model> model = graph::ReadTflite(std::make_shared<const Bytes>(std::move(bytes)));
  if (!model.ok()) return model.status().WithContext(path.string());
  return model;
}

const graph::Tensor& OutputOf(const graph::Model& model, size_t op) {
  return model.graph.tensors[static_cast<size_t>(model.graph.ops[op].outputs[0])];
}

std::vector<std::string> NamesOf(const graph::Model& model, const std::vector<size_t>& ops) {
  std::vector<std::string> names;
  for (const size_t op : ops) {
    names.push_back(graph::Printable(graph::DisplayName(model.graph, model.graph.ops[op])));
  }
  return names;
}

// The layers whose activations reach the inputs of `op`, looking through operators that are no
// layers.
std::vector<size_t> LayersBefore(const graph::Model& model, const graph::Uses& uses,
                                 const std::map<size_t, size_t>& layer_of_op, size_t op) {
  std::vector<size_t> layers;
  std::vector<size_t> pending = {op};
  while (!pending.empty()) {
    const graph::Op& reader = model.graph.ops[pending.back()];
    pending.pop_back();
    for (const TensorId input : reader.inputs) {
      if (input == graph::kNoTensor) continue;
      const int32_t producer = uses.producer[static_cast<size_t>(input)];
      if (producer < 0) continue;
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
              DifferenceResult& result) {
  const graph::Uses uses = graph::FindUses(a.graph);
  std::map<size_t, size_t> layer_of_op;
  for (const graph::LayerPair& pair : pairing.layers) {
    const graph::Tensor& quantized = OutputOf(b, pair.op_b);
    DifferenceResult::Layer layer;
    layer.name = graph::Printable(graph::DisplayName(a.graph, a.graph.ops[pair.op_a]));
    layer.kind = graph::OpKindName(a.graph.ops[pair.op_a].kind);
    layer.op = static_cast<int32_t>(pair.op_a);
    layer.type = graph::DataTypeName(quantized.type);
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
}

// One of the two models with its layers as outputs, on a runtime.
class ShownModel {
 public:
  static Result<ShownModel> Load(const DifferenceJob& job,
                                 std::shared_ptr<host::PluginLibrary> library,
                                 const qbench_host* host, const graph::Model& model,
                                 const std::vector<size_t>& ops, const host::TensorInfo& sample) {
    QB_ASSIGN_OR_RETURN(const graph::Model shown, graph::ShowOps(model, ops));
    QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(shown));
    QB_ASSIGN_OR_RETURN(host::RuntimePool pool,
                        host::RuntimePool::Load({.library = std::move(library),
                                                 .id = job.runtime.id,
                                                 .options = job.runtime.options,
                                                 .threads = 1,
                                                 .instances = 1,
                                                 .host = host},
                                                bytes));
    if (pool.input_count() != 1 || pool.outputs().size() != ops.size()) {
      return Error(StatusCode::kInternal, "{} shows {} of {} layers", job.runtime.id,
                   pool.outputs().size(), ops.size());
    }
    QB_RETURN_IF_ERROR(CheckModelInput(pool.input(), sample));
    return ShownModel(std::move(pool));
  }

  Status Invoke(std::span<const float> sample) {
    host::Runtime& runtime = pool_.runtime(0);
    Bytes input(pool_.input().ByteSize());
    WriteModelInput(pool_.input(), sample, input);
    QB_RETURN_IF_ERROR(runtime.SetInput(0, input));
    QB_RETURN_IF_ERROR(runtime.Invoke());
    return runtime.CheckAfterInvoke();
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
  explicit ShownModel(host::RuntimePool pool) : pool_(std::move(pool)) {}
  host::RuntimePool pool_;
};

// The real values that a layer's integers stand for, rounding included; of a float layer all.
std::pair<double, double> Reach(const DifferenceResult::Layer& layer) {
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

Status Compare(ShownModel& a, ShownModel& b, std::vector<DifferenceResult::Layer>& layers) {
  for (size_t i = 0; i < layers.size(); ++i) {
    DifferenceResult::Layer& layer = layers[i];
    QB_ASSIGN_OR_RETURN(const std::vector<float> expected, a.Output(i));
    QB_ASSIGN_OR_RETURN(const std::vector<float> actual, b.Output(i));
    const auto [low, high] = Reach(layer);
    stats::AddDifference(expected, actual, low, high, layer.sums);
    if (!std::isfinite(layer.sums.dd) || !std::isfinite(layer.sums.aa)) {
      return Error(StatusCode::kInvalidArgument,
                   "layer \"{}\" has values that are not finite: check the model", layer.name);
    }
  }
  return OkStatus();
}

}  // namespace

Result<DifferenceResult> RunDifference(const WorkerContext& context, const DifferenceJob& job) {
  QB_ASSIGN_OR_RETURN(const graph::Model a, ReadModel(job.float_model));
  QB_ASSIGN_OR_RETURN(const graph::Model b, ReadModel(job.quantized_model));
  const graph::ModelPairing pairing = graph::PairLayers(a, b);
  if (pairing.layers.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "{} and {} have no layer in common: they are not the same network",
                 job.float_model.string(), job.quantized_model.string());
  }
  DifferenceResult result;
  Describe(a, b, pairing, result);
  std::vector<size_t> ops_a;
  std::vector<size_t> ops_b;
  for (const graph::LayerPair& pair : pairing.layers) {
    ops_a.push_back(pair.op_a);
    ops_b.push_back(pair.op_b);
  }

  QB_ASSIGN_OR_RETURN(const host::SampleSource samples, host::SampleSource::Open(job.samples));
  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link), &context.observer);
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  QB_ASSIGN_OR_RETURN(ShownModel shown_a,
                      ShownModel::Load(job, library, host.host(), a, ops_a, samples.info()));
  QB_ASSIGN_OR_RETURN(ShownModel shown_b,
                      ShownModel::Load(job, library, host.host(), b, ops_b, samples.info()));
  std::vector<float> sample(samples.info().ElementCount());
  for (const size_t image : job.samples.order) {
    if (static_cast<uint64_t>(result.images) == job.images) break;
    if (samples.IsBroken(image)) continue;
    if (context.link.Cancelled()) return Error(StatusCode::kCancelled, "stopped by the user");
    samples.ReadImage(image, sample.data());
    QB_RETURN_IF_ERROR(shown_a.Invoke(sample));
    QB_RETURN_IF_ERROR(shown_b.Invoke(sample));
    QB_RETURN_IF_ERROR(Compare(shown_a, shown_b, result.layers));
    ++result.images;
    context.link.Progress("comparing", static_cast<uint64_t>(result.images),
                          std::min<uint64_t>(job.images, job.samples.order.size()));
  }
  if (result.images == 0) {
    return Error(StatusCode::kInvalidArgument, "the split has no image that can be decoded");
  }
  QB_ASSIGN_OR_RETURN(result.facts, shown_a.pool().runtime(0).Facts());
  return result;
}

}  // namespace qbench::worker
