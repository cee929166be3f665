#include "graph/tflite/tflite_writer.h"

#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <new>
#include <set>
#include <utility>

#include "graph/op_versions.h"
#include "graph/operators.h"
#include "graph/output_statistics.h"
#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_options.h"
#include "graph/validate.h"

namespace qbench::graph {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
template <typename T>
using Offsets = std::vector<Offset<T>>;

// flatbuffers address 2 GiB (less one byte); the tables beside the constants take a little.
constexpr size_t kMaxConstantBytes = (size_t{1} << 31) - (size_t{64} << 20);

// Ordered by size first, so that contents are only compared where they can be equal.
struct BytesLess {
  bool operator()(ByteSpan a, ByteSpan b) const {
    if (a.size() != b.size()) return a.size() < b.size();
    return a.data() != b.data() && std::memcmp(a.data(), b.data(), a.size()) < 0;
  }
};

// The tensors' names, or numbered ones where those are empty or not distinct.
std::vector<std::string> DefaultNames(const Graph& graph, const std::vector<TensorId>& ids,
                                      std::string_view prefix) {
  std::vector<std::string> names;
  std::set<std::string_view> distinct = {""};
  for (const TensorId id : ids) {
    names.push_back(graph.tensors[static_cast<size_t>(id)].name);
    distinct.insert(graph.tensors[static_cast<size_t>(id)].name);
  }
  if (distinct.size() == ids.size() + 1) return names;
  for (size_t i = 0; i < ids.size(); ++i) names[i] = fmt::format("{}_{}", prefix, i);
  return names;
}

Signature DefaultSignature(const Graph& graph) {
  return {.input_names = DefaultNames(graph, graph.inputs, "input"),
          .output_names = DefaultNames(graph, graph.outputs, "output")};
}

// What the bias of an integer convolution has: scale input x weights. Without it LiteRT's XNNPACK
// delegate leaves the operator alone.
std::optional<Quantization> BiasQuantization(const Graph& graph, const Op& op) {
  const Tensor& input = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const Tensor& weights = graph.tensors[static_cast<size_t>(op.inputs[kWeightsInput])];
  if (input.type == DataType::kFloat32 || !input.quantization || !weights.quantization) {
    return std::nullopt;
  }
  Quantization quantization;
  for (const float scale : weights.quantization->scales) {
    quantization.scales.push_back(input.quantization->scales[0] * scale);
  }
  quantization.zero_points.assign(quantization.scales.size(), 0);
  return quantization;
}

// A fully connected layer's bias may be -1. LiteRT's convolutions want one, if only of zeros:
// CONV_2D refuses a file without, and LiteRT 2.3's XNNPACK crashes on such a DEPTHWISE_CONV_2D.
void AddMissingBiases(Graph& graph) {
  for (Op& op : graph.ops) {
    if (!IsConvolution(op.kind) || op.inputs[kBiasInput] != kNoTensor) continue;
    const DataType input = graph.tensors[static_cast<size_t>(op.inputs[0])].type;
    DataType type = DataType::kInt32;
    if (input == DataType::kFloat32) type = DataType::kFloat32;
    if (input == DataType::kInt16) type = DataType::kInt64;
    const int32_t channels = graph.tensors[static_cast<size_t>(op.outputs[0])].shape[3];
    op.inputs[kBiasInput] = graph.AddTensor(
        {.name = fmt::format("{}/bias", DisplayName(graph, op)),
         .type = type,
         .shape = {channels},
         .quantization = BiasQuantization(graph, op),
         .constant = Constant(Bytes(static_cast<size_t>(channels) * DataTypeSize(type), 0))});
  }
}

// Addresses for the builder. Pages that nobody writes to take no memory.
class Reservation : public flatbuffers::Allocator {
 public:
  uint8_t* allocate(size_t size) override {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return static_cast<uint8_t*>(memory);
  }
  void deallocate(uint8_t* memory, size_t size) override { munmap(memory, size); }
};

// Room for the tables. Where they take more, the builder moves, which costs memory and no more.
size_t TableBytes(const Graph& graph, size_t statistics_bytes) {
  constexpr size_t kOfModel = 64 << 10;
  constexpr size_t kOfTensorOrOperator = 1 << 10;
  constexpr size_t kOfScale = sizeof(float) + sizeof(int64_t);
  size_t bytes =
      kOfModel + statistics_bytes + kOfTensorOrOperator * (graph.tensors.size() + graph.ops.size());
  for (const Tensor& tensor : graph.tensors) {
    bytes += tensor.name.size();
    if (tensor.quantization) bytes += kOfScale * tensor.quantization->scales.size();
    if (tensor.learned_range) bytes += 2 * sizeof(float) * tensor.learned_range->min.size();
  }
  return bytes;
}

// A flatbuffer is built from its end: what is written first stands last. Constants come first, so
// that in the file the tables stand together at the front. The builder is given room for them and
// not their bytes, which go from the model to the sink.
class ModelWriter {
 public:
  // Takes the constants out of `model` as it writes them.
  ModelWriter(Model& model, const WriteOptions& options, size_t constant_bytes)
      : model_(model),
        graph_(model.graph),
        statistics_(options.statistics ? EncodeStatistics(graph_) : Bytes()),
        builder_(constant_bytes + TableBytes(graph_, statistics_.size()), &reservation_) {}

