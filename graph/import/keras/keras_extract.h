// The child's side of keras_file.h: takes a Keras file apart with libraries that are not hardened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "base/status.h"
#include "graph/import/isolated_child.h"

namespace qbench::graph::import {

inline constexpr size_t kWeightAlignment = 16;  // of weights in the child's output

// Writes the file as a stream of lengths, texts and floats: the configuration, Keras's version, 1
// where weights are told by their order alone; then of each group of weights the number 1, its
// path, its layer's name (or nothing), how many weights there are, and these, each as name, 1
// where it is floating point, rank, dimensions, and its values at kWeightAlignment; then 0.
// `file_bytes` is the file's size; a data set of more than `max_bytes` is refused. Errors as
// ReadKerasFile's, without the path.
Status ExtractKeras(const std::filesystem::path& path, uint64_t file_bytes, uint64_t max_bytes,
                    ChildOutput& out);

}  // namespace qbench::graph::import
