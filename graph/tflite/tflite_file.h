// A .tflite file whose structure has been checked: offsets, alignment, nesting and every index
// between its tables. What stands in it may still make no sense; the reader sees to that.
// Internal to graph/: flatbuffers is private to this library.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "tflite_generated.h"

namespace qbench::graph {

class TfliteFile {
 public:
  // `bytes` stays alive and unchanged as long as the object and whatever it returns; it is aligned
  // to 8 bytes, as what malloc returns is. kCorrupt, or kUnsupported for a file of 2 GiB or more.
  static Result<TfliteFile> Open(ByteSpan bytes);

  const wire::Model& model() const { return *model_; }
  // The first subgraph, which is the main one.
  const wire::SubGraph& main() const { return *model_->subgraphs()->Get(0); }
  // The data of a buffer, inside of the flatbuffer or behind it; empty where there is none.
  ByteSpan BufferData(uint32_t index) const;

 private:
  TfliteFile(ByteSpan bytes, const wire::Model* model) : bytes_(bytes), model_(model) {}

  ByteSpan bytes_;
  const wire::Model* model_;
};

// flatbuffers reads numbers in place, so the bytes have to be aligned.
inline bool IsAlignedForTflite(ByteSpan bytes) {
  return reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0;
}

// The elements of a vector that may be absent. By memcpy: the verifier does not check that 8-byte
// elements are aligned.
template <typename T>
std::vector<T> Elements(const flatbuffers::Vector<T>* vector) {
  std::vector<T> elements(vector == nullptr ? 0 : vector->size());
  if (!elements.empty()) {
    std::memcpy(elements.data(), vector->Data(), elements.size() * sizeof(T));
  }
  return elements;
}

inline std::string Text(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

// The shape as the file means it: -1 for what is free.
inline std::vector<int32_t> StatedShape(const wire::Tensor& tensor) {
  std::vector<int32_t> shape = Elements(tensor.shape());
  std::vector<int32_t> signature = Elements(tensor.shape_signature());
  return signature.size() == shape.size() ? signature : shape;
}

// The name of the tensor that an operator computes first; empty where it computes none.
std::string FirstOutputName(const wire::SubGraph& subgraph, const wire::Operator& op);

// Everything for which ReadTflite refuses the file, of operators and tensors all, of what they
// mean together the first; empty where it reads it. (tflite_reader.cc)
std::vector<std::string> FindObstacles(const TfliteFile& file);

}  // namespace qbench::graph