  Status Write(TfliteSink& sink) {
    Build();
    const ByteSpan built(builder_.GetBufferPointer(), builder_.GetSize());
    QB_RETURN_IF_ERROR(sink.Begin(built.size()));
    size_t done = 0;
    for (auto place = places_.rbegin(); place != places_.rend(); ++place) {
      const size_t start = built.size() - place->from_end;
      QB_RETURN_IF_ERROR(sink.Append(built.subspan(done, start - done)));
      Tensor& first = model_.graph.tensors[place->tensors.front()];
      QB_RETURN_IF_ERROR(sink.Append(first.constant->bytes()));
      done = start + first.constant->bytes().size();
      for (const size_t tensor : place->tensors) model_.graph.tensors[tensor].constant.reset();
    }
    return sink.Append(built.subspan(done));
  }

 private:
  // The data of a buffer.
  struct Place {
    size_t from_end = 0;  // bytes from its first one to the end of the file
    std::vector<size_t> tensors;
  };

  void Build() {
    buffers_.push_back(wire::CreateBuffer(builder_));  // the format's rule: 0 is empty
    tensor_buffers_.reserve(graph_.tensors.size());
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      tensor_buffers_.push_back(graph_.tensors[i].constant ? AddBuffer(i) : 0);
    }
    const auto metadata = WriteMetadata();
    const auto subgraphs = builder_.CreateVector(Offsets<wire::SubGraph>{WriteSubGraph()});
    const auto codes = WriteOperatorCodes();
    const Offset<flatbuffers::Vector<Offset<wire::SignatureDef>>> signatures = WriteSignatures();
    const auto description = builder_.CreateString(model_.description);
    const auto buffers = builder_.CreateVector(buffers_);
    constexpr uint32_t kSchemaVersion = 3;
    builder_.Finish(wire::CreateModel(builder_, kSchemaVersion, codes, subgraphs, description,
                                      buffers, metadata, signatures),
                    wire::ModelIdentifier());
  }

  // Tensors with the same bytes share a buffer.
  uint32_t AddBuffer(size_t tensor) {
    const ByteSpan bytes = graph_.tensors[tensor].constant->bytes();
    const auto [known, is_new] = known_buffers_.try_emplace(
        bytes, KnownBuffer{static_cast<uint32_t>(buffers_.size()), places_.size()});
    if (is_new) {
      builder_.ForceVectorAlignment(bytes.size(), sizeof(uint8_t), 16);
      uint8_t* room = nullptr;
      const auto data = builder_.CreateUninitializedVector<uint8_t>(bytes.size(), &room);
      places_.push_back({data.o - sizeof(flatbuffers::uoffset_t), {}});
      buffers_.push_back(wire::CreateBuffer(builder_, data));
    }
    places_[known->second.place].tensors.push_back(tensor);
    return known->second.index;
  }

  // The oldest runtime that can run the file, padded to 16 bytes, where other tools look for it.
  Offset<flatbuffers::Vector<Offset<wire::Metadata>>> WriteMetadata() {
    std::string_view newest = "1.5.0";
    for (const Op& op : graph_.ops) {
      const std::string_view runtime = FirstRuntime(op.kind, OpVersion(graph_, op));
      if (IsOlderRuntime(newest, runtime)) newest = runtime;
    }
    Bytes padded(newest.begin(), newest.end());
    padded.resize(16);
    Offsets<wire::Metadata> entries = {WriteEntry("min_runtime_version", padded)};
    if (!statistics_.empty()) entries.push_back(WriteEntry(kStatisticsMetadata, statistics_));
    return builder_.CreateVector(entries);
  }

