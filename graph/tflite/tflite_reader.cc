#include "graph/tflite/tflite_reader.h"

#include <map>
#include <utility>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/operators.h"
#include "graph/output_statistics.h"
#include "graph/tflite/shape_folding.h"
#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_file.h"
#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_obstacles.h"
#include "graph/tflite/tflite_options.h"
#include "graph/tflite/tflite_signatures.h"
#include "graph/validate.h"

namespace qbench::graph {
namespace {

Result<DataType> ReadType(int8_t type) {
  if (const std::optional<DataType> known = TypeOfCode(type)) return *known;
  return Error(StatusCode::kUnsupported, "element type {}", ElementTypeName(type));
}

// The shape with 1 for what is free. Older files say -1 in the shape itself.
Result<Shape> ReadShape(const wire::Tensor& tensor) {
  Shape shape = Elements(tensor.shape());
  const std::vector<int32_t> free = Elements(tensor.shape_signature());
  if (!free.empty() && free.size() != shape.size()) {
    return Error(StatusCode::kCorrupt, "a shape of {} dimensions and a signature of {}",
                 shape.size(), free.size());
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool is_free = shape[i] == -1 || (!free.empty() && free[i] == -1);
    if (is_free) shape[i] = 1;
    if (shape[i] < 1) return Error(StatusCode::kCorrupt, "a dimension of {}", shape[i]);
  }
  return shape;
}

// Whether dimension 0 is free. kUnsupported where another one is.
Result<bool> ReadDynamicBatch(const wire::Tensor& tensor) {
  const Shape shape = Elements(tensor.shape());
  const std::vector<int32_t> free = Elements(tensor.shape_signature());
  bool dynamic = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != -1 && (free.empty() || free[i] != -1)) continue;
    if (i > 0) {
      return Error(
          StatusCode::kUnsupported,
          "dimension {} is free; give the model an input of fixed size and convert it again", i);
    }
    dynamic = true;
  }
  return dynamic;
}

Result<std::optional<Quantization>> ReadQuantization(const wire::Tensor& tensor) {
  const wire::QuantizationParameters* q = tensor.quantization();
  if (q == nullptr) return std::optional<Quantization>();
  if (q->details_type() != 0) {
    return Error(StatusCode::kUnsupported, "quantization scheme {}", q->details_type());
  }
  Quantization result;
  result.scales = Elements(q->scale());
  if (result.scales.empty()) return std::optional<Quantization>();
  result.zero_points = Elements(q->zero_point());
  // One zero point may stand for all scales.
  if (result.zero_points.size() == 1) {
    result.zero_points.resize(result.scales.size(), result.zero_points[0]);
  }
  result.axis = q->quantized_dimension();
  return std::optional<Quantization>(std::move(result));
}

// What a float tensor without scales was trained to stay in. A file with scales means those: its
// min and max only tell where they come from.
std::optional<LearnedRange> ReadLearnedRange(const wire::Tensor& tensor, DataType type) {
  const wire::QuantizationParameters* q = tensor.quantization();
  if (q == nullptr || type != DataType::kFloat32) return std::nullopt;
  LearnedRange range{
      .min = Elements(q->min()), .max = Elements(q->max()), .axis = q->quantized_dimension()};
  if (q->scale() != nullptr && q->scale()->size() > 0) return std::nullopt;
  if (range.min.empty() && range.max.empty()) return std::nullopt;
  return range;
}

class Reader {
 public:
  // `owner` keeps the file's bytes alive.
  Reader(const TfliteFile& file, std::shared_ptr<const void> owner)
      : file_(file), owner_(std::move(owner)) {}

  Result<Model> Read() {
    const size_t subgraphs = file_.model().subgraphs()->size();
    if (subgraphs != 1 && !OthersAreSignatures(file_.model())) {
      obstacles_.Add(fmt::format("{} subgraphs; qbench reads models of one", subgraphs),
                     "the file");
    }
    const wire::SubGraph& subgraph = file_.main();
    Model model;
    model.description = Text(file_.model().description());
    Graph& graph = model.graph;
    graph.inputs = Elements(subgraph.inputs());
    graph.outputs = Elements(subgraph.outputs());
    QB_RETURN_IF_ERROR(ReadTensors(subgraph, graph));
    QB_RETURN_IF_ERROR(ReadOps(subgraph, graph));
    QB_RETURN_IF_ERROR(obstacles_.ToStatus());
    QB_RETURN_IF_ERROR(ReadSignature(model));
    QB_RETURN_IF_ERROR(ReadStatistics(graph));
    return model;
  }

