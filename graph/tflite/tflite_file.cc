#include "graph/tflite/tflite_file.h"

#include <limits>

namespace qbench::graph {
namespace {

// A file nests five tables deep; the models of the field have some thousand tables.
constexpr flatbuffers::uoffset_t kMaxDepth = 16;
constexpr flatbuffers::uoffset_t kMaxTables = 250000;
constexpr uint32_t kSchemaVersion = 3;

template <typename T>
size_t Size(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

// Tables may share a vector or a string, so a small file can stand for a huge model. What is copied
// out of a file may therefore not exceed it by much.
class Budget {
 public:
  explicit Budget(size_t file_bytes) : left_(4 * file_bytes + (size_t{1} << 20)) {}
  Status Spend(size_t bytes) {
    if (bytes > left_) {
      return Error(StatusCode::kCorrupt, "the tables repeat the same data again and again");
    }
    left_ -= bytes;
    return OkStatus();
  }
  template <typename T>
  Status Spend(const flatbuffers::Vector<T>* vector) {
    return Spend(Size(vector) * sizeof(T));
  }
  Status Spend(const flatbuffers::String* text) {
    return Spend(text == nullptr ? size_t{0} : text->size());
  }

 private:
  size_t left_;
};

Status CheckIndices(const flatbuffers::Vector<int32_t>* indices, size_t limit, bool optional,
                    std::string_view what) {
  for (size_t i = 0; i < Size(indices); ++i) {
    const int32_t index = indices->Get(static_cast<flatbuffers::uoffset_t>(i));
    if (index == -1 && optional) continue;
    if (index < 0 || static_cast<size_t>(index) >= limit) {
      return Error(StatusCode::kCorrupt, "{} refers to tensor {} of {}", what, index, limit);
    }
  }
  return OkStatus();
}

class Checker {
 public:
  Checker(const wire::Model& model, size_t file_bytes)
      : model_(model), file_bytes_(file_bytes), budget_(file_bytes) {}

  Status Check() {
    if (model_.version() != kSchemaVersion) {
      return Error(StatusCode::kCorrupt, "schema version {} instead of {}", model_.version(),
                   kSchemaVersion);
    }
    if (Size(model_.subgraphs()) == 0 || model_.buffers() == nullptr) {
      return Error(StatusCode::kCorrupt, "the file has no {}",
                   model_.buffers() == nullptr ? "buffers" : "subgraph");
    }
    QB_RETURN_IF_ERROR(budget_.Spend(model_.description()));
    QB_RETURN_IF_ERROR(CheckBuffers());
    for (const wire::SubGraph* subgraph : *model_.subgraphs()) {
      QB_RETURN_IF_ERROR(CheckSubGraph(*subgraph));
    }
    return CheckSignatures();
  }

 private:
  Status CheckBuffers() const {
    const auto& buffers = *model_.buffers();
    for (const wire::Buffer* buffer : buffers) {
      if (buffer->offset() <= 1) continue;
      if (buffer->offset() > file_bytes_ || buffer->size() > file_bytes_ - buffer->offset()) {
        return Error(StatusCode::kCorrupt, "a buffer reaches beyond the end of the file");
      }
    }
    if (model_.metadata() == nullptr) return OkStatus();
    for (const wire::Metadata* metadata : *model_.metadata()) {
      if (metadata->buffer() >= buffers.size()) {
        return Error(StatusCode::kCorrupt, "metadata refers to buffer {} of {}", metadata->buffer(),
                     buffers.size());
      }
    }
    return OkStatus();
  }

  Status CheckTensor(const wire::Tensor& tensor) {
    if (tensor.buffer() >= model_.buffers()->size()) {
      return Error(StatusCode::kCorrupt, "a tensor refers to buffer {} of {}", tensor.buffer(),
                   model_.buffers()->size());
    }
    return SpendTensor(tensor);
  }

  Status SpendTensor(const wire::Tensor& tensor) {
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.name()));
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.shape()));
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.shape_signature()));
    if (tensor.quantization() == nullptr) return OkStatus();
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.quantization()->min()));
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.quantization()->max()));
    QB_RETURN_IF_ERROR(budget_.Spend(tensor.quantization()->scale()));
    return budget_.Spend(tensor.quantization()->zero_point());
  }

  Status CheckOperator(const wire::Operator& op, const wire::SubGraph& subgraph) {
    const size_t tensors = Size(subgraph.tensors());
    const size_t codes = Size(model_.operator_codes());
    if (op.opcode_index() >= codes) {
      return Error(StatusCode::kCorrupt, "an operator refers to operator code {} of {}",
                   op.opcode_index(), codes);
    }
    QB_RETURN_IF_ERROR(budget_.Spend(op.inputs()));
    QB_RETURN_IF_ERROR(budget_.Spend(op.outputs()));
    if (op.builtin_options_type() == wire::BuiltinOptions_ReshapeOptions &&
        op.builtin_options_as_ReshapeOptions() != nullptr) {
      QB_RETURN_IF_ERROR(budget_.Spend(op.builtin_options_as_ReshapeOptions()->new_shape()));
    }
    // A custom operator's name is repeated for each operator that has it.
    const wire::OperatorCode* code = model_.operator_codes()->Get(op.opcode_index());
    QB_RETURN_IF_ERROR(budget_.Spend(code->custom_code()));
    QB_RETURN_IF_ERROR(CheckIndices(op.inputs(), tensors, true, "an operator's input"));
    QB_RETURN_IF_ERROR(CheckIndices(op.outputs(), tensors, false, "an operator's output"));
    // An operator is described by what it computes first.
    if (Size(op.outputs()) == 0) return OkStatus();
    const wire::Tensor& output =
        *subgraph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(op.outputs()->Get(0)));
    QB_RETURN_IF_ERROR(budget_.Spend(output.name()));
    QB_RETURN_IF_ERROR(budget_.Spend(output.shape_signature()));
    return budget_.Spend(output.shape());
  }

  // Inputs and outputs are described one by one, so each costs what its tensor costs.
  Status CheckEnds(const wire::SubGraph& subgraph, const flatbuffers::Vector<int32_t>* ids,
                   std::string_view what) {
    QB_RETURN_IF_ERROR(CheckIndices(ids, Size(subgraph.tensors()), false, what));
    for (size_t i = 0; i < Size(ids); ++i) {
      const auto id =
          static_cast<flatbuffers::uoffset_t>(ids->Get(static_cast<flatbuffers::uoffset_t>(i)));
      QB_RETURN_IF_ERROR(budget_.Spend(sizeof(id)));
      QB_RETURN_IF_ERROR(SpendTensor(*subgraph.tensors()->Get(id)));
    }
    return OkStatus();
  }

  Status CheckSubGraph(const wire::SubGraph& subgraph) {
    const size_t tensors = Size(subgraph.tensors());
    for (size_t i = 0; i < tensors; ++i) {
      QB_RETURN_IF_ERROR(
          CheckTensor(*subgraph.tensors()->Get(static_cast<flatbuffers::uoffset_t>(i))));
    }
    QB_RETURN_IF_ERROR(CheckEnds(subgraph, subgraph.inputs(), "the list of inputs"));
    QB_RETURN_IF_ERROR(CheckEnds(subgraph, subgraph.outputs(), "the list of outputs"));
    for (size_t i = 0; i < Size(subgraph.operators()); ++i) {
      const auto index = static_cast<flatbuffers::uoffset_t>(i);
      QB_RETURN_IF_ERROR(CheckOperator(*subgraph.operators()->Get(index), subgraph));
    }
    return OkStatus();
  }

  Status CheckMaps(const flatbuffers::Vector<flatbuffers::Offset<wire::TensorMap>>* maps,
                   size_t tensors) {
    if (maps == nullptr) return OkStatus();
    for (const wire::TensorMap* map : *maps) {
      QB_RETURN_IF_ERROR(budget_.Spend(map->name()));
      if (map->tensor_index() >= tensors) {
        return Error(StatusCode::kCorrupt, "a signature refers to tensor {} of {}",
                     map->tensor_index(), tensors);
      }
    }
    return OkStatus();
  }

  Status CheckSignatures() {
    if (model_.signature_defs() == nullptr) return OkStatus();
    for (const wire::SignatureDef* signature : *model_.signature_defs()) {
      if (signature->subgraph_index() >= model_.subgraphs()->size()) {
        return Error(StatusCode::kCorrupt, "a signature refers to subgraph {} of {}",
                     signature->subgraph_index(), model_.subgraphs()->size());
      }
      const size_t tensors = Size(model_.subgraphs()->Get(signature->subgraph_index())->tensors());
      QB_RETURN_IF_ERROR(budget_.Spend(signature->signature_key()));
      QB_RETURN_IF_ERROR(CheckMaps(signature->inputs(), tensors));
      QB_RETURN_IF_ERROR(CheckMaps(signature->outputs(), tensors));
    }
    return OkStatus();
  }

  const wire::Model& model_;
  const size_t file_bytes_;
  Budget budget_;
};

}  // namespace