  Offset<wire::Metadata> WriteEntry(std::string_view entry, const Bytes& content) {
    builder_.ForceVectorAlignment(content.size(), sizeof(uint8_t), 16);
    const auto data = builder_.CreateVector(content);
    const auto index = static_cast<uint32_t>(buffers_.size());
    buffers_.push_back(wire::CreateBuffer(builder_, data));
    const auto name = builder_.CreateString(entry.data(), entry.size());
    return wire::CreateMetadata(builder_, name, index);
  }

  // Vectors with the same elements share their place, as a flatbuffer allows: the zero points of
  // weights and biases, 8 bytes a channel, are all zero.
  template <typename T>
  Offset<flatbuffers::Vector<T>> Shared(
      const std::vector<T>& values,
      std::map<std::vector<T>, Offset<flatbuffers::Vector<T>>>& known) {
    const auto [place, is_new] = known.try_emplace(values, 0);
    if (is_new) place->second = builder_.CreateVector(values);
    return place->second;
  }

  Offset<wire::QuantizationParameters> WriteQuantization(const Tensor& tensor) {
    if (!tensor.quantization) return WriteLearnedRange(tensor);
    const Quantization& q = *tensor.quantization;
    const auto scales = Shared(q.scales, known_scales_);
    const auto zero_points = Shared(q.zero_points, known_zero_points_);
    wire::QuantizationParametersBuilder parameters(builder_);
    parameters.add_scale(scales);
    parameters.add_zero_point(zero_points);
    parameters.add_quantized_dimension(q.axis);
    return parameters.Finish();
  }

  // Runtimes pass over parameters without scales.
  Offset<wire::QuantizationParameters> WriteLearnedRange(const Tensor& tensor) {
    if (!tensor.learned_range) return 0;
    const LearnedRange& range = *tensor.learned_range;
    const auto min = Shared(range.min, known_scales_);
    const auto max = Shared(range.max, known_scales_);
    wire::QuantizationParametersBuilder parameters(builder_);
    parameters.add_min(min);
    parameters.add_max(max);
    parameters.add_quantized_dimension(range.axis);
    return parameters.Finish();
  }

  Offset<wire::Tensor> WriteTensor(const Tensor& tensor, uint32_t buffer) {
    const auto quantization = WriteQuantization(tensor);
    const auto name = builder_.CreateString(tensor.name);
    const auto shape = Shared(tensor.shape, known_shapes_);
    Offset<flatbuffers::Vector<int32_t>> shape_signature = 0;
    if (tensor.dynamic_batch) {
      Shape free_batch = tensor.shape;
      free_batch[0] = -1;
      shape_signature = Shared(free_batch, known_shapes_);
    }
    wire::TensorBuilder writer(builder_);
    writer.add_shape(shape);
    writer.add_type(CodeOf(tensor.type));
    writer.add_buffer(buffer);
    writer.add_name(name);
    writer.add_quantization(quantization);
    writer.add_shape_signature(shape_signature);
    writer.add_has_rank(true);
    return writer.Finish();
  }

  uint32_t OperatorCode(const Op& op) {
    const std::pair<OpKind, int32_t> code(op.kind, OpVersion(graph_, op));
    const auto found = std::ranges::find(codes_, code);
    const auto index = static_cast<uint32_t>(found - codes_.begin());
    if (found == codes_.end()) codes_.push_back(code);
    return index;
  }

  Offset<wire::Operator> WriteOperator(const Op& op) {
    const WireOptions options = WriteOptionsOf(op, graph_, builder_);
    const auto wire_inputs = builder_.CreateVector(op.inputs);
    const auto wire_outputs = builder_.CreateVector(op.outputs);
    return wire::CreateOperator(builder_, OperatorCode(op), wire_inputs, wire_outputs, options.type,
                                options.table);
  }