  // What the IR does not have; after Read, which fails where there is anything.
  const Obstacles& obstacles() const { return obstacles_; }

 private:
  // A tensor that the IR cannot have is left empty, so that indices stay true.
  Status ReadTensors(const wire::SubGraph& subgraph, Graph& graph) {
    if (subgraph.tensors() == nullptr) return OkStatus();
    graph.tensors.reserve(subgraph.tensors()->size());
    for (const wire::Tensor* wire_tensor : *subgraph.tensors()) {
      Result<Tensor> tensor = ReadTensor(*wire_tensor);
      if (tensor.ok()) {
        graph.tensors.push_back(std::move(*tensor));
        continue;
      }
      const std::string where = fmt::format("tensor {} ('{}')", graph.tensors.size(),
                                            SafeName(Text(wire_tensor->name())));
      if (tensor.status().code() != StatusCode::kUnsupported) {
        return tensor.status().WithContext(where);
      }
      obstacles_.Add(tensor.status().message(), where);
      graph.tensors.emplace_back();
    }
    return OkStatus();
  }

  // Options may need their tensors, so they are read only where all of these are there.
  Status ReadOps(const wire::SubGraph& subgraph, Graph& graph) {
    if (subgraph.operators() == nullptr) return OkStatus();
    const bool tensors_are_whole = obstacles_.empty();
    const ShapeFolding folding = FoldShapes(file_);
    int32_t index = 0;
    for (const wire::Operator* wire_op : *subgraph.operators()) {
      if (folding.folded[static_cast<size_t>(index)]) {
        ++index;
        continue;
      }
      const wire::OperatorCode& code =
          *file_.model().operator_codes()->Get(wire_op->opcode_index());
      const std::string layer = FirstOutputName(subgraph, *wire_op);
      const int32_t place = index++;
      const bool reshapes = MovesNothing(BuiltinCode(code));
      const std::optional<OpKind> kind =
          reshapes ? OpKind::kReshape : OperatorOfCode(BuiltinCode(code));
      if (!kind) AddUnknown(code, layer);
      if (!kind || !tensors_are_whole) continue;
      const auto new_shape = folding.new_shapes.find(static_cast<size_t>(place));
      const Status status =
          reshapes
              ? ReadAsReshape(*wire_op, graph)
              : ReadOp(*wire_op, *kind,
                       new_shape == folding.new_shapes.end() ? nullptr : &new_shape->second, graph);
      if (status.ok()) continue;
      const std::string where =
          fmt::format("operator {} ({} '{}')", place, OpKindName(*kind), SafeName(layer));
      if (status.code() != StatusCode::kUnsupported) return status.WithContext(where);
      obstacles_.Add(status.message(), where);
    }
    return OkStatus();
  }

  Result<Tensor> ReadTensor(const wire::Tensor& wire_tensor) const {
    if (wire_tensor.is_variable() || wire_tensor.sparsity() != nullptr ||
        wire_tensor.variant_tensors() != nullptr || wire_tensor.external_buffer() != 0) {
      return Error(StatusCode::kUnsupported, "a variable, sparse or external tensor");
    }
    Tensor tensor;
    tensor.name = Text(wire_tensor.name());
    QB_ASSIGN_OR_RETURN(tensor.type, ReadType(wire_tensor.type()));
    QB_ASSIGN_OR_RETURN(tensor.shape, ReadShape(wire_tensor));
    QB_ASSIGN_OR_RETURN(tensor.dynamic_batch, ReadDynamicBatch(wire_tensor));
    QB_ASSIGN_OR_RETURN(tensor.quantization, ReadQuantization(wire_tensor));
    tensor.learned_range = ReadLearnedRange(wire_tensor, tensor.type);
    const ByteSpan data = file_.BufferData(wire_tensor.buffer());
    if (!data.empty()) tensor.constant = Constant(owner_, data);
    return tensor;
  }

