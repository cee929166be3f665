// What a Keras file (.h5, or the zip archive .keras) holds, taken out of HDF5 and nothing else: the
// JSON of the model and its weights.
//
// libhdf5 is not hardened (1.10.8 crashes on a share of damaged files), so it runs in a forked
// child (isolated_child.h) that hands back plain data; they are checked here before use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "graph/import/isolated_child.h"
#include "graph/ir.h"

namespace qbench::graph::import {

struct KerasWeight {
  std::string name;           // as the file says: "conv/kernel:0" (Keras 2), "seq/conv/kernel" (3)
  std::vector<int64_t> dims;  // empty for a scalar
  bool is_float = false;      // else no data were read
  // float32, the last dimension first, as TensorFlow Lite has the output channels of weights: of
  // [h, w, in, out] it is [out, h, w, in]. Lives as long as the file's `owner`.
  ByteSpan data;

  // A copy in the order of `dims`.
  std::vector<float> Values() const;
};

// Of an .h5 file: the weights below one top-level layer, which may be a whole nested model. Of a
// .keras file: those of one layer, in the order in which it made them, named "0", "1", ….
struct KerasWeightGroup {
  std::string layer;       // .h5: its name; .keras: the group's path, "functional/conv2d_1"
  std::string layer_name;  // .keras: the layer's name where the file says it; or empty
  std::vector<KerasWeight> weights;
};

struct KerasFile {
  std::string model_config;
  std::string keras_version;  // empty where the file does not say
  bool by_order = false;      // as .keras files keep weights
  std::vector<KerasWeightGroup> groups;
  std::shared_ptr<const void> owner;
  std::function<void(ByteSpan data)>
      discard;  // frees a weight that nobody wants any more; or empty
};

// Which of the two it is, the content says and not the name.
// kNotFound, kIo; kCorrupt: neither a zip nor HDF5, or broken, or the library crashed, looped or
// took memory without end on it; kInvalidArgument: no model in it, weights alone. Messages begin
// with the path.
Result<KerasFile> ReadKerasFile(const std::filesystem::path& path);

}  // namespace qbench::graph::import
