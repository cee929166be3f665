// Activations that wait on the disk: one tensor of each image, from one stage of a model to the
// next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::quantize {

// A file without a name in TMPDIR or else /var/tmp, which is on the disk where /tmp is in memory;
// it goes with the object. Movable. Read and Write are for any thread, several at once.
class ActivationFile {
 public:
  // Of tensors with `tensor_bytes`. kIo.
  static Result<ActivationFile> Create(size_t tensor_bytes);
  ActivationFile(ActivationFile&& other) noexcept;
  ActivationFile& operator=(ActivationFile&& other) noexcept;
  ~ActivationFile();

  // `tensor` has tensor_bytes. kIo, where the disk is full for example: the message names the
  // folder.
  Status Write(uint64_t index, ByteSpan tensor);
  // What was written with this index. kInvalidArgument: it has not tensor_bytes.
  Status Read(uint64_t index, std::span<uint8_t> tensor) const;

 private:
  ActivationFile(int file, std::filesystem::path folder, size_t tensor_bytes)
      : file_(file), folder_(std::move(folder)), tensor_bytes_(tensor_bytes) {}

  int file_ = -1;
  std::filesystem::path folder_;
  size_t tensor_bytes_ = 0;
};

}  // namespace qbench::quantize