  void AddUnknown(const wire::OperatorCode& code, const std::string& layer) {
    const bool custom = BuiltinCode(code) == kCustomOperatorCode;
    const std::string name = OperatorName(code);
    const std::string advice = custom ? CustomOperatorAdvice(name) : "";
    const std::string title = (custom ? "custom operator " : "") + name;
    if (advice.empty()) {
      obstacles_.AddOperator(title, layer);
    } else {
      obstacles_.Add(advice, SafeName(title));
    }
  }

  // SQUEEZE and EXPAND_DIMS give a tensor another shape and nothing else.
  static bool MovesNothing(int32_t code) {
    return code == BuiltinOperatorCode("SQUEEZE") || code == BuiltinOperatorCode("EXPAND_DIMS");
  }

  // To the shape that the file states for the output.
  static Status ReadAsReshape(const wire::Operator& wire_op, Graph& graph) {
    const std::vector<int32_t> inputs = Elements(wire_op.inputs());
    const std::vector<int32_t> outputs = Elements(wire_op.outputs());
    if (inputs.empty() || inputs[0] < 0 || outputs.size() != 1) {
      return Error(StatusCode::kCorrupt, "an input or output is missing");
    }
    const Tensor& output = graph.tensors[static_cast<size_t>(outputs[0])];
    if (output.dynamic_batch != graph.tensors[static_cast<size_t>(inputs[0])].dynamic_batch) {
      return Error(StatusCode::kUnsupported, "it moves the batch");
    }
    Shape shape = output.shape;
    if (output.dynamic_batch) shape[0] = -1;
    const auto rank = static_cast<int32_t>(shape.size());
    const TensorId constant = graph.AddConstant("new_shape", {rank}, shape);
    graph.ops.push_back({.kind = OpKind::kReshape,
                         .options = ReshapeOptions{.new_shape = shape},
                         .inputs = {inputs[0], constant},
                         .outputs = outputs});
    return OkStatus();
  }

  // `new_shape`: of a RESHAPE whose shape the file computes; or null.
  static Status ReadOp(const wire::Operator& wire_op, OpKind kind,
                       const std::vector<int32_t>* new_shape, Graph& graph) {
    Op op{.kind = kind,
          .options = DefaultOptions(kind),
          .inputs = Elements(wire_op.inputs()),
          .outputs = Elements(wire_op.outputs())};
    if (new_shape != nullptr) {
      op.inputs[1] =
          graph.AddConstant("new_shape", {static_cast<int32_t>(new_shape->size())}, *new_shape);
    }
    const OperatorInputs& takes = InfoOf(kind).inputs;
    if (takes.last_optional && op.inputs.size() + 1 == takes.count) op.inputs.push_back(kNoTensor);
    QB_RETURN_IF_ERROR(ReadOptions(wire_op, graph, op));
    graph.ops.push_back(std::move(op));
    return OkStatus();
  }

  // The names of `ids` in the order of `ids`.
  static Result<std::vector<std::string>> ReadNames(
      const flatbuffers::Vector<flatbuffers::Offset<wire::TensorMap>>* maps,
      const std::vector<TensorId>& ids, const std::string& key) {
    std::map<TensorId, std::string> names;
    for (flatbuffers::uoffset_t i = 0; maps != nullptr && i < maps->size(); ++i) {
      const auto tensor = static_cast<TensorId>(maps->Get(i)->tensor_index());
      names.try_emplace(tensor, Text(maps->Get(i)->name()));
    }
    std::vector<std::string> result;
    for (const TensorId id : ids) {
      const auto name = names.extract(id);
      if (name.empty()) {
        return Error(StatusCode::kCorrupt, "signature '{}' does not name tensor {}", SafeName(key),
                     id);
      }
      result.push_back(name.mapped());
    }
    if (!names.empty()) {
      return Error(StatusCode::kCorrupt, "signature '{}' names tensor {}, no input or output",
                   SafeName(key), names.begin()->first);
    }
    return result;
  }

  Status ReadSignature(Model& model) const {
    const wire::SignatureDef* chosen = MainSignature(file_.model());
    if (chosen == nullptr) return OkStatus();
    Signature signature;
    signature.key = Text(chosen->signature_key());
    QB_ASSIGN_OR_RETURN(signature.input_names,
                        ReadNames(chosen->inputs(), model.graph.inputs, signature.key));
    QB_ASSIGN_OR_RETURN(signature.output_names,
                        ReadNames(chosen->outputs(), model.graph.outputs, signature.key));
    model.signature = std::move(signature);
    return OkStatus();
  }