Result<TfliteFile> TfliteFile::Open(ByteSpan bytes) {
  constexpr size_t kHeaderBytes = 8;  // the root's offset and the identifier
  if (bytes.size() < kHeaderBytes || !wire::ModelBufferHasIdentifier(bytes.data())) {
    return Error(StatusCode::kCorrupt, "not a .tflite file (no TFL3 at byte 4)");
  }
  if (bytes.size() >= static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Error(StatusCode::kUnsupported, "the file has 2 GiB or more");
  }
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), kMaxDepth, kMaxTables);
  if (!wire::VerifyModelBuffer(verifier)) {
    return Error(StatusCode::kCorrupt,
                 "the file is damaged or cut off (the flatbuffer does not verify); copy it again");
  }
  const wire::Model* model = wire::GetModel(bytes.data());
  QB_RETURN_IF_ERROR(Checker(*model, bytes.size()).Check());
  return TfliteFile(bytes, model);
}

std::string FirstOutputName(const wire::SubGraph& subgraph, const wire::Operator& op) {
  if (Size(op.outputs()) == 0) return {};
  const auto index = static_cast<flatbuffers::uoffset_t>(op.outputs()->Get(0));
  return Text(subgraph.tensors()->Get(index)->name());
}

ByteSpan TfliteFile::BufferData(uint32_t index) const {
  const wire::Buffer* buffer = model_->buffers()->Get(index);
  if (buffer->offset() > 1) return bytes_.subspan(buffer->offset(), buffer->size());
  if (buffer->data() == nullptr) return {};
  return {buffer->data()->data(), buffer->data()->size()};
}

}  // namespace qbench::graph
