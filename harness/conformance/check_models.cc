#include "harness/conformance/check_models.h"

#include <algorithm>

#include "base/sha256.h"
#include "datasets/tensor_file.h"
#include "graph/operators.h"
#include "graph/tflite/tflite_writer.h"
#include "graph/validate.h"

namespace qbench::conformance {
namespace {

using graph::Model;
using graph::OpKind;
using graph::TensorId;

constexpr int32_t kSide = 8;
constexpr int32_t kChannels = 3;
constexpr int32_t kClasses = 5;

// Builds a float network operator by operator.
class Network {
 public:
  explicit Network(uint32_t seed) : random_(seed) {}

  TensorId Input(graph::Shape shape) {
    const TensorId id = graph().AddTensor({.name = "input", .shape = std::move(shape)});
    graph().inputs.push_back(id);
    return id;
  }
  TensorId Weights(const graph::Shape& shape) {
    return graph().AddConstant(NextName("weights"), shape,
                               random_.Reals(graph::ElementCount(shape), -0.5F, 0.5F));
  }
  TensorId Add(OpKind kind, graph::OpOptions options, std::vector<TensorId> inputs) {
    graph::Op op = {kind, std::move(options), std::move(inputs), {}, NextName("layer")};
    const Result<graph::Shape> shape = graph::InferOutputShape(graph(), op);
    if (!shape.ok() && status_.ok()) status_ = shape.status();
    op.outputs = {graph().AddTensor(
        {.name = NextName("tensor"), .shape = shape.ok() ? *shape : graph::Shape{1}})};
    graph().ops.push_back(op);
    return op.outputs[0];
  }
  TensorId Axes() { return graph().AddConstant("axes", {2}, std::vector<int32_t>{1, 2}); }
  Result<Model> Finish(TensorId output) {
    QB_RETURN_IF_ERROR(status_);
    graph().outputs = {output};
    return model_;
  }

 private:
  graph::Graph& graph() { return model_.graph; }
  std::string NextName(const char* prefix) { return prefix + std::to_string(count_++); }

  graph::Random random_;
  Model model_;
  Status status_;
  int count_ = 0;
};

// `units` of the layer before the last make the file as large as is wanted.
Result<Model> Classifier(uint32_t seed, int32_t units) {
  Network net(seed);
  const TensorId image = net.Input({1, kSide, kSide, kChannels});
  const TensorId first =
      net.Add(OpKind::kConv2D, graph::Conv2DOptions{.activation = graph::Activation::kRelu6},
              {image, net.Weights({8, 3, 3, kChannels}), net.Weights({8})});
  const TensorId deep =
      net.Add(OpKind::kDepthwiseConv2D,
              graph::DepthwiseConv2DOptions{.activation = graph::Activation::kRelu6},
              {first, net.Weights({1, 3, 3, 8}), net.Weights({8})});
  const TensorId second = net.Add(OpKind::kConv2D, graph::Conv2DOptions{},
                                  {deep, net.Weights({8, 1, 1, 8}), net.Weights({8})});
  const TensorId sum = net.Add(OpKind::kAdd, graph::BinaryOptions{}, {first, second});
  const TensorId mean = net.Add(OpKind::kMean, graph::MeanOptions{}, {sum, net.Axes()});
  const TensorId hidden = net.Add(
      OpKind::kFullyConnected, graph::FullyConnectedOptions{.activation = graph::Activation::kRelu},
      {mean, net.Weights({units, 8}), net.Weights({units})});
  const TensorId scores =
      net.Add(OpKind::kFullyConnected, graph::FullyConnectedOptions{},
              {hidden, net.Weights({kClasses, units}), net.Weights({kClasses})});
  return net.Finish(net.Add(OpKind::kSoftmax, graph::SoftmaxOptions{}, {scores}));
}

// One operator without weights in float.
Result<Model> Activation(OpKind kind, const graph::Shape& shape) {
  Network net(1);
  return net.Finish(net.Add(kind, graph::NoOptions{}, {net.Input(shape)}));
}

// A sound file whose only operator is kForeignOperator, which is in TensorFlow Lite's schema and
// not in qbench's graphs: the operator codes are where files of two operators differ.
Result<Bytes> ForeignModel() {
  const graph::Shape shape = {1, kSide, kSide, kChannels};
  QB_ASSIGN_OR_RETURN(const Model one, Activation(OpKind::kRelu, shape));
  QB_ASSIGN_OR_RETURN(const Model two, Activation(OpKind::kRelu6, shape));
  QB_ASSIGN_OR_RETURN(Bytes bytes, graph::WriteTflite(one));
  QB_ASSIGN_OR_RETURN(const Bytes other, graph::WriteTflite(two));
  for (size_t i = 0; i < std::min(bytes.size(), other.size()); ++i) {
    if (bytes[i] != other[i]) bytes[i] = checks::kForeignOperatorCode;
  }
  return bytes;
}

Status WriteModel(const std::filesystem::path& file, const Result<Model>& model) {
  QB_RETURN_IF_ERROR(model.status());
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(*model));
  return WriteFile(file, bytes);
}

}  // namespace