  Offset<wire::SubGraph> WriteSubGraph() {
    Offsets<wire::Operator> operators;
    operators.reserve(graph_.ops.size());
    for (const Op& op : graph_.ops) operators.push_back(WriteOperator(op));
    Offsets<wire::Tensor> tensors;
    tensors.reserve(graph_.tensors.size());
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      tensors.push_back(WriteTensor(graph_.tensors[i], tensor_buffers_[i]));
    }
    const auto wire_tensors = builder_.CreateVector(tensors);
    const auto inputs = builder_.CreateVector(graph_.inputs);
    const auto outputs = builder_.CreateVector(graph_.outputs);
    const auto wire_operators = builder_.CreateVector(operators);
    const auto name = builder_.CreateString("main");
    return wire::CreateSubGraph(builder_, wire_tensors, inputs, outputs, wire_operators, name);
  }

  Offset<flatbuffers::Vector<Offset<wire::OperatorCode>>> WriteOperatorCodes() {
    Offsets<wire::OperatorCode> codes;
    codes.reserve(codes_.size());
    for (const auto& [kind, version] : codes_) {
      const int32_t code = CodeOf(kind);
      const auto old_field = static_cast<int8_t>(std::min(code, 127));  // 127: look in the new one
      codes.push_back(wire::CreateOperatorCode(builder_, old_field, 0, version, code));
    }
    return builder_.CreateVector(codes);
  }

  Offset<flatbuffers::Vector<Offset<wire::TensorMap>>> WriteNames(
      const std::vector<std::string>& names, const std::vector<TensorId>& ids) {
    Offsets<wire::TensorMap> maps;
    maps.reserve(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      const auto name = builder_.CreateString(names[i]);
      maps.push_back(wire::CreateTensorMap(builder_, name, static_cast<uint32_t>(ids[i])));
    }
    return builder_.CreateVector(maps);
  }

  Offset<flatbuffers::Vector<Offset<wire::SignatureDef>>> WriteSignatures() {
    const Signature signature = model_.signature ? *model_.signature : DefaultSignature(graph_);
    const auto inputs = WriteNames(signature.input_names, graph_.inputs);
    const auto outputs = WriteNames(signature.output_names, graph_.outputs);
    const auto key = builder_.CreateString(signature.key);
    return builder_.CreateVector(
        Offsets<wire::SignatureDef>{wire::CreateSignatureDef(builder_, inputs, outputs, key)});
  }

  struct KnownBuffer {
    uint32_t index;  // of the file's buffers
    size_t place;    // of places_
  };

  Model& model_;
  const Graph& graph_;
  const Bytes statistics_;
  Reservation reservation_;  // outlives the builder
  FlatBufferBuilder builder_;
  Offsets<wire::Buffer> buffers_;
  std::vector<Place> places_;  // the last in the file first
  std::map<ByteSpan, KnownBuffer, BytesLess> known_buffers_;
  std::map<std::vector<float>, Offset<flatbuffers::Vector<float>>> known_scales_;
  std::map<std::vector<int64_t>, Offset<flatbuffers::Vector<int64_t>>> known_zero_points_;
  std::map<std::vector<int32_t>, Offset<flatbuffers::Vector<int32_t>>> known_shapes_;
  std::vector<uint32_t> tensor_buffers_;  // of each tensor; 0: none
  std::vector<std::pair<OpKind, int32_t>> codes_;
};

class BytesSink : public TfliteSink {
 public:
  Status Begin(size_t bytes) override {
    bytes_.reserve(bytes);
    return OkStatus();
  }
  Status Append(ByteSpan part) override {
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    return OkStatus();
  }
  Bytes Take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class AlignedSink : public TfliteSink {
 public:
  Status Begin(size_t bytes) override {
    bytes_ = AlignedBytes::OfSize(bytes);
    return OkStatus();
  }
  Status Append(ByteSpan part) override {
    std::ranges::copy(part, bytes_.data().subspan(done_).begin());
    done_ += part.size();
    return OkStatus();
  }
  AlignedBytes Take() { return std::move(bytes_); }

 private:
  AlignedBytes bytes_;
  size_t done_ = 0;
};

}  // namespace

Status WriteTflite(Model model, const WriteOptions& options, TfliteSink& sink) {
  QB_RETURN_IF_ERROR(Validate(model));
  size_t constant_bytes = 0;
  for (const Tensor& tensor : model.graph.tensors) {
    if (tensor.constant) constant_bytes += tensor.constant->bytes().size();
  }
  if (constant_bytes > kMaxConstantBytes) {
    return Error(StatusCode::kUnsupported,
                 "the weights take {} bytes; a .tflite file holds less than 2 GiB", constant_bytes);
  }
  AddMissingBiases(model.graph);
  return ModelWriter(model, options, constant_bytes).Write(sink);
}

Result<Bytes> WriteTflite(Model model, const WriteOptions& options) {
  BytesSink sink;
  QB_RETURN_IF_ERROR(WriteTflite(std::move(model), options, sink));
  return sink.Take();
}

Result<AlignedBytes> WriteAlignedTflite(Model model, const WriteOptions& options) {
  AlignedSink sink;
  QB_RETURN_IF_ERROR(WriteTflite(std::move(model), options, sink));
  return sink.Take();
}

}  // namespace qbench::graph
