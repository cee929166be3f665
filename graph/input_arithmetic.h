// What a model does to its input before anything else: arithmetic with a number for each channel,
// such as `x / 127.5 - 1`, and the integers that it rounds it to. It tells which pixels the model
// was made for.
#pragma once

#include <optional>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// x * factor + offset, one of each a channel.
struct InputArithmetic {
  std::vector<float> factor;
  std::vector<float> offset;
  bool operator==(const InputArithmetic&) const = default;
};

// Of a valid model's first input, an image [1, height, width, channels] or [1, channels, height,
// width] (where a TRANSPOSE turns it). Nothing where the model begins with anything else than
// additions, subtractions, multiplications and divisions by constants, or several operators read
// the input.
std::optional<InputArithmetic> FindInputArithmetic(const Graph& graph);

// The least and the largest value that the first input's integers, or its learned range, stand for;
// also where it is float32 and quantized at once. Nothing where it has neither.
struct InputRange {
  float min = 0;
  float max = 0;
  bool operator==(const InputRange&) const = default;
};
std::optional<InputRange> FindInputRange(const Graph& graph);

}  // namespace qbench::graph