Result<std::vector<OperatorModel>> WriteOperatorModels(const std::filesystem::path& folder,
                                                       uint32_t seed, int count,
                                                       const std::string& only) {
  std::vector<OperatorModel> models;
  std::vector<std::string_view> names;
  for (const graph::OperatorInfo& info : graph::AllOperators()) {
    const OpKind kind = info.kind;
    names.push_back(info.name);
    if (!only.empty() && only != names.back()) continue;
    for (const graph::OperatorType& type : graph::kOperatorTypes) {
      if (!graph::HasOperator(type, kind)) continue;
      for (int i = 0; i < count; ++i) {
        OperatorModel model = {.kind = kind,
                               .type = &type,
                               .seed = seed + static_cast<uint32_t>(i),
                               .output = {},
                               .file = {}};
        graph::Random random(model.seed);
        const Model made = graph::RandomOperator(kind, type, random);
        model.output = made.graph.tensors[static_cast<size_t>(made.graph.outputs[0])].type;
        model.file = folder / fmt::format("{}_{}_{}.tflite", names.back(), type.name, model.seed);
        QB_RETURN_IF_ERROR(WriteModel(model.file, made).WithContext(model.file.string()));
        models.push_back(std::move(model));
      }
    }
  }
  if (!models.empty()) return models;
  return Error(StatusCode::kInvalidArgument, "no operator is called \"{}\"; there are {}", only,
               fmt::join(names, ", "));
}

Result<checks::CheckFiles> WriteCheckFiles(const std::filesystem::path& folder,
                                           host::PluginKind kind, uint32_t seed) {
  checks::CheckFiles files;
  files.model = folder / "classifier.tflite";
  files.large = folder / "large.tflite";
  files.foreign = folder / "foreign.tflite";
  QB_RETURN_IF_ERROR(WriteModel(files.model, Classifier(seed, 16)));
  QB_ASSIGN_OR_RETURN(const Bytes foreign, ForeignModel());
  QB_RETURN_IF_ERROR(WriteFile(files.foreign, foreign));
  if (kind == host::PluginKind::kRuntime) {
    // Two activations of 32 MB each.
    QB_RETURN_IF_ERROR(WriteModel(files.large, Activation(OpKind::kRelu, {1, 1024, 2048, 4})));
    return files;
  }
  files.integer = folder / "integer.tflite";
  graph::Random random(seed);
  QB_RETURN_IF_ERROR(WriteModel(
      files.integer, graph::RandomOperator(OpKind::kConv2D, graph::DataType::kInt8, random)));
  QB_RETURN_IF_ERROR(WriteModel(files.large, Classifier(seed, 150000)));  // 8 MB of weights
  return files;
}

Result<host::SamplesRef> WriteSamples(const std::filesystem::path& folder, uint32_t seed) {
  constexpr size_t kImages = 12;
  constexpr size_t kPixels = size_t{kSide} * kSide * kChannels;
  host::SamplesRef ref;
  ref.tensor_cache = folder / "samples.tensors";
  ref.tensor_key = Sha256Hex(AsBytes(fmt::format("random images {}", seed)));
  datasets::TensorFileHeader header{};
  header.magic = datasets::kTensorMagic;
  header.version = datasets::kTensorVersion;
  header.width = header.height = kSide;
  header.channels = kChannels;
  header.count = kImages;
  std::copy_n(ref.tensor_key.begin(), header.key.size(), header.key.begin());
  QB_ASSIGN_OR_RETURN(const auto layout, datasets::LayOutTensorFile(header));
  Bytes content(layout.total_bytes);
  graph::Random random(seed);
  for (size_t i = 0; i < kImages; ++i) {
    const auto label = static_cast<int32_t>(i % kClasses);
    std::memcpy(&content[layout.labels + i * sizeof(label)], &label, sizeof(label));
    const std::vector<uint8_t> pixels = random.Values<uint8_t>(kPixels, 0, 255);
    std::ranges::copy(pixels,
                      content.begin() + static_cast<std::ptrdiff_t>(layout.pixels + i * kPixels));
    ref.order.push_back(i);
  }
  const std::string digest = Sha256Hex(ByteSpan(content).subspan(sizeof(header)));
  std::copy_n(digest.begin(), header.content_sha256.size(), header.content_sha256.begin());
  std::memcpy(content.data(), &header, sizeof(header));
  QB_RETURN_IF_ERROR(WriteFile(ref.tensor_cache, content));
  ref.mean = std::vector<float>(kChannels, 0.0F);
  ref.std = std::vector<float>(kChannels, 255.0F);
  for (int32_t c = 0; c < kClasses; ++c) ref.label_outputs.push_back(c);
  return ref;
}

}  // namespace qbench::conformance
