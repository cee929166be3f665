// Models of one operator with random shapes, options and scales, odd zero points and saturation
// among them: what runtimes are held against each other with, by `qbench plugin check` and by the
// tests.
#pragma once

#include <string_view>

#include "graph/ir.h"
#include "graph/random.h"

namespace qbench::graph {

// How the weights of convolutions and fully connected layers are stored.
enum class WeightScheme : uint8_t {
  kOneScale,    // of the activations' type; with float activations float32
  kPerChannel,  // int8, a scale for each output channel
  kEither,      // one of the two above, by chance
  kFloat16,     // unpacked by a DEQUANTIZE
  kDynamic,     // int8 under float activations ("hybrid", dynamic range)
};

// What an operator computes in.
struct OperatorType {
  std::string_view name;
  DataType activations = DataType::kFloat32;
  WeightScheme weights = WeightScheme::kOneScale;
};

inline constexpr OperatorType kOperatorTypes[] = {
    {"float32", DataType::kFloat32},
    {"float16", DataType::kFloat32, WeightScheme::kFloat16},
    {"dynamic", DataType::kFloat32, WeightScheme::kDynamic},
    {"int8", DataType::kInt8},
    {"int8_per_channel", DataType::kInt8, WeightScheme::kPerChannel},
    {"uint8", DataType::kUInt8},
    {"int16", DataType::kInt16, WeightScheme::kEither},
};

// Is there something to tell apart? An operator without weights is the same in float32, float16 and
// dynamic, and QUANTIZE and DEQUANTIZE have an integer on one side.
bool HasOperator(const OperatorType& type, OpKind kind);

// A model of operator `kind` in `type`, which has it. The model's inputs are the operator's;
// weights are constants.
Model RandomOperator(OpKind kind, const OperatorType& type, Random& random);

// `from`: of the inputs; float convolutions and fully connected layers are of dynamic range. `to`:
// of a QUANTIZE's output; the other operators do not look at it.
Model RandomOperator(OpKind kind, DataType from, Random& random, DataType to = DataType::kInt8);

// Bytes for an input: integers over their whole range, reals in [-1, 1).
Bytes RandomValues(DataType type, const Shape& shape, Random& random);

}  // namespace qbench::graph
