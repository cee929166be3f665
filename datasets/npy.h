// NumPy's .npy files, format version 1.0 (numpy.lib.format), written as a stream.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "datasets/tensor_cache.h"

namespace qbench::datasets {

// Writes beside `file` and renames at Finish; without it, nothing is left. One thread.
class NpyWriter {
 public:
  enum class Type { kFloat32, kUint8 };
  // The array is in C order. kIo.
  static Result<NpyWriter> Create(const std::filesystem::path& file, Type type,
                                  const std::vector<uint64_t>& shape);
  NpyWriter(NpyWriter&& other) noexcept = default;
  NpyWriter& operator=(NpyWriter&& other) noexcept = default;
  ~NpyWriter();

  // The next elements; kInternal beyond the shape.
  Status Append(std::span<const float> values);
  Status Append(std::span<const uint8_t> values);
  // kInternal where elements are missing.
  Status Finish();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  NpyWriter() = default;
  Status Write(ByteSpan bytes);

  std::unique_ptr<std::FILE, Closer> stream_;
  std::filesystem::path file_;
  std::filesystem::path temporary_;
  Type type_ = Type::kFloat32;
  uint64_t bytes_left_ = 0;
};

struct ExportedTensors {
  std::filesystem::path npy;   // float32 [images, height, width, channels]
  std::filesystem::path list;  // beside it, .txt: "<label index> <path>" for each, in this order
  size_t images = 0;
  std::vector<BrokenImage> left_out;
};

// Writes the inputs that a model with this preprocessing gets for a split, without the broken
// images, to `file` (its name ends in .npy: kInvalidArgument otherwise).
Result<ExportedTensors> ExportTensors(const Split& split, const TensorCache& tensors,
                                      const Preprocessing& preprocessing,
                                      const std::filesystem::path& file);

}  // namespace qbench::datasets
