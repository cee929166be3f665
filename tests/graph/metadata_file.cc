#include "tests/graph/metadata_file.h"

#include <utility>

#include "metadata_generated.h"
#include "tests/graph/model_builder.h"
#include "tflite_generated.h"

namespace qbench::graph {
namespace {

using flatbuffers::FlatBufferBuilder;

Bytes BytesOf(const FlatBufferBuilder& builder) {
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

Bytes EncodeMetadata(const MetadataText& text) {
  FlatBufferBuilder b;
  const auto normalization =
      metadata::CreateNormalizationOptions(b, b.CreateVector(text.mean), b.CreateVector(text.std));
  const auto unit = metadata::CreateProcessUnit(
      b, metadata::ProcessUnitOptions_NormalizationOptions, normalization.Union());
  const auto units = b.CreateVector(std::vector{unit});
  const auto label_name = b.CreateString(text.label_file);
  const auto labels = b.CreateVector(std::vector{metadata::CreateAssociatedFile(b, label_name, 2)});
  metadata::TensorMetadataBuilder input(b);
  input.add_process_units(units);
  const auto inputs = input.Finish();
  metadata::TensorMetadataBuilder output(b);
  if (!text.label_file.empty()) output.add_associated_files(labels);
  const auto outputs = output.Finish();
  const auto input_list = b.CreateVector(std::vector{inputs});
  const auto output_list = b.CreateVector(std::vector{outputs});
  metadata::SubGraphMetadataBuilder subgraph(b);
  subgraph.add_input_tensor_metadata(input_list);
  subgraph.add_output_tensor_metadata(output_list);
  const auto subgraphs = b.CreateVector(std::vector{subgraph.Finish()});
  const auto name = b.CreateString("classifier");
  metadata::ModelMetadataBuilder model(b);
  model.add_name(name);
  model.add_subgraph_metadata(subgraphs);
  b.Finish(model.Finish(), metadata::ModelMetadataIdentifier());
  return BytesOf(b);
}

// Tables of a .tflite file, one after the other.
class FileBuilder {
 public:
  using Ids = std::vector<int32_t>;

  FlatBufferBuilder b;

  // float32; with `data`, int32 constants. -1 in the shape: the open batch.
  int32_t Tensor(const Ids& signature, bool integer = false, const Ids& data = {}) {
    Ids shape = signature;
    for (int32_t& dim : shape) dim = dim == -1 ? 1 : dim;
    uint32_t buffer = 0;
    if (!data.empty()) {
      const ByteSpan bytes = AsBytes(data);
      buffer = Buffer({bytes.begin(), bytes.end()});
    }
    const auto name = b.CreateString("t" + std::to_string(tensors_.size()));
    const auto dims = b.CreateVector(shape);
    const auto stated = b.CreateVector(signature);
    wire::TensorBuilder tensor(b);
    tensor.add_shape(dims);
    tensor.add_type(integer ? 2 : 0);
    tensor.add_buffer(buffer);
    tensor.add_name(name);
    tensor.add_shape_signature(stated);
    tensors_.push_back(tensor.Finish());
    return static_cast<int32_t>(tensors_.size()) - 1;
  }

  uint32_t Buffer(const Bytes& bytes) {
    b.ForceVectorAlignment(bytes.size(), 1, 16);
    const auto data = b.CreateVector(bytes);
    buffers_.push_back(wire::CreateBuffer(b, data));
    return static_cast<uint32_t>(buffers_.size());  // the first one is empty
  }

  void Op(int32_t code, const Ids& inputs, const Ids& outputs,
          wire::BuiltinOptions type = wire::BuiltinOptions_NONE,
          flatbuffers::Offset<void> options = 0) {
    const auto in = b.CreateVector(inputs);
    const auto out = b.CreateVector(outputs);
    ops_.push_back(
        wire::CreateOperator(b, static_cast<uint32_t>(codes_.size()), in, out, type, options));
    codes_.push_back(wire::CreateOperatorCode(b, static_cast<int8_t>(code), 0, 1, code));
  }

  void SubGraph(const Ids& inputs, const Ids& outputs) {
    const auto tensors = b.CreateVector(tensors_);
    const auto in = b.CreateVector(inputs);
    const auto out = b.CreateVector(outputs);
    const auto ops = b.CreateVector(ops_);
    subgraphs_.push_back(wire::CreateSubGraph(b, tensors, in, out, ops));
    tensors_.clear();
    ops_.clear();
  }

  void Signature(const std::string& key, uint32_t subgraph, int32_t input, int32_t output) {
    const auto map = [&](const char* name, int32_t id) {
      const auto text = b.CreateString(name);
      return b.CreateVector(std::vector{wire::CreateTensorMap(b, text, static_cast<uint32_t>(id))});
    };
    const auto in = map("x", input);
    const auto out = map("y", output);
    const auto text = b.CreateString(key);
    signatures_.push_back(wire::CreateSignatureDef(b, in, out, text, subgraph));
  }

  void Metadata(const char* name, uint32_t buffer) {
    const auto text = b.CreateString(name);
    metadata_.push_back(wire::CreateMetadata(b, text, buffer));
  }

  Bytes Finish() {
    buffers_.insert(buffers_.begin(), wire::CreateBuffer(b));
    const auto codes = b.CreateVector(codes_);
    const auto subgraphs = b.CreateVector(subgraphs_);
    const auto buffers = b.CreateVector(buffers_);
    const auto metadata = b.CreateVector(metadata_);
    const auto signatures = b.CreateVector(signatures_);
    b.Finish(wire::CreateModel(b, 3, codes, subgraphs, 0, buffers, metadata, signatures),
             wire::ModelIdentifier());
    return BytesOf(b);
  }

 private:
  template <typename T>
  using Offsets = std::vector<flatbuffers::Offset<T>>;

  Offsets<wire::Tensor> tensors_;
  Offsets<wire::Operator> ops_;
  Offsets<wire::OperatorCode> codes_;
  Offsets<wire::SubGraph> subgraphs_;
  Offsets<wire::Buffer> buffers_;
  Offsets<wire::Metadata> metadata_;
  Offsets<wire::SignatureDef> signatures_;
};

// Numbers of the format.
constexpr int32_t kAdd = 0, kRelu = 19, kReshape = 22, kSqueeze = 43, kStridedSlice = 45,
                  kShape = 77, kPack = 83;

void AddRelu(FileBuilder& file) {
  const int32_t input = file.Tensor({1, 2, 2, 3});
  const int32_t output = file.Tensor({1, 2, 2, 3});
  file.Op(kRelu, {input}, {output});
  file.SubGraph({input}, {output});
}

}  // namespace

Model MetadataModel() {
  ModelBuilder b;
  return b.Finish({b.Add(OpKind::kRelu, {b.Input({1, 2, 2, 3})})});
}

Bytes WithMetadata(const MetadataText& text) { return WithMetadataBytes(EncodeMetadata(text)); }

Bytes WithMetadataBytes(const Bytes& metadata) {
  FileBuilder file;
  AddRelu(file);
  file.Metadata("TFLITE_METADATA", file.Buffer(metadata));
  return file.Finish();
}

Bytes WithSignatures(const std::vector<std::string>& keys) {
  FileBuilder file;
  AddRelu(file);
  AddRelu(file);
  for (size_t i = 0; i < keys.size(); ++i) {
    file.Signature(keys[i], static_cast<uint32_t>(i), 0, 1);
  }
  return file.Finish();
}

Bytes WithShapeArithmetic(int32_t last, bool added) {
  FileBuilder file;
  const int32_t input = file.Tensor({-1, 2, 2, 3});
  const int32_t shape = file.Tensor({4}, true);
  const int32_t zero = file.Tensor({1}, true, {0});
  const int32_t one = file.Tensor({1}, true, {1});
  const int32_t batch = file.Tensor({}, true);
  const int32_t size = file.Tensor({}, true, {last});
  const int32_t packed = file.Tensor({2}, true);
  const int32_t output = file.Tensor({-1, 12});
  file.Op(kShape, {input}, {shape});
  const auto slice = wire::CreateStridedSliceOptions(file.b, 0, 0, 0, 0, 1).Union();
  file.Op(kStridedSlice, {shape, zero, one, one}, {batch}, wire::BuiltinOptions_StridedSliceOptions,
          slice);
  file.Op(kPack, {batch, size}, {packed});
  file.Op(kReshape, {input, packed}, {output});
  std::vector<int32_t> outputs = {output};
  if (added) {
    outputs.push_back(file.Tensor({2}, true));
    const auto options = wire::CreateAddOptions(file.b).Union();
    file.Op(kAdd, {packed, packed}, {outputs.back()}, wire::BuiltinOptions_AddOptions, options);
  }
  file.SubGraph({input}, outputs);
  return file.Finish();
}

Bytes WithSqueeze() {
  FileBuilder file;
  const int32_t input = file.Tensor({-1, 1, 1, 3});
  const int32_t output = file.Tensor({-1, 3});
  file.Op(kSqueeze, {input}, {output});
  file.SubGraph({input}, {output});
  return file.Finish();
}

}  // namespace qbench::graph