  Status ReadStatistics(Graph& graph) const {
    const auto* entries = file_.model().metadata();
    if (entries == nullptr) return OkStatus();
    for (const wire::Metadata* entry : *entries) {
      if (Text(entry->name()) != kStatisticsMetadata) continue;
      QB_RETURN_IF_ERROR(DecodeStatistics(file_.BufferData(entry->buffer()), graph));
    }
    return OkStatus();
  }

  const TfliteFile& file_;
  std::shared_ptr<const void> owner_;
  Obstacles obstacles_;
};

Result<std::vector<TfliteTensorInfo>> InspectTensors(const wire::SubGraph& subgraph,
                                                     const std::vector<int32_t>& ids) {
  std::vector<TfliteTensorInfo> infos;
  for (const int32_t id : ids) {
    const wire::Tensor& tensor = *subgraph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(id));
    TfliteTensorInfo info;
    info.name = Text(tensor.name());
    QB_ASSIGN_OR_RETURN(info.type, ReadType(tensor.type()));
    QB_ASSIGN_OR_RETURN(info.shape, ReadShape(tensor));
    info.file_shape = StatedShape(tensor);
    QB_ASSIGN_OR_RETURN(info.quantization, ReadQuantization(tensor));
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Result<Model> ReadTflite(std::shared_ptr<const Bytes> bytes) {
  const ByteSpan span = *bytes;
  return ReadTflite(std::move(bytes), span);
}

Result<Model> ReadTflite(std::shared_ptr<const void> owner, ByteSpan bytes) {
  if (!IsAlignedForTflite(bytes)) {
    return ReadTflite(std::make_shared<const Bytes>(bytes.begin(), bytes.end()));
  }
  QB_ASSIGN_OR_RETURN(const TfliteFile file, TfliteFile::Open(bytes));
  QB_ASSIGN_OR_RETURN(Model model, Reader(file, std::move(owner)).Read());
  QB_RETURN_IF_ERROR(Validate(model));
  return model;
}

std::vector<std::string> FindObstacles(const TfliteFile& file) {
  Reader reader(file, nullptr);
  const Result<Model> model = reader.Read();
  if (!reader.obstacles().empty()) return reader.obstacles().List();
  const Status status = model.ok() ? Validate(*model) : model.status();
  return status.ok() ? std::vector<std::string>() : std::vector{status.message()};
}

Result<TfliteInfo> InspectTflite(ByteSpan bytes) {
  if (!IsAlignedForTflite(bytes)) {
    const Bytes aligned(bytes.begin(), bytes.end());
    return InspectTflite(aligned);
  }
  QB_ASSIGN_OR_RETURN(const TfliteFile file, TfliteFile::Open(bytes));
  const wire::SubGraph& subgraph = file.main();
  TfliteInfo info;
  info.description = Text(file.model().description());
  info.subgraphs = static_cast<int32_t>(file.model().subgraphs()->size());
  if (subgraph.operators() != nullptr) {
    info.operators = static_cast<int32_t>(subgraph.operators()->size());
    for (const wire::Operator* op : *subgraph.operators()) {
      info.operator_names.push_back(
          OperatorName(*file.model().operator_codes()->Get(op->opcode_index())));
    }
  }
  QB_ASSIGN_OR_RETURN(info.inputs, InspectTensors(subgraph, Elements(subgraph.inputs())));
  QB_ASSIGN_OR_RETURN(info.outputs, InspectTensors(subgraph, Elements(subgraph.outputs())));
  return info;
}

Status CheckInputSizes(const TfliteInfo& info) {
  for (const TfliteTensorInfo& input : info.inputs) {
    for (size_t i = 1; i < input.file_shape.size(); ++i) {
      if (input.file_shape[i] != -1) continue;
      return Error(StatusCode::kUnsupported,
                   "the input \"{}\" is [{}]: its size is free; give the model an input of fixed "
                   "size and convert it again",
                   SafeName(input.name), fmt::join(input.file_shape, ", "));
    }
  }
  return OkStatus();
}

}  // namespace qbench::graph
