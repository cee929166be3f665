// Writes TensorFlow Lite flatbuffers that stock LiteRT loads: schema version 3, constants aligned
// to 16 bytes, the `serving_default` signature, the lowest operator versions that fit; equal
// constants, scales, zero points and shapes once (on a MobileNet a sixth of an int8 file). The same
// model gives the same bytes, on every machine.
#pragma once

#include "base/aligned_bytes.h"
#include "graph/ir.h"

namespace qbench::graph {

struct WriteOptions {
  bool statistics = false;  // with Op::statistics (output_statistics.h)
};

// What takes a file as it is written.
class TfliteSink {
 public:
  virtual ~TfliteSink() = default;
  // First, once: the file will have so many bytes.
  virtual Status Begin(size_t bytes) = 0;
  // Then its parts, in order. They live until it returns. A failure ends the writing.
  virtual Status Append(ByteSpan part) = 0;
};

// A model without a signature gets one by its tensors' names, and a convolution without a bias one
// of zeros, which LiteRT needs; else reading the file gives an equal model. Layers' names
// (Op::name) have no place in the format, and Op::statistics are left out if `options` do not ask
// for them. Validates first. kUnsupported where the file would pass 2 GiB; else Validate's errors
// and the sink's.
//
// Beside the constants it takes memory for the file's tables alone, and of a model that is moved in
// each constant goes as soon as it is written: the weights are never there twice.
Status WriteTflite(Model model, const WriteOptions& options, TfliteSink& sink);

// The same into memory.
Result<Bytes> WriteTflite(Model model, const WriteOptions& options = {});
// As the runtimes of plugins want it.
Result<AlignedBytes> WriteAlignedTflite(Model model, const WriteOptions& options = {});

}  // namespace qbench::graph
